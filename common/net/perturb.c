/* perturb.c: see perturb.h. The masks are plain maps, so the features become plain and go back. */
#include "net/perturb.h"

/* a x + b */
static struct node *linear(struct graph *g, double a, struct node *x, double b) { return op_unary(g, U_OFFSET, b, op_unary(g, U_SCALE, a, x)); }

static struct node *spread_over(struct graph *g, struct node *x, const struct fmap *to, int first)
{
	const int64_t dim[5] = { to->n, to->c, to->d, to->h, to->w };

	for (int axis = 4; axis >= first; axis--)
		x = op_spread(g, x, axis, dim[axis]);
	return x;
}

static struct node *times(struct graph *g, struct node *plain, struct node *mask) { return op_maps(g, op_binary(g, B_MUL, plain, mask)); }

/* By channel of each sample what it is multiplied with. */
static struct node *kept_channels(struct graph *g, struct node *x, double lo, double hi)
{
	struct node *keep = op_uniform(g, x->v.n, x->v.c, 1, 1, 1);

	if (lo == hi) {
		keep = op_unary(g, U_SCALE, 1 / (1 - lo), op_unary(g, U_STEP, 0, linear(g, 1, keep, -lo)));
	} else {
		struct node *p = linear(g, hi - lo, op_uniform(g, 1, 1, 1, 1, 1), lo);
		keep = op_unary(g, U_STEP, 0, op_binary(g, B_SUB, keep, p));
		keep = op_binary(g, B_DIV, keep, linear(g, -1, p, 1));
	}
	return spread_over(g, keep, &x->v, 2);
}

struct node *drop_channels(struct graph *g, struct node *x, double lo, double hi)
{
	struct node *keep = kept_channels(g, x, lo, hi);

	return times(g, op_plain(g, x), keep);
}

struct node *with_dropped(struct graph *g, struct node *x, double p)
{
	struct node *keep = kept_channels(g, x, p, p), *plain = op_plain(g, x);

	return op_maps(g, op_join(g, plain, op_binary(g, B_MUL, plain, keep)));
}

struct node *in_halves(struct graph *g, struct node *x)
{
	struct node *keep = op_unary(g, U_STEP, 0, linear(g, 1, op_uniform(g, x->v.n / 2, x->v.c, 1, 1, 1), -0.5));

	keep = op_unary(g, U_SCALE, 2, op_join(g, keep, linear(g, -1, keep, 1)));
	return times(g, op_plain(g, x), spread_over(g, keep, &x->v, 2));
}

struct node *drop_strongest(struct graph *g, struct node *x)
{
	struct node *plain = op_plain(g, x), *a = op_sum(g, op_detach(g, plain), 1), *most = a;

	for (int axis = 4; axis >= 2; axis--)
		most = op_max(g, most, axis);
	most = op_binary(g, B_MUL, most, linear(g, 0.2, op_uniform(g, 1, 1, 1, 1, 1), 0.7));
	struct node *keep = op_unary(g, U_STEP, 0, op_binary(g, B_SUB, spread_over(g, most, &x->v, 2), a));
	return times(g, plain, op_spread(g, keep, 1, x->v.c));
}

struct node *noisy(struct graph *g, struct node *x, double range)
{
	struct node *e = linear(g, 2 * range, op_uniform(g, 1, x->v.c, x->v.d, x->v.h, x->v.w), 1 - range);

	return times(g, op_plain(g, x), op_spread(g, e, 0, x->v.n));
}
