/* mse.c: mean squared error of the softmax (the Brier score). */
#include "loss/terms.h"

/* The mean over pixels (weighted) and classes of (p - y)^2. */
static struct node *eval(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c);
	struct node *e = op_sum(g, op_unary(g, U_SQUARE, 0, op_binary(g, B_SUB, p, y)), 1);

	(void)conf;
	return linear(g, 1 / (double)logits->v.c, pixel_mean(g, e, truth_weight(g, t, y)), 0);
}

const struct loss loss_mse = {
	.p = { "mse", "mean squared error of the softmax", NULL, NULL, 0 },
	.eval = eval,
};
