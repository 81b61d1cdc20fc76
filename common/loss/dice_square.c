/* dice_square.c: soft Dice with squares in the denominator, per class over the whole batch, background included. */
#include "loss/terms.h"

struct conf {
	double smooth;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, smooth, 0, "X", "1e-5", 1e-12, 1e6, "added to numerator and denominator"),
	OPT_END,
};

/* 1 - D_c, D_c = (2 sum w y p + s) / (sum w y^2 + sum w p^2 + s): the mean over classes, or sum a_c (1 - D_c) / sum a_c. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y);
	struct node *wp = by_pixel(g, p, w), *wy = by_pixel(g, y, w);
	struct node *each = sum_of(g, class_sums(g, product_of(g, p, wp)), class_sums(g, product_of(g, y, wy)));
	struct node *dice = dice_ratio(g, class_sums(g, product_of(g, p, wy)), each, ((const struct conf *)settings)->smooth);

	return class_mean(g, linear(g, -1, dice, 1), t->class_weight);
}

const struct loss loss_dice_square = {
	.p = { "dice-square", "soft Dice with squares in the denominator, of each class over the whole batch, background included",
		"Milletari et al., V-Net: fully convolutional neural networks for volumetric medical image segmentation, 3DV 2016",
		opts, sizeof(struct conf) },
	.eval = eval,
};
