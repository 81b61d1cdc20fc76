/* pymic-eval: how well predictions agree with the truth: a CSV with a row per case, and means. */
#include "eval.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "io/outfile.h"

static const struct opt opts[] = {
	OPT_STRING(struct options, labels, 'l', "LIST", "",
		"the labels to judge, as in 1,2,3; 1+2,3 joins 1 and 2 to one structure"),
	OPT_STRING(struct options, names, 'n', "LIST", "",
		"what the structures are called, as in RV,MYO,LV; none: their labels"),
	OPT_NUMBER(struct options, ignore_label, 0, "N", "0", -32768, 65535,
		"the true label of voxels that are not judged, as if nothing were predicted there; 0: there are none"),
	OPT_STRING(struct options, metrics, 'm', "LIST", "dice,hd95", "what to compute, in this order (--list=metric)"),
	OPT_STRING(struct options, truth, 't', "LIST|DIR", "",
		"the true labels: a list of cases with a column label, or with --pred a folder; none: the stream's own"),
	OPT_STRING(struct options, label, 0, "COLUMN", "",
		"the column of --truth LIST that names the true labels; none: label"),
	OPT_STRING(struct options, pred, 'p', "DIR", "",
		"folder of predictions, called as in --truth DIR; none: a stream from stdin"),
	OPT_STRING(struct options, pairs, 0, "LIST", "", "list with the columns truth and pred: two files per case"),
	OPT_STRING(struct options, empty_distance, 0, "WHAT", "diagonal",
		"a distance where one mask is empty: diagonal (of the image), inf, nan (left out of the mean) or a number"),
	OPT_SWITCH(struct options, allow_missing, 0, "cases without prediction are no failure"),
	OPT_SWITCH(struct options, table, 0, "print means as an aligned table, for the eye, instead of CSV"),
	OPT_STRING(struct options, output, 'o', "FILE", "-", "where the result goes; - is stdout"),
	OPT_NUMBER(struct options, threads, 'j', "N", "0", 0, 1024,
		"cases judged at once; 0: as many as this process may use"),
	OPT_END,
};

static const struct kind *const kinds[] = { &metric_kind, NULL };

static const struct tool tool = {
	.name = "pymic-eval",
	.summary = "compare predictions with the truth",
	.synopsis = "[< PREDICTIONS]",
	.opts = opts,
	.kinds = kinds,
	.more = "A row per case: case, unit (mm, or vox where the truth does not know its spacing),\n"
		"then a column STRUCTURE_METRIC for each metric and structure, and mean_METRIC over\n"
		"the structures. Last rows: mean and std (of the population), n (values in the mean),\n"
		"both_empty, missed (nothing predicted) and false_alarm (nothing there).\n"
		"Both empty is no value (nan) for overlaps and distances, and is left out of the mean;\n"
		"one empty is Dice 0. The surface is made of the voxels with a face neighbour outside\n"
		"the mask; distances are in the truth's spacing.",
};

struct batch {
	struct plan plan;
	struct source *source;
	pthread_mutex_t lock;
	struct score **score; /* in the order of the cases */
	int64_t n, cap, done;
};

static struct score *next_case(struct batch *b, struct job *j)
{
	struct score *s = NULL;
	pthread_mutex_lock(&b->lock);
	if (source_next(b->source, j)) {
		if (b->n == b->cap) {
			b->cap = b->cap ? 2 * b->cap : 64;
			b->score = xresize(b->score, (size_t)b->cap, sizeof *b->score);
		}
		s = b->score[b->n++] = xmalloc(sizeof *s);
		score_init(s, &b->plan, j->id);
	}
	pthread_mutex_unlock(&b->lock);
	return s;
}

static void *work(void *arg)
{
	struct batch *b = arg;
	struct job *j = xcalloc(1, sizeof *j);
	struct scratch scratch = { 0 };
	for (struct score *s; (s = next_case(b, j));) {
		score_case(s, &b->plan, j, &scratch);
		pthread_mutex_lock(&b->lock);
		progress_to(++b->done, "%s", j->id);
		pthread_mutex_unlock(&b->lock);
	}
	scratch_fini(&scratch);
	record_fini(&j->rec);
	free(j);
	return NULL;
}

static void judge_all(struct batch *b, int threads)
{
	pthread_t *helper = xcalloc((size_t)threads, sizeof *helper);
	progress_start("cases", source_total(b->source));
	for (int i = 1; i < threads; i++)
		if (pthread_create(&helper[i], NULL, work, b))
			die(PM_FAIL, "cannot start %d threads: use a smaller -j", threads);
	work(b);
	for (int i = 1; i < threads; i++)
		pthread_join(helper[i], NULL);
	progress_end();
	free(helper);
}

/* Complains of each case that is odd or failed, and moves the good ones together. Returns how many failed. */
static int64_t drop_failed(struct batch *b)
{
	int64_t good = 0, all = b->n;
	for (int64_t i = 0; i < all; i++) {
		struct score *s = b->score[i];
		if (s->odd.msg[0])
			warning("%s: %s", s->id, s->odd.msg);
		if (!s->fail.msg[0]) {
			b->score[good++] = s;
			continue;
		}
		warning("%s: left out: %s", s->id, s->fail.msg);
		score_fini(s);
		free(s);
	}
	b->n = good;
	return all - good;
}

static void write_report(const struct batch *b, const char *path, bool table)
{
	struct err e;
	if (!strcmp(path, "-")) {
		report(stdout, &b->plan, b->score, b->n, table);
		close_stdout();
		return;
	}
	struct outfile *f = outfile_open(path, &e);
	if (!f)
		die(PM_FAIL, "%s", e.msg);
	report(outfile_stream(f), &b->plan, b->score, b->n, table);
	if (outfile_close(f, &e))
		die(PM_FAIL, "%s", e.msg);
}

int main(int argc, char **argv)
{
	struct options o;
	char **operand;
	struct batch b = { .lock = PTHREAD_MUTEX_INITIALIZER };
	if (opt_parse(&tool, &o, argc, argv, &operand))
		die(PM_USAGE, "unexpected argument '%s': predictions come from stdin, --pred or --pairs", operand[0]);
	plan_init(&b.plan, &o);
	b.source = source_open(&o);
	judge_all(&b, o.threads ? o.threads : cpu_count());
	int64_t missing = source_missing(b.source), failed = drop_failed(&b);
	if (!b.n)
		die(PM_FAIL, "no case was judged: %lld failed, %lld without prediction", (long long)failed, (long long)missing);
	write_report(&b, o.output, o.table);
	report_notes(&b.plan, b.score, b.n);
	if (missing && o.allow_missing)
		note("%lld of %lld cases have no prediction", (long long)missing, (long long)(missing + failed + b.n));
	else if (missing)
		warning("%lld of %lld cases have no prediction (--allow-missing takes that)", (long long)missing,
			(long long)(missing + failed + b.n));
	source_close(b.source);
	for (int64_t i = 0; i < b.n; i++) {
		score_fini(b.score[i]);
		free(b.score[i]);
	}
	free(b.score);
	plan_fini(&b.plan);
	return failed || (missing && !o.allow_missing) ? PM_FAIL : PM_OK;
}
