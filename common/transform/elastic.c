/* elastic.c: a random smooth displacement. */
#include "transform/grid.h"

struct conf {
	struct numbers max;
	int points, locked;
	double p;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, max, 0, "D,H,W", "8,8", 0, 65536, "most voxels along each axis; H,W alone: all slices alike"),
	OPT_NUMBER(struct conf, points, 0, "N", "7", 4, 32, "control points along each axis, moved at random; between them are cubic B-splines"),
	OPT_NUMBER(struct conf, locked, 0, "N", "2", 0, 15, "so many at each end of each axis stay where they are"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability to deform at all"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->max.n != 2 && c->max.n != 3)
		return err_set(e, "max has %d numbers: give D,H,W or H,W", c->max.n);
	if (2 * c->locked >= c->points)
		return err_set(e, "of %d points along an axis %d at each end are locked: none is left", c->points, c->locked);
	return 0;
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t size[3];

	if (actions_grid(to_do, r, size, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	struct warp *w = draw_warp(to_do, ACTION_BEND, size);
	struct bend *b = &w->bend;

	w->cubic = c->cubic;
	b->locked = c->locked;
	for (int a = 0; a < 3; a++) {
		const double most = size[a] > 1 ? axis_number(&c->max, a) : 0;

		b->points[a] = most > 0 || (a > 0 && size[a] > 1) ? c->points : 1;
		b->rate[a] = size[a] > 1 ? (double)(c->points - 3) / (double)(size[a] - 1) : 0;
		b->most[a][a] = most;
	}
	b->rng = *rng;
	return 0;
}

const struct transform transform_elastic = {
	{ "elastic", "deform by a random smooth displacement; cannot be undone", NULL, opts, sizeof(struct conf) }, .draw = draw, .check = check,
};
