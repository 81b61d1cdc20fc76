/* pymic-confident: predictions with their labels in, samples out whose weight says which labels are probably wrong. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "base/progress.h"
#include "io/stream.h"
#include "learning.h"

enum { CLASSES = 256 };

struct conf {
	const char *output, *weight;
};

static const struct opt opts[] = {
	OPT_CHOICE(struct conf, weight, 'w', "suspects|trusted", "suspects",
		"weight is 1 where the label is suspect, for pymic-train --loss slsr; or 1 where it is not, for any loss"),
	OPT_STRING(struct conf, output, 'o', "FILE", "-", "write the stream to FILE instead of stdout"),
	OPT_END,
};

static const struct tool tool = {
	.name = "pymic-confident",
	.summary = "find wrong labels by confident learning",
	.synopsis = "< predictions > samples",
	.opts = opts,
	.more = "Predictions need label and prob, and the image: pymic-infer --prob --keep-image. All voxels of all cases count\n"
		"together, so that the first sample comes when the last prediction has been read; until then the stream lies in a\n"
		"file without name in TMPDIR (/tmp). Cases without label pass without weight.\n",
};

/* All that happens to the stream between its first and its last reading. */
struct spool {
	int fd;
	struct istream *in;
	int64_t begin, records; /* where they begin */
	struct record r;
	uint8_t *label; /* of r */
	size_t cap;
	int classes;    /* 0: no label was seen */
};

static int unnamed_file(const char **folder)
{
	*folder = getenv("TMPDIR");
	if (!*folder || !**folder)
		*folder = "/tmp";
	char *path = xprintf("%s/pymic-confident.XXXXXX", *folder);
	const int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		die(PM_FAIL, "%s: cannot make a temporary file: %m", *folder);
	unlink(path);
	free(path);
	return fd;
}

/* The record's voxels with labels as bytes, checked; false: it has no label. */
static bool part_of(struct spool *s, struct part *p)
{
	const struct record *r = &s->r;
	const struct tensor *label = record_peek(r, "label"), *prob = record_peek(r, "prob");

	if (!label)
		return false;
	if (!prob || prob->rank != 4 || prob->dtype != PM_F32 || prob->dim[0] < 1 || prob->dim[0] > CLASSES)
		die(PM_FAIL, "%s: no probabilities [classes,D,H,W]", r->id);
	if (label->rank != 3 || memcmp(label->dim, prob->dim + 1, 3 * sizeof(*label->dim)))
		die(PM_FAIL, "%s: label and prob differ in shape", r->id);
	if (s->classes && prob->dim[0] != s->classes)
		die(PM_FAIL, "%s: %" PRId64 " classes, but the cases before have %d", r->id, prob->dim[0], s->classes);
	s->classes = (int)prob->dim[0];
	*p = (struct part){ .prob = prob->data, .n = tensor_count(label) };
	if ((size_t)p->n > s->cap)
		s->label = xresize(s->label, s->cap = (size_t)p->n, 1);
	for (int64_t i = 0; i < p->n; i++) {
		const double v = label->dtype == PM_U8 ? ((const uint8_t *)label->data)[i] : tensor_at(label, i);

		if (!(v >= 0 && v < s->classes))
			die(PM_FAIL, "%s: label %g, but prob is of %d classes", r->id, v, s->classes);
		s->label[i] = (uint8_t)v;
	}
	p->label = s->label;
	return true;
}

static void check_probabilities(const struct spool *s, const struct part *p)
{
	for (int64_t i = 0; i < p->n * s->classes; i++)
		if (!(p->prob[i] >= 0 && p->prob[i] <= 1))
			die(PM_FAIL, "%s: prob holds %g, which is no probability", s->r.id, (double)p->prob[i]);
}

/* Copies the stream to the spool, and is the first pass. Returns NULL where no case has a label. */
static struct learning *read_all(struct spool *s, struct istream *in)
{
	const struct stream_head *head = istream_head(in);
	const char *folder;
	struct learning *l = NULL;
	struct part p;
	struct err e;

	s->fd = unnamed_file(&folder);
	struct ostream *copy = ostream_fd(s->fd, folder, head->kind, head->field, head->n, head);

