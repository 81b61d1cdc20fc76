/* pymic-infer: samples on stdin, predictions on stdout, on the grid that the images had before pymic-augment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "cpu/threads.h"
#include "cuda/device.h"
#include "infer.h"
#include "io/stream.h"
#include "net/saved.h"

static const struct opt opts[] = {
	OPT_STRING(struct conf, model, 'm', "FILE", "", "the model (.pmm); several, and the networks of one, are an ensemble: the mean of their logits"),
	OPT_STRING(struct conf, output, 'o', "FILE", "-", "where the predictions go; - is stdout"),
	OPT_NUMBER(struct conf, window, 0, "D,H,W", "", 0, 1 << 20, "sliding window; 0: the whole axis (2-D networks: H,W)"),
	OPT_NUMBER(struct conf, stride, 0, "D,H,W", "", 0, 1 << 20, "from one window to the next; 0 or none: half a window"),
	OPT_NUMBER(struct conf, window_batch, 0, "N", "0", 0, 4096, "windows (2-D: slices) at once; 0: 8 in 2-D, 1 in 3-D"),
	OPT_CHOICE(struct conf, tta, 0, "none|flip", "none", "average over the image and its flips along W, H and both"),
	OPT_CHOICE(struct conf, largest, 0, "none|all|each", "none", "keep the largest component of all classes or of each"),
	OPT_SWITCH(struct conf, prob, 0, "send the probabilities too (prob, [classes,D,H,W])"),
	OPT_SWITCH(struct conf, keep_image, 0, "send the image too"),
	OPT_SWITCH(struct conf, no_undo, 0, "stay on the transformed grid; pymic-augment --undo can go back later"),
	OPT_CHOICE(struct conf, precision, 0, "model|f32|tf32|bf16", "model", "of the feature maps; model: as it was trained"),
	OPT_STRING(struct conf, device, 0, "auto|cpu|cuda[:N]", "auto", "where to compute; auto: on a GPU, where there is one"),
	OPT_NUMBER(struct conf, max_gpu_memory, 0, "MiB", "0", 0, 1 << 24, "of all that is taken of it, by fewer windows at once; 0: what is free"),
	OPT_SWITCH(struct conf, fast, 0, "allow the GPU algorithms whose last digits differ from run to run"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "0", 0, 1024, "threads; 0: as many as this process may use"),
	OPT_END,
};

static const struct kind *const kinds[] = { &net_kind, NULL };
static const struct tool tool = {
	.name = "pymic-infer",
	.summary = "segment images with a trained network",
	.synopsis = "-m model.pmm < samples > predictions",
	.opts = opts,
	.kinds = kinds,
	.more = "A label in the stream is passed on, for pymic-eval. Transforms that moved the voxels are undone on the\n"
		"probabilities before the class is chosen, so that a prediction lies on its image's own grid.\n"
		"A network that classifies images makes a table of the cases instead: id, class, prob0, prob1, ...",
};

/* "H,W" or "D,H,W" into [3]. */
static void axes(const struct numbers *n, const char *name, int64_t out[3])
{
	memset(out, 0, 3 * sizeof *out);
	if (n->n == 1 || n->n > 3)
		die(PM_USAGE, "--%s: give D,H,W or H,W", name);
	for (int i = 0; i < n->n; i++) {
		if (n->v[i] != floor(n->v[i]))
			die(PM_USAGE, "--%s: %g is not a whole number", name, n->v[i]);
		out[3 - n->n + i] = (int64_t)n->v[i];
	}
}

