/* tv.c: total variation: what an opening of each class's probabilities would even out, whatever the truth. */
#include "loss/terms.h"

/*
 * The mean over all elements of max(min p') - min p', extremes of 3^d neighbours in each class, p' = 0.999 p + 5e-4: of the
 * latter only the factor is left. Pixel weights are not looked at either.
 */
static struct node *eval(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	struct node *least = op_extreme(g, op_softmax(g, logits), false);

	(void)conf, (void)t;
	return linear(g, 0.999, mean_of(g, op_binary(g, B_SUB, op_extreme(g, least, true), least)), 0);
}

const struct loss loss_tv = {
	.p = { "tv", "total variation of the prediction: smooth borders; the truth is not looked at",
		"Rudin et al., Nonlinear total variation based noise removal algorithms, Physica D 1992", NULL, 0 },
	.unsupervised = true,
	.eval = eval,
};
