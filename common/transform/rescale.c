/* rescale.c: larger or smaller by a random factor per axis. */
#include "tensor/spatial.h"
#include "transform/grid.h"

struct conf {
	struct numbers lower, upper;
	double p;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, lower, 0, "D,H,W", "0.8,0.8", 0.01, 100, "smallest factor per axis; H,W alone keep the depth"),
	OPT_NUMBER(struct conf, upper, 0, "D,H,W", "1.2,1.2", 0.01, 100, "largest factor of each axis"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability to rescale at all"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

int bounds_check(const struct numbers *lower, const struct numbers *upper, struct err *e)
{
	if ((lower->n != 2 && lower->n != 3) || lower->n != upper->n)
		return err_set(e, "lower and upper have %d and %d numbers: give D,H,W or H,W in both", lower->n, upper->n);
	for (int i = 0; i < lower->n; i++)
		if (lower->v[i] > upper->v[i])
			return err_set(e, "lower %g is above upper %g", lower->v[i], upper->v[i]);
	return 0;
}

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	return bounds_check(&c->lower, &c->upper, e);
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t from[3], to[3];

	if (actions_grid(to_do, r, from, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	for (int a = 0; a < 3; a++) {
		double lower = axis_number(&c->lower, a), upper = axis_number(&c->upper, a);

		to[a] = lower > 0 ? zoom_length(from[a], rng_range(rng, lower, upper)) : from[a];
	}
	draw_zoom(to_do, to, c->cubic);
	return 0;
}

const struct transform transform_rescale = {
	{ "rescale", "enlarge or shrink by a random factor per axis", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