/* Reads all models into pc; they must agree in classes and channels. */
static int64_t models_open(const struct conf *c, struct predict_conf *pc, struct params members[])
{
	struct saved first, a;
	struct err e;
	if (c->model.n == 0)
		die(PM_USAGE, "no model; give one with -m model.pmm");
	if (saved_about(&first, c->model.v[0], &e))
		die(PM_FAIL, "%s", e.msg);
	pc->classes = first.classes;
	const char *precision = strcmp(c->precision, "model") ? c->precision : first.precision;

	pc->backend = device_choose(c->device, c->fast, !strcmp(precision, "tf32"));
	pc->type = strcmp(precision, "bf16") ? F_REAL : F_BF16;
	for (int i = 0; i < c->model.n; i++) {
		const char *path = c->model.v[i];
		struct params **sets = &pc->member[pc->members];
		if (saved_about(&a, path, &e))
			die(PM_FAIL, "%s", e.msg);
		if (pc->members + a.nets > PM_MEMBERS)
			die(PM_USAGE, "%s: more than %d networks; so many make an ensemble", path, PM_MEMBERS);
		if (arch_dims(a.arch) != arch_dims(first.arch) || arch_whole(a.arch) != arch_whole(first.arch) || a.classes != first.classes ||
			a.channels != first.channels)
			die(PM_FAIL, "%s: %s, %d classes, %lld channels, but %s: %s, %d classes, %lld channels", path, a.net, a.classes,
				(long long)a.channels, c->model.v[0], first.net, first.classes, (long long)first.channels);
		for (int k = 0; k < a.nets; k++, pc->members++) {
			pc->member[pc->members] = &members[pc->members];
			pc->arch[pc->members] = strcmp(a.net, first.net) ? a.arch[k] : first.arch[k];
		}
		if (saved_read(&a, path, pc->backend, sets, &e))
			die(PM_FAIL, "%s", e.msg);
	}
	return first.channels;
}

static void warn_of_labels(const struct record *r, int classes)
{
	static bool said;
	const struct tensor *t = record_peek(r, "label");
	if (said || !t)
		return;
	for (int64_t i = 0, n = tensor_count(t); i < n; i++) {
		double y = t->dtype == PM_U8 ? ((const uint8_t *)t->data)[i] : tensor_at(t, i);
		if (y < 0 || y >= classes) {
			warning("%s: label %g, but the model has %d classes (said once)", r->id, y, classes);
			said = true;
			return;
		}
	}
}

static struct ostream *output_open(const struct conf *c, const struct stream_head *in)
{
	struct stream_field f[PM_MAX_FIELDS];
	int n = 0;
	for (int i = 0; i < in->n; i++)
		if (!strcmp(in->field[i].name, "label") || (c->keep_image && !strcmp(in->field[i].name, "image")))
			f[n++] = in->field[i];
	f[n++] = (struct stream_field){ "pred", PM_U8, 3 };
	if (c->prob)
		f[n++] = (struct stream_field){ "prob", PM_F32, 4 };
	return ostream_open(c->output, "prediction", f, n, in);
}

int main(int argc, char **argv)
{
	struct conf c;
	char **operand;
	struct predict_conf pc = { 0 };
	struct params members[PM_MEMBERS] = { 0 };
	struct err e;
	threads_settle(argv);
	if (opt_parse(&tool, &c, argc, argv, &operand))
		die(PM_USAGE, "unexpected argument '%s': samples come from stdin", operand[0]);
	if (c.max_gpu_memory && !strcmp(c.device, "cpu"))
		die(PM_USAGE, "--max-gpu-memory: with --device cpu there is no GPU whose memory could be bounded");
	threads_use(c.threads);
	axes(&c.window, "window", pc.window);
	axes(&c.stride, "stride", pc.stride);
	pc.batch = c.window_batch;
	pc.memory = (size_t)c.max_gpu_memory << 20;
	pc.flip = !strcmp(c.tta, "flip");
	struct segmenter s = { .conf = &c, .channels = models_open(&c, &pc, members), .classes = pc.classes,
		.whole = arch_whole(pc.arch) };
	const bool table = s.whole && !c.prob && !c.keep_image;
	s.predictor = predictor_open(&pc, &e);
	if (!s.predictor)
		die(PM_USAGE, "--%s", e.msg);
	struct istream *in = istream_stdin("sample");
	struct ostream *out = table ? NULL : output_open(&c, istream_head(in));
	struct record r = { 0 };
	int64_t done = 0;
	if (table)
		table_open(c.output, pc.classes);
	c.prob |= table;
	progress_start("cases", -1);
	while (istream_read(in, &r)) {
		warn_of_labels(&r, pc.classes);
		segment(&s, &r);
		if (table)
			table_row(&r);
		else
			ostream_put(out, &r);
		progress_to(++done, "%s", r.id);
	}
	progress_end();
	if (table)
		table_close();
	else
		ostream_end(out);
	istream_close(in);
	record_fini(&r);
	free(s.image);
	predictor_close(s.predictor);
	for (int i = 0; i < pc.members; i++)
		params_fini(&members[i]);
	return PM_OK;
}
