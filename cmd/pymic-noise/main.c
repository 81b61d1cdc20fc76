/* pymic-noise: samples in, samples with some of the labels corrupted out; a table says which and how. */
#include "base/opt.h"
#include "io/outfile.h"
#include "io/pool.h"
#include "transform/transform.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	const char *output, *log;
	double fraction;
	int64_t seed;
	int threads;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, output, 'o', "FILE", "-", "write the stream to FILE instead of stdout"),
	OPT_NUMBER(struct conf, fraction, 'f', "P", "1", 0, 1, "probability of each case to be corrupted"),
	OPT_NUMBER(struct conf, seed, 's', "N", "0", 0, 9e15, "seed of the choice of cases and of all else that is drawn"),
	OPT_STRING(struct conf, log, 'l', "FILE", "", "table: id, chosen, kind, radius, voxels before, after and changed"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "1", 1, 256, "threads; the result does not depend on it"),
	OPT_END,
};

static const struct kind *const kinds[] = { &noise_kind, NULL };

/* The mixture of the JSRT experiments: radius 6..12. */
static const char jsrt[] = "dilate:weight=0.35+erode:weight=0.35+edge:weight=0.3";

static const struct tool tool = {
	.name = "pymic-noise",
	.summary = "corrupt labels",
	.synopsis = "[NOISE[+NOISE...]]",
	.opts = opts,
	.kinds = kinds,
	.more = "Each case is chosen with the probability --fraction, and one NOISE is drawn for it by weight (default 1).\n"
		"Without NOISE: dilate:weight=0.35+erode:weight=0.35+edge:weight=0.3, radius 6 to 12, as in the JSRT recipe.\n"
		"Kinds that annotate sparsely (scribble, points) mark all other voxels by a number that is no class, 255 unless told.\n"
		"A case gets the same corruption in every epoch. Cases without label pass unchanged.\n\n"
		"  pymic-load noisy.csv | pymic-noise --fraction 0.95 --seed 1 --log noise.tsv -o noisy.pms\n"
		"  pymic-load a.csv | pymic-noise dilate:radius=3,5+edge:weight=2 | ...\n"
		"  pymic-load a.csv | pymic-noise scribble:unlabeled=4 | ...\n",
};

enum { PARTS = 32 };

struct mixture {
	uint64_t seed;
	double fraction, total;
	int n;
	struct spec part[PARTS];
	FILE *log;
	int64_t labels, chosen;
};

/* What happened to a record, from the thread that did it to the one that writes the table. */
static const char note_key[] = "noise_voxels"; /* before, after, changed */

static int64_t *copy_label(const struct tensor *t)
{
	int64_t n = tensor_count(t), *v = xcalloc((size_t)n, sizeof(*v));

	convert(v, PM_I64, t->data, t->dtype, n);
	return v;
}

static const struct spec *draw(const struct mixture *m, struct rng *rng)
{
	double at = rng_uniform(rng) * m->total;
	int i = 0;

	while (i < m->n - 1 && at >= m->part[i].weight)
		at -= m->part[i++].weight;
	return &m->part[i];
}

static int work(struct record *r, void *arg, struct err *e)
{
	const struct mixture *m = arg;
	const struct tensor *label = record_peek(r, "label");
	struct rng rng;

	meta_delete(&r->meta, note_key);
	rng_init(&rng, m->seed, "pymic-noise", 0, r->id, 0);
	if (!label || rng_uniform(&rng) >= m->fraction)
		return 0;
	const struct spec *s = draw(m, &rng);
	const struct transform *t = (const struct transform *)s->plugin; /* plugin is its first member */
	int64_t n = tensor_count(label), *before = copy_label(label), *after;
	double voxels[3] = { 0 };

	rng_init(&rng, m->seed, "pymic-noise", 0, r->id, 1);
	if (transform_apply(t, s->conf, r, &rng, e)) {
		free(before);
		return -1;
	}
	after = copy_label(label);
	for (int64_t i = 0; i < n; i++) {
		voxels[0] += before[i] != 0;
		voxels[1] += after[i] != 0;
		voxels[2] += before[i] != after[i];
	}
	meta_set_numbers(&r->meta, note_key, voxels, 3);
	free(before);
	free(after);
	return 0;
}

