/* nr_dice.c: noise-robust Dice: between Dice (gamma 2) and mean absolute error (gamma 1). */
#include "loss/terms.h"

struct conf {
	double gamma;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, gamma, 0, "X", "1.5", 1, 2, "1: as robust as the mean absolute error; 2: as Dice"),
	OPT_END,
};

/* The mean over classes of sum w |p - y|^gamma / (sum w (p + y) + 1e-5); the paper has squares in the denominator. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double gamma = ((const struct conf *)settings)->gamma;
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y);
	struct node *miss = op_unary(g, U_POWER, gamma, op_unary(g, U_ABS, 0, op_binary(g, B_SUB, p, y)));

	return mean_of(g, ratio_of(g, class_sums(g, by_pixel(g, miss, w)), linear(g, 1, class_sums(g, by_pixel(g, sum_of(g, p, y), w)), 1e-5)));
}

const struct loss loss_nr_dice = {
	.p = { "nr-dice", "noise-robust Dice, between Dice and mean absolute error",
		"Wang et al., A noise-robust framework for automatic segmentation of COVID-19 pneumonia lesions, IEEE TMI 2020", opts,
		sizeof(struct conf) },
	.eval = eval,
};
