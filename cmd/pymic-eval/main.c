/* pymic-eval: how well predictions agree with the truth: a row per case, and means. */
#include "eval.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/progress.h"
#include "io/outfile.h"

static const struct opt opts[] = {
	OPT_STRING(struct options, labels, 'l', "LIST", "",
		"the labels to judge, as in 1,2,3; 1+2,3 joins 1 and 2 to one structure"),
	OPT_STRING(struct options, regions, 'r', "LIST", "",
		"further structures that overlap those and each other, as in 1+2+3,1+3 (all of a tumour, and its core)"),
	OPT_STRING(struct options, names, 'n', "LIST", "",
		"what the structures are called, as in RV,MYO,LV; none: their labels"),
	OPT_NUMBER(struct options, ignore_label, 0, "N", "0", -32768, 65535,
		"the true label of voxels that are not judged, as if nothing were predicted there; 0: there are none"),
	OPT_STRING(struct options, metrics, 'm', "LIST", "",
		"what to compute, in this order (--list=metric); none: dice,hd95, or what suits --compat or a table"),
	OPT_STRING(struct options, truth, 't', "LIST|DIR", "",
		"the true labels: a list of cases with a column label, or with --pred a folder or a table; none: the stream's own"),
	OPT_STRING(struct options, label, 0, "COLUMN", "",
		"the column of --truth LIST that names the true labels; none: label (of a table of classes the last one)"),
	OPT_STRING(struct options, pred, 'p', "DIR|TABLE", "",
		"folder of predictions, called as in --truth DIR, or a table of classes; none: a stream from stdin"),
	OPT_STRING(struct options, pairs, 0, "LIST", "", "list with the columns truth and pred: two files per case"),
	OPT_SWITCH(struct options, multilabel, 0,
		"the classes of a table do not exclude each other: each has a column of 0 and 1 and one of probabilities"),
	OPT_SWITCH(struct options, compare, 0,
		"compare two results, of which the operands are the files: differences of each column and their significance"),
	OPT_STRING(struct options, compat, 0, "LIBRARY", "",
		"metrics as that library defines them (--list=compat), empty masks included; none: as told below"),
	OPT_CHOICE(struct options, surface, 0, "voxels|area", "voxels",
		"between which surfaces distances are: of voxels, each counting the same, or weighted by area"),
	OPT_NUMBER(struct options, connectivity, 0, "N", "1", 1, 3,
		"which neighbours voxels have, for surfaces and lesions: those that share 1: a face, 2: at least an edge, 3: a corner"),
	OPT_NUMBER(struct options, percentile, 0, "P", "100", 1, 100, "of the Hausdorff distance hd; 100: the largest distance"),
	OPT_CHOICE(struct options, units, 0, "auto|vox", "auto",
		"auto: mm, where the truth knows its spacing; vox: measure in voxels"),
	OPT_STRING(struct options, empty_distance, 0, "WHAT", "",
		"a distance where one mask is empty: diagonal (of the image), inf, nan (left out of the mean) or a number; none: diagonal"),
	OPT_NUMBER(struct options, ddof, 0, "N", "0", 0, 1, "the standard deviation divides by the cases less this"),
	OPT_NUMBER(struct options, bootstrap, 0, "N", "0", 0, 1000000,
		"draw the cases anew so many times for a confidence interval of each mean; 0: none"),
	OPT_NUMBER(struct options, confidence, 0, "PERCENT", "95", 1, 99.999, "of the draws that the interval holds"),
	OPT_NUMBER(struct options, seed, 's', "N", "1", 0, 9e15, "of the draws"),
	OPT_SWITCH(struct options, allow_missing, 0, "cases without prediction, or predictions without truth, are no failure"),
	OPT_CHOICE(struct options, format, 'f', "csv|tsv|json|table", "csv",
		"of the result; tsv and json also say how it came about; table: means alone, for the eye"),
	OPT_STRING(struct options, output, 'o', "FILE", "-", "where the result goes; - is stdout"),
	OPT_NUMBER(struct options, threads, 'j', "N", "0", 0, 1024,
		"cases judged at once; 0: as many as this process may use"),
	OPT_END,
};

/* The metrics, the libraries, and the metrics of each of them. */
static const struct kind *const kinds[] = {
	&metric_kind,
	&library_kind,
#define LIBRARY(name) &library_##name.metrics,
#include "compat/list.h"
#undef LIBRARY
	NULL,
};

