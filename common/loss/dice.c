/* dice.c: soft Dice of the softmax, per class over the whole batch, background included. */
#include "loss/loss.h"

struct conf {
	double smooth;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, smooth, 0, "X", "1e-5", 1e-12, 1e6, "added to numerator and denominator"),
	OPT_END,
};

/*
 * 1 - D_c, D_c = (2 sum w y p + s) / (sum w y + sum w p + s): the mean over classes, or sum a_c (1 - D_c) / sum a_c. A
 * class that is absent in both gives D = 1.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *conf = settings;
	struct node *sums = op_overlap(g, logits, t->target, t->weight);
	struct node *both = op_unary(g, U_SCALE, 2, op_part(g, sums, 0, 1));
	struct node *each = op_binary(g, B_ADD, op_part(g, sums, 1, 1), op_part(g, sums, 2, 1));
	struct node *d = op_binary(g, B_DIV, op_unary(g, U_OFFSET, conf->smooth, both),
		op_unary(g, U_OFFSET, conf->smooth, each));
	struct node *miss = op_unary(g, U_OFFSET, 1, op_unary(g, U_SCALE, -1, d));

	if (!t->class_weight)
		return op_unary(g, U_SCALE, 1.0 / (double)logits->v.c, op_total(g, miss));
	return op_binary(g, B_DIV, op_total(g, op_binary(g, B_MUL, miss, t->class_weight)), op_total(g, t->class_weight));
}

const struct loss loss_dice = {
	.p = { "dice", "soft Dice of each class over the whole batch, background included",
		"Milletari et al., V-Net: fully convolutional neural networks for volumetric medical image segmentation, 3DV 2016",
		opts, sizeof(struct conf) },
	.eval = eval,
};
