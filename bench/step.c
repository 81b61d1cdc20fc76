/*
 * step.c: the time of one training step of a network on noise: forward, Dice + cross entropy, backward, Adam. Rows
 * "measure, value"; the first is written when the first step is done: the number of its GFLOP, counted as direct
 * convolutions (two per product: the outputs, the gradients of inputs other than images, and those of weights).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/opt.h"
#include "base/rng.h"
#include "cpu/threads.h"
#include "nn/optim.h"

struct conf {
	const char *net, *shape, *precision;
	int steps, threads, classes;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, net, 0, "SPEC", "unet:chns=16,32,64,128,256:dropout=0,0,0,0.5,0.5",
		"network; unet:dims=3... for volumes"),
	OPT_STRING(struct conf, shape, 0, "NxCx[Dx]HxW", "8x1x256x256", "shape of a batch"),
	OPT_CHOICE(struct conf, precision, 0, "f32|bf16", "f32", "of feature maps"),
	OPT_NUMBER(struct conf, classes, 0, "K", "4", 2, 256, "number of classes"),
	OPT_NUMBER(struct conf, steps, 0, "N", "7", 1, 10000, "how many, after one that does not count"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "0", 0, 1024, "threads; 0: as many as there are processors"),
	OPT_END,
};

static const struct tool tool = { "step", "time a training step", "", opts, NULL, NULL };

struct bench {
	struct run run;
	int64_t n, channels, size[3];
	bool fold; /* a 2-D network takes the slices of volumes */
	float *image;
	uint8_t *label;
};

/* A backend that only counts: a convolution is the number of its products, and each pass over it adds them. */
static double products;

static struct conv *count_open(const struct conv_shape *s)
{
	double *all = xmalloc(sizeof *all);

	*all = (double)(s->n * s->cin * s->cout * s->size[0] * s->size[1] * s->size[2]);
	for (int i = 0; i < s->dims; i++)
		*all *= s->up ? 2 : s->kernel;
	return (struct conv *)all;
}

static void count_close(struct conv *c) { free(c); }

static void count(struct conv *c) { products += *(const double *)c; }

#define UNUSED __attribute__((unused))
static void count_fwd(struct conv *c, UNUSED const struct fmap *x, UNUSED const real *w, UNUSED const real *b,
	UNUSED struct pack *p, UNUSED uint64_t version, UNUSED struct fmap *y, UNUSED double *moments) { count(c); }
static void count_data(struct conv *c, UNUSED const struct fmap *dy, UNUSED const real *w, UNUSED struct pack *p,
	UNUSED uint64_t version, UNUSED struct fmap *dx) { count(c); }
static void count_weights(struct conv *c, UNUSED const struct fmap *x, UNUSED const struct fmap *dy, UNUSED real *dw,
	UNUSED real *db) { count(c); }

static struct backend counting(void)
{
	struct backend be = backend_null;

	be.conv_open = count_open, be.conv_close = count_close;
	be.conv_fwd = count_fwd, be.conv_bwd_data = count_data, be.conv_bwd_weights = count_weights;
	return be;
}

/* Forward and backward on r.g; returns the loss. */
static struct node *pass(struct bench *b)
{
	struct run *r = &b->run;
	r->image = op_image(r->g, b->image, b->n, b->channels, b->size, b->fold);
	r->truth.target = op_label(r->g, b->label, b->n, b->size, b->fold);
	struct node *loss = ((const struct agent *)agents[0])->loss(r);
	loss->keep = true;
	graph_backward(r->g, loss);
	return loss;
}

