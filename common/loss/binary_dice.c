/* binary_dice.c: soft Dice of all that is not background, as one class. */
#include "loss/terms.h"

struct conf {
	double smooth;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, smooth, 0, "X", "1e-5", 1e-12, 1e6, "added to numerator and denominator"),
	OPT_END,
};

/* Class 0 of a row [1,k]. */
static struct node *background(struct graph *g, struct node *row)
{
	double first[1024] = { 1 };

	return op_total(g, product_of(g, row, op_constant(g, first, 1, row->v.c)));
}

/* With the sums of each class: sum w (1 - y_0)(1 - p_0) = W - sum w y_0 - sum w p_0 + sum w y_0 p_0, W the sum of weights. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double smooth = ((const struct conf *)settings)->smooth;
	struct node *sums = op_overlap(g, logits, t->target, t->weight);
	struct node *all = op_total(g, op_part(g, sums, 2, 1));
	struct node *truth = op_binary(g, B_SUB, all, background(g, op_part(g, sums, 2, 1)));
	struct node *found = op_binary(g, B_SUB, all, background(g, op_part(g, sums, 1, 1)));
	struct node *missing = op_binary(g, B_SUB, op_binary(g, B_SUB, all, truth), background(g, op_part(g, sums, 0, 1)));
	struct node *both = op_binary(g, B_SUB, found, missing);

	return linear(g, -1, dice_ratio(g, both, sum_of(g, truth, found), smooth), 1);
}

const struct loss loss_binary_dice = {
	.p = { "binary-dice", "soft Dice of all that is not background, as one class", NULL, opts, sizeof(struct conf) },
	.eval = eval,
};
