/* errors.c: mean absolute and mean squared error of the softmax. */
#include "loss/terms.h"

/* The mean over pixels (weighted) and classes of size(p - y). */
static struct node *error(struct graph *g, enum unary size, struct node *logits, const struct truth *t)
{
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c);
	struct node *e = op_sum(g, op_unary(g, size, 0, op_binary(g, B_SUB, p, y)), 1);

	return linear(g, 1 / (double)logits->v.c, pixel_mean(g, e, truth_weight(g, t, y)), 0);
}

static struct node *absolute(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	(void)conf;
	return error(g, U_ABS, logits, t);
}

static struct node *squared(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	(void)conf;
	return error(g, U_SQUARE, logits, t);
}

const struct loss loss_mae = {
	.p = { "mae", "mean absolute error of the softmax, robust to wrong labels",
		"Ghosh et al., Robust loss functions under label noise for deep neural networks, AAAI 2017", NULL, 0 },
	.eval = absolute,
};

/* The Brier score. */
const struct loss loss_mse = {
	.p = { "mse", "mean squared error of the softmax", NULL, NULL, 0 },
	.eval = squared,
};
