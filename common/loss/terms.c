/* terms.c: see terms.h. */
#include "loss/terms.h"

#include <math.h>

struct node *sum_of(struct graph *g, struct node *a, struct node *b) { return op_binary(g, B_ADD, a, b); }
struct node *product_of(struct graph *g, struct node *a, struct node *b) { return op_binary(g, B_MUL, a, b); }
struct node *ratio_of(struct graph *g, struct node *a, struct node *b) { return op_binary(g, B_DIV, a, b); }

struct node *linear(struct graph *g, double a, struct node *x, double b)
{
	x = a == 1 ? x : op_unary(g, U_SCALE, a, x);
	return b == 0 ? x : op_unary(g, U_OFFSET, b, x);
}

struct node *mean_of(struct graph *g, struct node *x)
{
	return linear(g, 1 / (double)(x->v.n * x->v.c * x->v.d * x->v.h * x->v.w), op_total(g, x), 0);
}

struct node *squeezed(struct graph *g, struct node *p) { return linear(g, 0.999, p, 5e-4); }
struct node *surprise(struct graph *g, struct node *p) { return linear(g, -1, op_unary(g, U_LOG, 0, linear(g, 1, p, 1e-8)), 0); }

struct node *truth_soft(struct graph *g, const struct truth *t, int64_t k)
{
	return t->target->v.type == F_U8 ? op_onehot(g, t->target, k) : t->target;
}

struct node *truth_weight(struct graph *g, const struct truth *t, struct node *y)
{
	if (t->target->v.type != F_U8)
		return t->weight;
	struct node *valid = op_sum(g, y, 1);
	return t->weight ? product_of(g, t->weight, valid) : valid;
}

struct node *by_class(struct graph *g, struct node *x, struct node *class_weight)
{
	if (!class_weight)
		return x;
	const struct fmap v = x->v;
	struct node *a = op_spread(g, op_spread(g, op_spread(g, class_weight, 4, v.w), 3, v.h), 2, v.d);
	return product_of(g, x, op_spread(g, a, 0, v.n));
}

struct node *by_pixel(struct graph *g, struct node *x, struct node *w)
{
	return w ? product_of(g, x, op_spread(g, w, 1, x->v.c)) : x;
}

struct node *pixel_mean(struct graph *g, struct node *e, struct node *w)
{
	if (!w)
		return mean_of(g, e);
	return ratio_of(g, op_total(g, product_of(g, e, w)), linear(g, 1, op_total(g, w), 1e-10));
}

struct node *truth_image(struct graph *g, const struct truth *t, const struct node *logits)
{
	const int64_t size[3] = { logits->v.d, logits->v.h, logits->v.w };

	if (!t->image)
		die(PM_USAGE, "--loss: a part of it looks at the image, which this --agent does not give it");
	struct node *x = op_plain(g, t->image);
	const bool same = x->v.d == size[0] && x->v.h == size[1] && x->v.w == size[2];
	return same ? x : op_resample(g, x, size, RESAMPLE_AVERAGE);
}

struct node *channel(struct graph *g, struct node *x, int64_t c)
{
	double one[1024] = { 0 };

	if (x->v.c == 1)
		return x;
	one[c] = 1;
	return op_sum(g, by_class(g, x, op_constant(g, one, 1, x->v.c)), 1);
}

struct node *space_sums(struct graph *g, struct node *x) { return op_sum(g, op_sum(g, op_sum(g, x, 4), 3), 2); }

struct node *to_space(struct graph *g, struct node *x, const struct fmap *v)
{
	return op_spread(g, op_spread(g, op_spread(g, x, 4, v->w), 3, v->h), 2, v->d);
}

struct node *class_sums(struct graph *g, struct node *x)
{
	for (int axis = 4; axis >= 0; axis--)
		if (axis != 1)
			x = op_sum(g, x, axis);
	return x;
}

/* One of the three rows of op_overlap as [1,k]. */
static struct node *row(struct graph *g, struct node *sums, int64_t i) { return op_part(g, sums, i, 1); }

struct node *clipped(struct graph *g, struct node *x)
{
	return op_binary(g, B_SUB, op_unary(g, U_RELU, 0, x), op_unary(g, U_RELU, 0, linear(g, 1, x, -1)));
}

struct node *class_mean(struct graph *g, struct node *x, struct node *class_weight)
{
	if (!class_weight)
		return mean_of(g, x);
	return ratio_of(g, op_total(g, product_of(g, x, class_weight)), op_total(g, class_weight));
}

struct node *dice_ratio(struct graph *g, struct node *both, struct node *each, double s)
{
	return ratio_of(g, linear(g, 2, both, s), linear(g, 1, each, s));
}

struct node *dice_of(struct graph *g, struct node *logits, const struct truth *t, double smooth)
{
	struct node *sums = op_overlap(g, logits, t->target, t->weight);
	struct node *both = row(g, sums, 0);

	return dice_ratio(g, both, sum_of(g, row(g, sums, 1), row(g, sums, 2)), smooth);
}

struct node *square_dice(struct graph *g, struct node *p, struct node *y, struct node *w, double smooth)
{
	struct node *each = sum_of(g, op_unary(g, U_SQUARE, 0, p), op_unary(g, U_SQUARE, 0, y));

	return dice_ratio(g, class_sums(g, by_pixel(g, product_of(g, p, y), w)), class_sums(g, by_pixel(g, each, w)), smooth);
}

struct node *dice_squared(struct graph *g, struct node *logits, const struct truth *t, double smooth)
{
	struct node *y = truth_soft(g, t, logits->v.c);

	return square_dice(g, op_softmax(g, logits), y, truth_weight(g, t, y), smooth);
}

struct node *barrier(struct graph *g, struct node *x, double t)
{
	const double bend = 1 / (t * t);
	struct node *inside = linear(g, 1, op_unary(g, U_RELU, 0, linear(g, -1, x, -bend)), bend);

	return sum_of(g, linear(g, -1 / t, op_unary(g, U_LOG, 0, inside), 0), linear(g, t, op_unary(g, U_RELU, 0, linear(g, 1, x, bend)), 0));
}
