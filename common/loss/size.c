/* size.c: bounds on how large a class is in each sample, from its tags or from what is known of it. */
#include "loss/terms.h"

#include <math.h>
#include <string.h>

struct conf {
	struct numbers low, high;
	const char *penalty;
	bool tags;
	double t;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, low, 0, "LIST", "", 0, 1e12, "the fewest pixels of each class, background included; none or 0: no bound"),
	OPT_NUMBER(struct conf, high, 0, "LIST", "", 0, 1e12, "the most; none or 0: no bound"),
	OPT_SWITCH(struct conf, tags, 0, "a class of which a sample has no labeled pixel is absent there, others have at least one pixel"),
	OPT_CHOICE(struct conf, penalty, 0, "square|barrier", "square", "of a violation: its square, or the log-barrier extension"),
	OPT_NUMBER(struct conf, t, 0, "X", "5", 0.1, 1e6, "of the barrier: the higher the steeper"),
	OPT_END,
};

static struct node *penalty(struct graph *g, const struct conf *c, struct node *x)
{
	return strcmp(c->penalty, "square") ? barrier(g, x, c->t) : op_unary(g, U_SQUARE, 0, op_unary(g, U_RELU, 0, x));
}

/* A number per class, repeated for each of n samples; a bound is that number times scale, a mask whether there is one. */
static struct node *bounds(struct graph *g, const struct numbers *list, double none, int64_t n, int64_t k, double scale, bool mask)
{
	double v[1024];

	if (list->n && list->n != k)
		die(PM_USAGE, "--loss size: %d bounds for %lld classes", list->n, (long long)k);
	for (int64_t c = 0; c < k; c++) {
		const double b = list->n ? list->v[c] : none;
		v[c] = mask ? b > 0 : b * scale;
	}
	return op_spread(g, op_constant(g, v, 1, k), 0, n);
}

/*
 * With V the sum of p over a sample: the mean over samples of sum_c (phi(low - V) + phi(V - high)) / pixels. Bounds are of the
 * whole image: those of a smaller output are smaller too.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *c = settings;
	const int64_t n = logits->v.n, k = logits->v.c;
	const double pixels = (double)fmap_space(&logits->v), scale = t->image ? pixels / (double)fmap_space(&t->image->v) : 1, one = c->tags;
	struct node *size = space_sums(g, op_softmax(g, logits));
	struct node *low = bounds(g, &c->low, one, n, k, scale, false), *has_low = bounds(g, &c->low, one, n, k, 1, true);
	struct node *high = bounds(g, &c->high, 0, n, k, scale, false), *has_high = bounds(g, &c->high, 0, n, k, 1, true);

	if (c->tags) { /* absent: at most 0 */
		struct node *y = truth_soft(g, t, k), *there = op_unary(g, U_STEP, 0, space_sums(g, by_pixel(g, y, t->weight)));
		has_low = product_of(g, has_low, there);
		high = product_of(g, high, there);
		has_high = linear(g, -1, product_of(g, there, linear(g, -1, has_high, 1)), 1);
	}
	struct node *few = product_of(g, has_low, penalty(g, c, op_binary(g, B_SUB, low, size)));
	struct node *many = product_of(g, has_high, penalty(g, c, op_binary(g, B_SUB, size, high)));
	return linear(g, 1 / (pixels * (double)n), op_total(g, sum_of(g, few, many)), 0);
}

const struct loss loss_size = {
	.p = { "size", "bounds on how large each class is in a sample, or that it is absent",
		"Kervadec et al., Constrained-CNN losses for weakly supervised segmentation, Medical Image Analysis 2019", opts, sizeof(struct conf) },
	.eval = eval,
};
