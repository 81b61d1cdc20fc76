/* ce.c: cross entropy of the softmax, on hard or soft targets. */
#include "loss/loss.h"

/*
 * sum_v w_v e_v / (sum_v w_v + 1e-10) with e_v = -sum_c a_c y_c ln p_c; w = 1 without pixel weights. Class weights a
 * are not normalised. The logarithm is that of a log-softmax, so that a vanishing probability gives no NaN.
 */
static struct node *eval(struct graph *g, const void *conf, struct node *logits, const struct truth *t)
{
	struct node *sums = op_ce(g, logits, t->target, t->weight, t->class_weight);
	struct node *weight = op_unary(g, U_OFFSET, 1e-10, op_part(g, sums, 1, 1));

	(void)conf;
	return op_binary(g, B_DIV, op_part(g, sums, 0, 1), weight);
}

const struct loss loss_ce = {
	.p = { "ce", "cross entropy; pixel weights make it partial, class weights are not normalised", NULL, NULL, 0 },
	.eval = eval,
};