/* N, C, D, H, W. */
static void shape_parse(const char *text, int64_t dim[5])
{
	double v;
	char word[32];
	int n = 0;
	for (const char *p = text; *p && n < 5; p += *p == 'x') {
		const int len = (int)strcspn(p, "x");
		snprintf(word, sizeof word, "%.*s", len, p);
		if (parse_number(word, &v) || v < 1 || v > 65536)
			die(PM_USAGE, "--shape %s: give NxCxHxW or NxCxDxHxW", text);
		dim[n++] = (int64_t)v;
		p += len;
	}
	if (n == 4) {
		dim[4] = dim[3];
		dim[3] = dim[2];
		dim[2] = 1;
	} else if (n != 5) {
		die(PM_USAGE, "--shape %s: give NxCxHxW or NxCxDxHxW", text);
	}
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct conf c;
	struct bench b = { 0 };
	struct params ps = { 0 };
	struct optim o;
	struct err e;
	void *net_conf, *adam_conf, *sup_conf;
	char **operand;
	int64_t dim[5], n;
	threads_settle(argv);
	opt_parse(&tool, &c, argc, argv, &operand);
	shape_parse(c.shape, dim);
	threads_use(c.threads);
	const struct plugin *net = spec_parse(&net_kind, c.net, &net_conf, &e);
	if (!net)
		die(PM_USAGE, "%s", e.msg);
	const struct plugin *adam = spec_parse(&optimizer_kind, "adam", &adam_conf, &e);
	spec_parse(&agent_kind, "sup", &sup_conf, &e);

	b.n = n = dim[0], b.channels = dim[1];
	b.fold = ((const struct net *)net)->dims(net_conf) == 2;
	memcpy(b.size, dim + 2, sizeof b.size);
	const int64_t voxels = n * dim[2] * dim[3] * dim[4];
	b.image = xcalloc((size_t)(voxels * dim[1]), sizeof *b.image);
	b.label = xcalloc((size_t)voxels, 1);
	struct rng rng;
	rng_init(&rng, 1, "step", 0, "", 0);
	for (int64_t i = 0; i < voxels * dim[1]; i++)
		b.image[i] = (float)rng_normal(&rng);
	for (int64_t i = 0; i < voxels; i++)
		b.label[i] = (uint8_t)rng_int(&rng, 0, c.classes - 1);

	const struct backend counter = counting();
	const struct numbers none = { 0 };
	struct graph dry = { .grad = true, .training = true, .type = strcmp(c.precision, "f32") ? F_BF16 : F_REAL }, g = dry;
	b.run = (struct run){ .g = &dry, .net = (const struct net *)net, .net_conf = net_conf, .classes = c.classes,
		.ps = { &ps }, .deep_mode = 2, .deep_weights = &none, .conf = sup_conf, .labeled = b.fold ? n * dim[2] : n };
	b.run.loss.n = spec_sum_parse(&loss_kind, "dice+ce", b.run.loss.part, (int)PM_COUNT(b.run.loss.part), &e);
	graph_init(&dry, &counter, 0);
	pass(&b);
	params_freeze(&ps, &backend_cpu, 1);
	optim_init(&o, adam, adam_conf, &ps);
	graph_init(&g, &backend_cpu, graph_plan(&dry));
	graph_follow(&g, &dry);
	b.run.g = &g;

	double *ms = xcalloc((size_t)c.steps, sizeof *ms);
	for (int i = -1; i < c.steps; i++) {
		const double start = now();
		g.step = (uint64_t)(i + 1);
		graph_reset(&g);
		params_zero_grad(&ps);
		struct node *loss = pass(&b);
		optim_step(&o, &ps, 1e-3, 0);
		if (!isfinite(graph_scalar(&g, loss)))
			die(PM_FAIL, "the loss is not finite");
		if (i >= 0) {
			ms[i] = 1000 * (now() - start);
		} else {
			printf("GFLOP\t%.3f\n", 2e-9 * products);
			fflush(stdout);
		}
	}
	qsort(ms, (size_t)c.steps, sizeof *ms, by_size);
	printf("ms\t%.1f\n", (ms[(c.steps - 1) / 2] + ms[c.steps / 2]) / 2);
	free(ms);
	free(b.image);
	free(b.label);
	graph_fini(&g);
	graph_fini(&dry);
	optim_fini(&o);
	params_fini(&ps);
	return PM_OK;
}
