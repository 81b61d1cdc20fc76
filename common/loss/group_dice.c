/* group_dice.c: soft Dice of two groups of classes: which group a voxel belongs to matters, which class of it does not. */
#include "loss/terms.h"

struct conf {
	double smooth;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, smooth, 0, "X", "1e-5", 1e-12, 1e6, "added to numerator and denominator"),
	OPT_END,
};

/* The sum over classes first .. last of x. */
static struct node *group(struct graph *g, struct node *x, int64_t first, int64_t last)
{
	double member[1024] = { 0 };

	for (int64_t c = first; c <= last; c++)
		member[c] = 1;
	return op_sum(g, by_class(g, x, op_constant(g, member, 1, x->v.c)), 1);
}

/* Classes 1 .. k/2 and the rest (the background is in none); the mean of 1 - Dice of both, or of the one there is. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double smooth = ((const struct conf *)settings)->smooth;
	const int64_t k = logits->v.c, half = k / 2;
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, k), *w = truth_weight(g, t, y), *sum = NULL;
	const int groups = k > 2 ? 2 : 1;

	p = by_pixel(g, p, w);
	for (int i = 0; i < groups; i++) {
		struct node *in_p = group(g, p, i ? half + 1 : 1, i ? k - 1 : half), *in_y = group(g, y, i ? half + 1 : 1, i ? k - 1 : half);
		struct node *wy = w ? product_of(g, in_y, w) : in_y;
		struct node *both = op_total(g, product_of(g, in_p, in_y)), *each = sum_of(g, op_total(g, in_p), op_total(g, wy));
		struct node *d = dice_ratio(g, both, each, smooth);
		sum = sum ? sum_of(g, sum, d) : d;
	}
	return linear(g, -1.0 / groups, sum, 1);
}

const struct loss loss_group_dice = {
	.p = { "group-dice", "soft Dice of two groups of classes, the lower and the upper half", NULL, opts, sizeof(struct conf) },
	.eval = eval,
};