	progress_start("cases", -1);
	while (istream_read(in, &s->r)) {
		record_drop(&s->r, "pred");
		record_drop(&s->r, "weight");
		if (part_of(s, &p)) {
			check_probabilities(s, &p);
			if (!l)
				l = learning_new(s->classes);
			learning_see(l, 0, &p);
		}
		ostream_put(copy, &s->r);
		progress_to(++s->records, "%s", s->r.id);
	}
	progress_end();
	ostream_end(copy);
	if (lseek(s->fd, 0, SEEK_SET) < 0 || !(s->in = istream_fd(s->fd, folder, &e)))
		die(PM_FAIL, "%s: the temporary file cannot be read again", folder);
	s->begin = istream_tell(s->in);
	return l;
}

static void rewind_spool(struct spool *s)
{
	struct err e;

	if (istream_seek(s->in, s->begin, &e))
		die(PM_FAIL, "%s", e.msg);
}

static void next_record(struct spool *s)
{
	struct err e;

	if (istream_next(s->in, &s->r, &e) <= 0)
		die(PM_FAIL, "the temporary file was changed: %s", e.msg);
}

static void learn(struct spool *s, struct learning *l)
{
	struct part p;

	learning_pass_end(l, 0);
	for (int pass = 1; pass < LEARNING_PASSES; pass++) {
		rewind_spool(s);
		for (int64_t i = 0; i < s->records; i++) {
			next_record(s);
			if (part_of(s, &p))
				learning_see(l, pass, &p);
		}
		learning_pass_end(l, pass);
	}
	for (int truth = 0; truth < s->classes; truth++)
		for (int given = 0; given < s->classes; given++)
			detail("labeled %d, probably %d: %" PRId64 " voxels", given, truth, learning_joint(l, truth, given));
}

static void write_all(struct spool *s, const struct learning *l, bool suspects, struct ostream *out)
{
	int64_t marked = 0, voxels = 0;
	struct part p;

	rewind_spool(s);
	for (int64_t i = 0; i < s->records; i++) {
		next_record(s);
		if (part_of(s, &p)) {
			float *weight = record_put(&s->r, "weight", PM_F32, 3, record_peek(&s->r, "label")->dim)->data;

			marked += learning_mark(l, &p, s->label);
			voxels += p.n;
			for (int64_t v = 0; v < p.n; v++)
				weight[v] = (s->label[v] != 0) == suspects;
		}
		record_drop(&s->r, "prob");
		ostream_put(out, &s->r);
	}
	note("%" PRId64 " of %" PRId64 " labels are suspect (%.2f %%)", marked, voxels, voxels ? 100.0 * (double)marked / (double)voxels : 0);
}

static struct ostream *output_open(const char *path, const struct stream_head *in)
{
	struct stream_field f[PM_MAX_FIELDS + 1];
	int n = 0;

	for (int i = 0; i < in->n; i++)
		if (strcmp(in->field[i].name, "pred") && strcmp(in->field[i].name, "prob") && strcmp(in->field[i].name, "weight"))
			f[n++] = in->field[i];
	f[n++] = (struct stream_field){ "weight", PM_F32, 3 };
	return ostream_open(path, "sample", f, n, in);
}

int main(int argc, char **argv)
{
	struct conf c;
	struct spool s = { .fd = -1 };
	char **operand;

	if (opt_parse(&tool, &c, argc, argv, &operand))
		die(PM_USAGE, "unexpected argument '%s': predictions come from stdin", operand[0]);

	struct istream *in = istream_stdin("prediction");
	const struct stream_head *head = istream_head(in);
	static const char *const needed[] = { "label", "prob", "image" };

	for (size_t i = 0; i < PM_COUNT(needed); i++)
		if (!stream_has(head, needed[i]))
			die(PM_FAIL, "the predictions come without %s: %s", needed[i],
				i ? "run pymic-infer with --prob --keep-image" : "there is nothing to find");
	struct ostream *out = output_open(c.output, head);
	struct learning *l = read_all(&s, in);

	if (l)
		learn(&s, l);
	write_all(&s, l, !strcmp(c.weight, "suspects"), out);
	ostream_end(out);
	istream_close(in);
	istream_close(s.in);
	if (l)
		learning_free(l);
	record_fini(&s.r);
	free(s.label);
	return PM_OK;
}
