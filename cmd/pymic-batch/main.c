/* pymic-batch: groups samples into batches: N labeled + M unlabeled, N clean + M noisy, or N of any kind. */
#include "base/opt.h"
#include "group.h"
#include "mix.h"
#include "tensor/collate.h"
#include "tensor/pack.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_GROUP = 4096 };

struct conf {
	int labeled, unlabeled, size, queue;
	bool keep_last;
	double cutmix, paste;
	int64_t seed;
	const char *output;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, labeled, 'l', "N", "0", 0, MAX_GROUP,
		"samples with a label in each batch (of two inputs: from the first)"),
	OPT_NUMBER(struct conf, unlabeled, 'u', "M", "0", 0, MAX_GROUP,
		"samples without a label in each batch (of two inputs: from the second)"),
	OPT_NUMBER(struct conf, size, 'n', "N", "0", 0, MAX_GROUP, "plain batches of N samples, as they come"),
	OPT_NUMBER(struct conf, queue, 0, "N", "64", 0, 65536,
		"how many samples of one kind may wait in memory for the other kind before the input counts as out of balance"),
	OPT_SWITCH(struct conf, keep_last, 0, "write the last batch also when the samples do not fill it"),
	OPT_NUMBER(struct conf, cutmix, 0, "P", "0", 0, 1, "probability that a box of a labeled sample comes from another one of the batch, label and "
		"weight too"),
	OPT_NUMBER(struct conf, paste, 0, "P", "0", 0, 1, "probability that a random class of another labeled sample is pasted over a sample"),
	OPT_NUMBER(struct conf, seed, 0, "N", "0", 0, 9e15, "of --cutmix and --paste"),
	OPT_STRING(struct conf, output, 'o', "FILE", "-", "where to write, \"-\": to standard output"),
	OPT_END,
};

static const struct tool tool = {
	.name = "pymic-batch",
	.summary = "group samples into batches",
	.synopsis = "[FIRST [SECOND]]",
	.opts = opts,
	.more = "One input (standard input, or FIRST) may hold samples with and without a label mixed: they are sorted.\n"
		"Of two inputs FIRST gives --labeled samples to each batch and SECOND --unlabeled ones. When the samples of\n"
		"SECOND have labels too (clean and noisy ones, say), all labels are kept, and meta \"groups\" tells the two apart.\n"
		"pymic-train --agent dast learns from that; other methods take all samples with a label alike.\n"
		"The inputs must not depend on each other: each is read when its turn comes. The shorter one ends the output.\n\n"
		"  pymic-load --mix 4:4 labeled.csv unlabeled.csv | pymic-batch --labeled 4 --unlabeled 4\n"
		"  pymic-batch --labeled 4 --unlabeled 4 <(pymic-load --epochs 0 clean.csv) <(pymic-load --epochs 0 noisy.csv)\n",
};

static void check_usage(const struct conf *c, int inputs)
{
	bool groups = c->labeled || c->unlabeled;
	if (inputs > GROUPS)
		die(PM_USAGE, "%d inputs, but there are only two groups", inputs);
	if (groups == (c->size > 0))
		die(PM_USAGE, "say how large a batch is: either --labeled and --unlabeled, or --size");
	if (inputs == GROUPS && !(c->labeled && c->unlabeled))
		die(PM_USAGE, "two inputs need both --labeled (from the first) and --unlabeled (from the second)");
}

static struct istream *open_input(const char *path)
{
	struct err e;
	if (strcmp(path, "-") == 0)
		return istream_stdin("sample");
	struct istream *s = istream_open(path, &e);
	if (!s)
		die(PM_INPUT, "%s", e.msg);
	if (strcmp(istream_head(s)->kind, "sample") != 0)
		die(PM_INPUT, "%s: a stream of kind \"%s\", but samples are needed", path, istream_head(s)->kind);
	return s;
}

/* The samples of the batch, those with a label first; how many these are goes to *labeled. */
static int line_up(const struct grouper *g, const struct record **sample, int *labeled)
{
	int n = 0;
	*labeled = 0;
	for (int want = 1; want >= 0; want--)
		for (int k = 0; k < GROUPS; k++)
			for (int i = 0; i < g->batch[k].n; i++)
				if ((record_peek(g->batch[k].r[i], "label") != NULL) == want) {
					sample[n++] = g->batch[k].r[i];
					*labeled += want;
				}
	return n;
}

/* Labeled samples are mixed; those of two inputs each among themselves, as the labels of one may be worse. */
static void mix_labeled(const struct conf *c, struct record *batch, bool two, int first, int labeled)
{
	const struct mix m = { c->cutmix, c->paste };
	const struct tensor *label = record_peek(batch, "label"), *image = record_peek(batch, "image");
	struct rng rng;
	if (labeled && tensor_count(label) / labeled < tensor_count(image) / image->dim[0] / image->dim[1])
		die(PM_FAIL, "%s: its label is the class of the whole image: no part has one to take along (--cutmix, --paste)", batch->id);
	rng_init(&rng, (uint64_t)c->seed, "pymic-batch", (uint64_t)batch->epoch, batch->id, 0);
	const int both = two && first < labeled ? first : labeled;
	mix(batch, &m, 0, both, &rng);
	mix(batch, &m, both, labeled, &rng);
}

