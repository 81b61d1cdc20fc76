/* focal_dice.c: soft Dice that pays more for classes that are found badly. */
#include "loss/terms.h"

struct conf {
	double beta;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, beta, 0, "X", "2", 1, 10, "1: soft Dice; larger: bad classes count more"),
	OPT_END,
};

/* 1 - the mean over classes of D_c^(1 / beta). */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double beta = ((const struct conf *)settings)->beta;

	return linear(g, -1, mean_of(g, op_unary(g, U_POWER, 1 / beta, dice_of(g, logits, t, 1e-5))), 1);
}

const struct loss loss_focal_dice = {
	.p = { "focal-dice", "soft Dice that pays more for classes that are found badly",
		"Wang and Chung, Focal Dice loss and image dilation for brain tumor segmentation, DLMIA 2018", opts, sizeof(struct conf) },
	.eval = eval,
};