static const struct tool tool = {
	.name = "pymic-eval",
	.summary = "compare predictions with the truth",
	.synopsis = "[< PREDICTIONS | --compare A.csv B.csv]",
	.opts = opts,
	.kinds = kinds,
	.more = "A row per case: case, unit (mm, or vox where the truth does not know its spacing),\n"
		"then a column STRUCTURE_METRIC for each metric and structure, and mean_METRIC over\n"
		"the structures. Last rows: mean and std, with --bootstrap ci_low and ci_high of the\n"
		"mean, n (values in the mean), both_empty, missed (nothing predicted) and false_alarm\n"
		"(nothing there).\n"
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

static void write_sheet(const struct sheet *out, const struct options *o)
{
	struct err e;
	if (!strcmp(o->output, "-")) {
		sheet_write(out, stdout, o->format);
		close_stdout();
		return;
	}
	struct outfile *f = outfile_open(o->output, &e);
	if (!f)
		die(PM_FAIL, "%s", e.msg);
	sheet_write(out, outfile_stream(f), o->format);
	if (outfile_close(f, &e))
		die(PM_FAIL, "%s", e.msg);
}

/* Cases of which one side is missing. */
static bool tell_lonely(const struct options *o, int64_t lonely)
{
	if (lonely && o->allow_missing)
		note("%lld cases are only on one side", (long long)lonely);
	else if (lonely)
		warning("%lld cases are only on one side (--allow-missing takes that)", (long long)lonely);
	return lonely && !o->allow_missing;
}

static bool judge_masks(struct sheet *out, const struct options *o)
{
	struct batch b = { .lock = PTHREAD_MUTEX_INITIALIZER };
	int64_t missing, extra;
	if (o->multilabel)
		die(PM_USAGE, "--multilabel is of tables of classes (--pred TABLE)");
	plan_init(&b.plan, o);
	b.source = source_open(o);
	judge_all(&b, o->threads ? o->threads : cpu_count());
	source_missing(b.source, &missing, &extra);
	int64_t failed = drop_failed(&b);
	if (!b.n)
		die(PM_FAIL, "no case was judged: %lld failed, %lld without prediction", (long long)failed, (long long)missing);
	report(out, &b.plan, o, b.score, b.n);
	write_sheet(out, o);
	report_notes(&b.plan, b.score, b.n);
	if (missing && o->allow_missing)
		note("%lld of %lld cases have no prediction", (long long)missing, (long long)(missing + failed + b.n));
	else if (missing)
		warning("%lld of %lld cases have no prediction (--allow-missing takes that)", (long long)missing,
			(long long)(missing + failed + b.n));
	if (extra && !o->allow_missing)
		warning("%lld predictions have no truth (--allow-missing takes that)", (long long)extra);
	source_close(b.source);
	for (int64_t i = 0; i < b.n; i++) {
		score_fini(b.score[i]);
		free(b.score[i]);
	}
	free(b.score);
	plan_fini(&b.plan);
	return failed || ((missing || extra) && !o->allow_missing);
}

/* Tables know nothing of masks. */
static void refuse_masks(const struct options *o, const char *what)
{
	if (*o->labels || *o->regions || *o->pairs || *o->compat || *o->empty_distance || o->ignore_label || o->connectivity > 1 ||
		o->percentile < 100 || strcmp(o->surface, "voxels") || strcmp(o->units, "auto"))
		die(PM_USAGE, "%s works on tables: leave out what is about masks (labels, regions, pairs and how distances are measured)",
			what);
}

static bool is_file(const char *path)
{
	struct stat s;
	return !stat(path, &s) && !S_ISDIR(s.st_mode);
}

int main(int argc, char **argv)
{
	struct options o;
	struct sheet out = { 0 };
	char **operand;
	bool bad;
	const int n = opt_parse(&tool, &o, argc, argv, &operand);
	if (n && !o.compare)
		die(PM_USAGE, "unexpected argument '%s': predictions come from stdin, --pred or --pairs", operand[0]);
	if (o.compare) {
		refuse_masks(&o, "--compare");
		if (n != 2 || *o.truth || *o.pred || *o.metrics || *o.names || *o.label || o.multilabel)
			die(PM_USAGE, "--compare takes two results of pymic-eval and nothing else: pymic-eval --compare A.csv B.csv");
		bad = tell_lonely(&o, compare_results(&out, &o, operand[0], operand[1]));
		write_sheet(&out, &o);
	} else if (*o.pred && is_file(o.pred)) {
		refuse_masks(&o, "--pred TABLE");
		bad = tell_lonely(&o, classify(&out, &o));
		write_sheet(&out, &o);
	} else {
		bad = judge_masks(&out, &o);
	}
	sheet_fini(&out);
	return bad ? PM_FAIL : PM_OK;
}
