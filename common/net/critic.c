/*
 * critic.c: the critic of deep adversarial networks (Zhang et al., MICCAI 2017): levels of half the size, without
 * normalisation. It differs from the published one in its kernels: an average over 2x2 behind a 3x3 convolution, which is a
 * 4x4 one of stride 2, padding 1, made of nine weights in place of sixteen; and the last level is averaged to one pixel, not
 * to 2x2.
 */
#include "net/critic.h"

#include "net/perturb.h"

static int64_t half(int64_t size) { return (size + 1) / 2; }

/* Plain, of half the size. */
static struct node *strided(struct graph *g, struct params *ps, struct node *x, const char *name, int dims, int64_t cout)
{
	struct node *y = op_plain(g, conv(g, ps, x, name, dims, cout, 3, CONV_TO_MAPS));

	return op_resample(g, y, (int64_t[]){ half(x->v.d), half(x->v.h), half(x->v.w) }, RESAMPLE_AVERAGE);
}

/* max(x, 0.2 x), perhaps without half of its channels, as convolutions read it. */
static struct node *activated(struct graph *g, struct node *x, bool drop)
{
	x = op_binary(g, B_ADD, op_unary(g, U_SCALE, 0.2, x), op_unary(g, U_SCALE, 0.8, op_unary(g, U_RELU, 0, x)));
	return drop && g->training && !g->aside ? drop_channels(g, x, 0.5, 0.5) : op_maps(g, x);
}

struct node *critic_forward(struct graph *g, const struct critic *c, struct params *ps, struct node *p, struct node *x)
{
	char name[32];

	/* A convolution of both is the sum of one of each. */
	x = op_cat(g, op_maps(g, p), op_maps(g, x));
	for (int i = 0; i < c->chns->n; i++) {
		snprintf(name, sizeof name, "critic.%d", i);
		x = strided(g, ps, x, name, c->dims, (int64_t)c->chns->v[i]);
		if (i < c->chns->n - 1)
			x = activated(g, x, true);
	}
	x = op_resample(g, op_plain(g, activated(g, x, false)), (int64_t[]){ 1, 1, 1 }, RESAMPLE_AVERAGE);
	return op_plain(g, conv(g, ps, op_maps(g, x), "critic.out", c->dims, 2, 1, CONV_TO_LOGITS));
}
