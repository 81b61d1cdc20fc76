/*
 * step.c: the time of one training step of a network on noise: forward, Dice + cross entropy, backward, Adam. Rows
 * "measure, value"; the first are written when the first step is done: what it has had to do, see count.h, as GFLOP (two
 * per product: the outputs, the gradients of inputs other than images, and those of weights) and GB.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/opt.h"
#include "base/rng.h"
#include "cpu/threads.h"
#include "cuda/device.h"
#include "nn/optim.h"
#include "nn/recording.h"
#include "count.h"

struct conf {
	const char *net, *shape, *precision, *device;
	int steps, warm, threads, classes;
	bool fast, count;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, net, 0, "SPEC", "unet:chns=16,32,64,128,256:dropout=0,0,0,0.5,0.5",
		"network; unet:dims=3... for volumes"),
	OPT_STRING(struct conf, shape, 0, "NxCx[Dx]HxW", "8x1x256x256", "shape of a batch"),
	OPT_CHOICE(struct conf, precision, 0, "f32|tf32|bf16", "f32", "of feature maps"),
	OPT_NUMBER(struct conf, classes, 0, "K", "4", 2, 256, "number of classes"),
	OPT_NUMBER(struct conf, steps, 0, "N", "7", 1, 100000, "how many"),
	OPT_NUMBER(struct conf, warm, 0, "N", "1", 1, 1000, "how many before those that count"),
	OPT_STRING(struct conf, device, 0, "auto|cpu|cuda[:N]", "cpu", "where to compute"),
	OPT_SWITCH(struct conf, fast, 0, "allow the GPU algorithms whose last digits differ from run to run"),
	OPT_SWITCH(struct conf, count, 0, "say what a step has to do, and do none"),
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

/* A step of b's, as pymic-train takes it: recorded and replayed where the backend can. */
struct job {
	struct bench *b;
	struct optim *o;
	struct recording recording;
	struct node *loss;
};

static void compute(void *arg)
{
	struct job *j = arg;
	struct params *ps = j->b->run.ps[0];

	graph_reset(j->b->run.g);
	params_zero_grad(ps);
	j->loss = pass(j->b);
	optim_run(j->o, ps, 0);
}

/* Returns the loss, for which all that was started is waited for. */
static double step(struct job *j, int number)
{
	const void *const host[] = { j->b->image, j->b->label };

	j->recording.g = j->b->run.g;
	j->b->run.g->step = (uint64_t)number;
	optim_put(j->o, 1e-3);
	recording_run(&j->recording, compute, j, host);
	params_touch(j->b->run.ps[0]);
	return graph_scalar(j->b->run.g, j->loss);
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

static void say_counted(void)
{
	printf("GFLOP\t%.3f\nGB\t%.3f\n", 2e-9 * counted.products, 1e-9 * counted.bytes);
	fflush(stdout);
}

/* Steps on the backend, in the memory that the dry run has planned. */
static void measure(const struct conf *c, struct bench *b, const struct backend *be, struct graph *dry, struct params *ps,
	const struct plugin *adam, void *adam_conf)
{
	struct graph g = { .grad = true, .training = true, .type = dry->type };
	struct optim o;
	struct job job = { .b = b, .o = &o };
	double *ms = xcalloc((size_t)c->steps, sizeof *ms);

	params_freeze(ps, be, 1);
	optim_init(&o, adam, adam_conf, ps);
	graph_init(&g, be, graph_plan(dry));
	graph_follow(&g, dry);
	b->run.g = &g;
	b->run.ps[0] = ps;
	for (int i = -c->warm; i < c->steps; i++) {
		const double start = now();
		if (!isfinite(step(&job, i + c->warm)))
			die(PM_FAIL, "the loss is not finite");
		if (i >= 0)
			ms[i] = 1000 * (now() - start);
		else if (i == -c->warm)
			say_counted();
	}
	qsort(ms, (size_t)c->steps, sizeof *ms, by_size);
	printf("ms\t%.3f\n", (ms[(c->steps - 1) / 2] + ms[c->steps / 2]) / 2);
	free(ms);
	recording_drop(&job.recording);
	graph_fini(&g);
	optim_fini(&o);
}

int main(int argc, char **argv)
{
	struct conf c;
	struct bench b = { 0 };
	struct params ps = { 0 }, dry_ps = { 0 };
	struct optim dry_o;
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

	const struct backend *be = device_choose(c.device, c.fast, !strcmp(c.precision, "tf32")), counter = counting(be);
	const struct numbers none = { 0 };
	struct graph dry = { .grad = true, .training = true, .type = strcmp(c.precision, "bf16") ? F_REAL : F_BF16 };
	b.run = (struct run){ .g = &dry, .arch = { { (const struct net *)net, net_conf } }, .classes = c.classes,
		.ps = { &ps }, .deep_mode = 2, .deep_weights = &none, .conf = sup_conf, .labeled = b.fold ? n * dim[2] : n };
	b.run.loss.n = spec_sum_parse(&loss_kind, "dice+ce", b.run.loss.part, (int)PM_COUNT(b.run.loss.part), &e);
	graph_init(&dry, &counter, 0);
	pass(&b); /* declares the parameters; then those that are only counted */
	b.run.ps[0] = &dry_ps;
	graph_reset(&dry);
	pass(&b);
	params_freeze(&dry_ps, &counter, 1);
	optim_init(&dry_o, adam, adam_conf, &dry_ps);
	counted = (struct counts){ 0 };
	step(&(struct job){ .b = &b, .o = &dry_o }, 0);
	if (!c.count)
		measure(&c, &b, be, &dry, &ps, adam, adam_conf);
	else
		say_counted();
	free(b.image);
	free(b.label);
	graph_fini(&dry);
	optim_fini(&dry_o);
	params_fini(&dry_ps);
	params_fini(&ps);
	return PM_OK;
}
