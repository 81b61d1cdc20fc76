/* exp_log.c: exponential logarithmic loss: Dice and cross entropy that care for small structures. */
#include "loss/terms.h"

struct conf {
	double dice, gamma;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, dice, 0, "X", "0.8", 0, 1, "share of the Dice part"),
	OPT_NUMBER(struct conf, gamma, 0, "X", "0.3", 0.01, 5, "below 1: what is nearly right still counts"),
	OPT_END,
};

/* -ln(0.005 + 0.99 x), to the power gamma: x = 1 is kept away from where its gradient is infinite. */
static struct node *exp_log(struct graph *g, struct node *x, double gamma)
{
	return op_unary(g, U_POWER, gamma, linear(g, -1, op_unary(g, U_LOG, 0, linear(g, 0.99, x, 0.005)), 0));
}

/*
 * dice * mean_c (-ln D'_c)^gamma + (1 - dice) * mean_v sum_c y_c a_c (-ln p'_c)^gamma, a_c the root of
 * 1 / (mean of y_c + 0.1); given class weights come on top.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *conf = settings;
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y);
	const double pixels = (double)(y->v.n * y->v.d * y->v.h * y->v.w);
	struct node *share = linear(g, 1 / pixels, class_sums(g, y), 0.1), *rare = op_unary(g, U_POWER, -0.5, share);
	struct node *each = by_class(g, product_of(g, y, exp_log(g, p, conf->gamma)), rare);
	struct node *cross = pixel_mean(g, op_sum(g, by_class(g, each, t->class_weight), 1), w);

	return sum_of(g, linear(g, conf->dice, mean_of(g, exp_log(g, dice_of(g, logits, t, 1e-5), conf->gamma)), 0), linear(g, 1 - conf->dice, cross, 0));
}

const struct loss loss_exp_log = {
	.p = { "exp-log", "exponential logarithmic Dice and cross entropy, for small structures",
		"Wong et al., 3D segmentation with exponential logarithmic loss for highly unbalanced object sizes, MICCAI 2018", opts,
		sizeof(struct conf) },
	.eval = eval,
};
