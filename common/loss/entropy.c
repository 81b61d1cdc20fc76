/* entropy.c: how undecided the prediction is, whatever the truth: least where each pixel has one class. */
#include "loss/terms.h"

#include <math.h>

/* The mean over pixels (weighted) of -sum_c p'_c ln p'_c / ln k, p' = 0.999 p + 5e-4. The truth is not looked at. */
static struct node *eval(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	struct node *p = squeezed(g, op_softmax(g, logits)), *e = op_sum(g, product_of(g, p, op_unary(g, U_LOG, 0, p)), 1);

	(void)conf;
	return linear(g, -1 / log((double)logits->v.c), pixel_mean(g, e, t->weight), 0);
}

const struct loss loss_entropy = {
	.p = { "entropy", "entropy of the prediction, from 0 to 1; the truth is not looked at",
		"Grandvalet and Bengio, Semi-supervised learning by entropy minimization, NeurIPS 2004", NULL, 0 },
	.unsupervised = true,
	.eval = eval,
};
