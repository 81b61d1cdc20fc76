/* dice.c: soft Dice of the softmax, per class over the whole batch, background included. */
#include "loss/terms.h"

struct conf {
	double smooth;
	bool square;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, smooth, 0, "X", "1e-5", 1e-12, 1e6, "added to numerator and denominator"),
	OPT_SWITCH(struct conf, square, 0, "squares in the denominator, sum y^2 + sum p^2: small structures count more"),
	OPT_END,
};

/*
 * 1 - D_c, D_c = (2 sum w y p + s) / (sum w y + sum w p + s): the mean over classes, or sum a_c (1 - D_c) / sum a_c. A
 * class that is absent in both gives D = 1.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *c = settings;
	struct node *miss = linear(g, -1, (c->square ? dice_squared : dice_of)(g, logits, t, c->smooth), 1);

	return class_mean(g, miss, t->class_weight);
}

const struct loss loss_dice = {
	.p = { "dice", "soft Dice of each class over the whole batch, background included",
		"Milletari et al., V-Net: fully convolutional neural networks for volumetric medical image segmentation, 3DV 2016",
		opts, sizeof(struct conf) },
	.eval = eval,
};
