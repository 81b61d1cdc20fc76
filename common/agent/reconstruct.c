/* reconstruct.c: a network learns to make images again as they were before a transform spoiled them. It looks at no label. */
#include "loss/terms.h"
#include "agent/semi.h"

#include <math.h>
#include <string.h>

struct conf {
	const char *output, *loss;
};

static const struct opt opts[] = {
	OPT_CHOICE(struct conf, output, 0, "tanh|linear", "tanh", "what becomes of the network's output: tanh for images in -1..1"),
	OPT_CHOICE(struct conf, loss, 0, "mse|mae", "mse", "mean over voxels and channels of the squared or the absolute error"),
	OPT_END,
};

/* 2 / (1 + exp(-2 z)) - 1. Below -20 it is -1, and e^(-2 z) would soon be infinite. What is not finite shall not become so: + 0 z. */
static struct node *hyperbolic_tangent(struct graph *g, struct node *z)
{
	struct node *bounded = linear(g, 1, op_unary(g, U_RELU, 0, linear(g, 1, z, 20)), -20);
	struct node *e = op_unary(g, U_EXP, 0, linear(g, -2, bounded, 0));

	return sum_of(g, linear(g, 2, op_unary(g, U_POWER, -1, linear(g, 1, e, 1)), -1), linear(g, 0, z, 0));
}

static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];

	forward_all(r, 0, out);
	struct node *y = strcmp(c->output, "tanh") ? out[0] : hyperbolic_tangent(g, out[0]);
	struct node *far = op_binary(g, B_SUB, y, op_plain(g, r->original));
	return main_output(r, out[0], mean_of(g, op_unary(g, strcmp(c->loss, "mse") ? U_ABS : U_SQUARE, 0, far)));
}

static double error(const void *conf, const float *logits, const float *original, int64_t n)
{
	const struct conf *c = conf;
	const bool bounded = !strcmp(c->output, "tanh"), squared = !strcmp(c->loss, "mse");
	double sum = 0;

	for (int64_t i = 0; i < n; i++) {
		const double far = (bounded ? tanh((double)logits[i]) : (double)logits[i]) - (double)original[i];
		sum += squared ? far * far : fabs(far);
	}
	return sum / (double)n;
}

const struct agent agent_reconstruct = {
	.p = { "reconstruct", "pre-training: the network makes images again as they were before they were spoiled; --loss is not used",
		"Zhou et al., Models Genesis, MedIA 2021; Chen et al., Self-supervised learning using image context restoration, MedIA 2019", opts,
		sizeof(struct conf) },
	.nets = 1,
	.maps = true,
	.fixed = true,
	.loss = loss,
	.error = error,
};