static void write_batch(struct ostream *out, const struct conf *c, const struct grouper *g, struct record *batch)
{
	const struct record *sample[GROUPS * MAX_GROUP];
	struct err e;
	int labeled, first = g->batch[FIRST].n, n = line_up(g, sample, &labeled);
	bool two = g->in[FIRST] != g->in[SECOND];
	if (n == 0)
		return;
	if (two && labeled != n && labeled != first)
		die(PM_FAIL, "%s: of the second input, either all samples of a batch must have a label or none",
			sample[n - 1]->id);
	for (int i = 0; two && i < first; i++)
		if (!record_peek(g->batch[FIRST].r[i], "label"))
			die(PM_FAIL, "%s: this sample of the first input has no label", g->batch[FIRST].r[i]->id);
	if (collate(batch, sample, n, labeled, &e))
		die(PM_FAIL, "%s", e.msg);
	if (two)
		meta_set_numbers(&batch->meta, "groups", (double[]){ first, n - first }, GROUPS);
	if (c->cutmix > 0 || c->paste > 0)
		mix_labeled(c, batch, two, first, labeled);
	/* Whoever resumes by skipping in the input must know whether the samples so far are its first ones. */
	meta_set_number(&batch->meta, "in_order", !two && !g->waiting[FIRST].n && !g->waiting[SECOND].n);
	ostream_put(out, batch);
}

/* What was done to the second input belongs into the history too: after that of the first. */
static struct stream_head merge_heads(const struct stream_head *a, const struct stream_head *b)
{
	struct stream_head h = *a;
	struct bytes all = { 0 };
	msgpack_packer pk = bytes_packer(&all);
	size_t head_a, head_b;
	int64_t na = pack_items(a->history, &head_a), nb = pack_items(b->history, &head_b);
	msgpack_pack_array(&pk, (size_t)(na + nb));
	bytes_add(&all, a->history + head_a, a->history_len - head_a);
	bytes_add(&all, b->history + head_b, b->history_len - head_b);
	h.history = all.buf;
	h.history_len = all.len;
	return h;
}

static struct ostream *open_output(const char *path, const struct grouper *g)
{
	const struct stream_head *a = istream_head(g->in[FIRST]), *b = istream_head(g->in[SECOND]);
	struct stream_field f[4] = {
		{ "image", PM_F32, 5 },
		{ "label", PM_U8, 4 },
		{ "weight", PM_F32, 4 },
	};
	int n = g->size[FIRST] && stream_has(a, "label") ? stream_has(a, "weight") ? 3 : 2 : 1;
	if (stream_has(a, "target"))
		f[n++] = (struct stream_field){ "target", PM_F32, 5 };
	if (a == b)
		return ostream_open(path, "batch", f, n, a);
	struct stream_head both = merge_heads(a, b);
	struct ostream *out = ostream_open(path, "batch", f, n, &both);
	free(both.history);
	return out;
}

int main(int argc, char **argv)
{
	struct conf c;
	char **path;
	int inputs = opt_parse(&tool, &c, argc, argv, &path);
	check_usage(&c, inputs);
	struct grouper g = { .sorted = !c.size, .limit = c.queue };
	g.size[FIRST] = c.size ? c.size : c.labeled;
	g.size[SECOND] = c.unlabeled;
	g.in[FIRST] = open_input(inputs > 0 ? path[0] : "-");
	g.in[SECOND] = inputs > 1 ? open_input(path[1]) : g.in[FIRST];
	if (c.labeled && !stream_has(istream_head(g.in[FIRST]), "label"))
		die(PM_FAIL, "the input has no labels, but --labeled is %d", c.labeled);

	if (c.cutmix > 0 || c.paste > 0)
		ostream_seed((uint64_t)c.seed);
	struct ostream *out = open_output(c.output, &g);
	struct record batch = { 0 };
	while (grouper_fill(&g)) {
		write_batch(out, &c, &g, &batch);
		grouper_recycle(&g);
	}
	if (c.keep_last) {
		write_batch(out, &c, &g, &batch);
		grouper_recycle(&g);
	}
	if (grouper_left(&g))
		note("%d samples at the end did not fill a batch and were left out%s", grouper_left(&g),
			c.keep_last ? "" : " (--keep-last writes them too)");
	ostream_end(out);
	for (int k = inputs > 1; k >= 0; k--)
		istream_close(g.in[k]);
	grouper_fini(&g);
	record_fini(&batch);
	return PM_OK;
}
