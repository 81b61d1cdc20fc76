/* gce.c: generalized cross entropy: between cross entropy (q to 0) and mean absolute error (q = 1), for noisy labels. */
#include "loss/terms.h"

struct conf {
	double q;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, q, 0, "X", "0.7", 1e-3, 1, "1: mean absolute error; towards 0: cross entropy"),
	OPT_END,
};

/* The mean of e_v = sum_c a_c y_c (1 - p_c^q) / q; not truncated. p + 1e-8 keeps the gradient finite. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double q = ((const struct conf *)settings)->q;
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y);
	struct node *miss = linear(g, -1 / q, op_unary(g, U_POWER, q, linear(g, 1, p, 1e-8)), 1 / q);

	return pixel_mean(g, op_sum(g, by_class(g, product_of(g, y, miss), t->class_weight), 1), w);
}

const struct loss loss_gce = {
	.p = { "gce", "generalized cross entropy, robust to wrong labels",
		"Zhang and Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy labels, NeurIPS 2018", opts,
		sizeof(struct conf) },
	.eval = eval,
};
