/*
 * loss.c: the time of a loss, forward and backward down to the logits, on noise. Rows "measure, value"; the first is written
 * when the first step is done.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cpu/threads.h"
#include "loss/loss.h"
#include "nn/params.h"

struct conf {
	const char *loss;
	struct numbers shape;
	int steps, threads;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, loss, 0, "SPEC", "gated-crf", "loss"),
	OPT_NUMBER(struct conf, shape, 0, "NxKxHxW", "8x4x256x256", 1, 65536, "shape of the logits; the image has one channel"),
	OPT_NUMBER(struct conf, steps, 0, "N", "7", 1, 100000, "how many, after one that does not count"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "0", 0, 1024, "threads; 0: as many as there are processors"),
	OPT_END,
};

static const struct tool tool = { "loss", "time a loss", "", opts, NULL, NULL };

struct bench {
	struct graph g;
	struct params ps;
	struct loss_sum loss;
	int64_t n, k, size[3];
	float *image;
	uint8_t *label;
};

/* Returns the loss. */
static struct node *step(struct bench *b)
{
	struct graph *g = &b->g;

	graph_reset(g);
	struct node *z = param(g, &b->ps, "z", INIT_ZERO, 1, 5, (int64_t[]){ b->n, b->k, 1, b->size[1], b->size[2] });
	z->v.n = z->g.n = b->n; /* the same memory as maps of n samples */
	z->v.c = z->g.c = b->k;
	z->v.h = z->g.h = b->size[1];
	z->v.w = z->g.w = b->size[2];
	z->v.stride = z->g.stride = fmap_image(&z->v);
	const struct truth t = { .target = op_label(g, b->label, b->n, b->size, false), .image = op_image(g, b->image, b->n, 1, b->size, false) };
	struct node *loss = loss_eval(g, &b->loss, z, &t);
	loss->keep = true;
	graph_backward(g, loss);
	return loss;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct bench b = { .g = { .grad = true, .training = true } };
	struct conf c;
	struct rng rng;
	struct err e;
	char **operand;

	threads_settle(argv);
	opt_parse(&tool, &c, argc, argv, &operand);
	threads_use(c.threads);
	if (c.shape.n != 4)
		die(PM_USAGE, "--shape: NxKxHxW");
	if ((b.loss.n = spec_sum_parse(&loss_kind, c.loss, b.loss.part, (int)PM_COUNT(b.loss.part), &e)) < 1)
		die(PM_USAGE, "--loss: %s", e.msg);
	b.n = (int64_t)c.shape.v[0], b.k = (int64_t)c.shape.v[1];
	memcpy(b.size, (int64_t[]){ 1, (int64_t)c.shape.v[2], (int64_t)c.shape.v[3] }, sizeof b.size);
	const int64_t pixels = b.n * b.size[1] * b.size[2];
	b.image = xcalloc((size_t)pixels, sizeof *b.image);
	b.label = xcalloc((size_t)pixels, 1);
	rng_init(&rng, 1, "loss", 0, "", 0);
	for (int64_t i = 0; i < pixels; i++) {
		b.image[i] = (float)rng_normal(&rng);
		b.label[i] = (uint8_t)rng_int(&rng, 0, b.k - 1);
	}
	graph_init(&b.g, &backend_null, 0);
	step(&b);
	struct graph g = { .grad = true, .training = true }, dry = b.g;
	graph_init(&g, &backend_cpu, graph_plan(&dry));
	graph_follow(&g, &dry);
	b.g = g;
	params_freeze(&b.ps, &backend_cpu, 1);
	for (int64_t i = 0; i < b.k * pixels; i++)
		b.ps.value[i] = (real)rng_normal(&rng);
	params_touch(&b.ps);
	double *ms = xcalloc((size_t)c.steps, sizeof *ms);
	for (int i = -1; i < c.steps; i++) {
		const double start = now();
		params_zero_grad(&b.ps);
		const double value = graph_scalar(&b.g, step(&b));
		if (i >= 0)
			ms[i] = 1000 * (now() - start);
		else if (isfinite(value)) {
			printf("loss\t%.6g\n", value);
			fflush(stdout);
		} else
			die(PM_FAIL, "the loss is not finite");
	}
	qsort(ms, (size_t)c.steps, sizeof *ms, by_size);
	printf("ms\t%.3f\n", (ms[(c.steps - 1) / 2] + ms[c.steps / 2]) / 2);
	return PM_OK;
}
