/* mae.c: mean absolute error of the softmax, robust to wrong labels. */
#include "loss/terms.h"

/* The mean over pixels (weighted) and classes of |p - y|. */
static struct node *eval(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c);
	struct node *e = op_sum(g, op_unary(g, U_ABS, 0, op_binary(g, B_SUB, p, y)), 1);

	(void)conf;
	return linear(g, 1 / (double)logits->v.c, pixel_mean(g, e, truth_weight(g, t, y)), 0);
}

const struct loss loss_mae = {
	.p = { "mae", "mean absolute error of the softmax, robust to wrong labels",
		"Ghosh et al., Robust loss functions under label noise for deep neural networks, AAAI 2017", NULL, 0 },
	.eval = eval,
};