/* An id may hold anything; a table cell may not. */
static void put_cell(FILE *fp, const char *s)
{
	for (; *s; s++)
		putc(*s == '\t' || *s == '\n' || *s == '\r' ? ' ' : *s, fp);
}

static void done(const struct record *r, void *arg)
{
	struct mixture *m = arg;
	double voxels[3], radius[2];
	char kind[PM_NAME];
	bool chosen = meta_numbers(&r->meta, note_key, voxels, 3) == 3;

	m->labels += record_peek(r, "label") != NULL;
	m->chosen += chosen;
	if (!m->log)
		return;
	put_cell(m->log, r->id);
	if (!chosen) {
		fputs("\t0\t\t\t\t\t\n", m->log);
		return;
	}
	if (meta_text(&r->meta, "noise", kind, sizeof(kind)))
		*kind = 0;
	int n = meta_numbers(&r->meta, "noise_radius", radius, 2);

	fprintf(m->log, "\t1\t%s\t", kind);
	for (int i = 0; i < n; i++)
		fprintf(m->log, i ? "-%.0f" : "%.0f", radius[i]);
	fprintf(m->log, "\t%.0f\t%.0f\t%.0f\n", voxels[0], voxels[1], voxels[2]);
}

static void parse(struct mixture *m, char **operand, int n)
{
	struct err e;

	if (n > 1)
		die(PM_USAGE, "%s and %s: join several kinds of noise with +", operand[0], operand[1]);
	m->n = spec_sum_parse(&noise_kind, n ? operand[0] : jsrt, m->part, PARTS, &e);
	if (m->n < 0)
		die(PM_USAGE, "%s", e.msg);
	for (int i = 0; i < m->n; i++) {
		const struct transform *t = (const struct transform *)m->part[i].plugin;

		if (t->check && t->check(m->part[i].conf, &e))
			die(PM_USAGE, "%s: %s", t->p.name, e.msg);
		m->total += m->part[i].weight;
	}
	if (!(m->total > 0))
		die(PM_USAGE, "all weights are 0");
}

int main(int argc, char **argv)
{
	struct conf conf;
	struct mixture mixture = { .n = 0 };
	struct err e;
	char **operand;
	int n = opt_parse(&tool, &conf, argc, argv, &operand);

	parse(&mixture, operand, n);
	mixture.seed = (uint64_t)conf.seed;
	mixture.fraction = conf.fraction;

	struct istream *in = istream_stdin("sample");
	const struct stream_head *head = istream_head(in);
	struct outfile *log = NULL;

	if (*conf.log) {
		log = outfile_open(conf.log, &e);
		if (!log)
			die(PM_FAIL, "%s", e.msg);
		mixture.log = outfile_stream(log);
		fputs("id\tchosen\tkind\tradius\tbefore\tafter\tchanged\n", mixture.log);
	}
	ostream_seed(mixture.seed);
	struct ostream *out = ostream_open(conf.output, head->kind, head->field, head->n, head);
	struct filter filter = { .threads = conf.threads, .arg = &mixture, .work = work, .done = done };
	int64_t records = filter_run(&filter, in, out);

	if (log && outfile_close(log, &e))
		die(PM_FAIL, "%s", e.msg);
	ostream_end(out);
	istream_close(in);
	note("%" PRId64 " of %" PRId64 " labels corrupted (%.1f %%; --fraction is %g), %" PRId64 " records", mixture.chosen,
		mixture.labels, mixture.labels ? 100.0 * (double)mixture.chosen / (double)mixture.labels : 0, conf.fraction, records);
	return PM_OK;
}
