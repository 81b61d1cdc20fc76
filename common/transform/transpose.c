/* transpose.c: two axes change places at random. */
#include "transform/grid.h"

struct conf {
	const char *about;
	double p;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, about, 0, "AXES", "hw", "letters of axes, d, h, w: of one of them the two others change places"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.6", 0, 1, "probability that any do"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return axes_check(((const struct conf *)conf)->about, "about", e); }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t size[3];
	int a, b;

	if (actions_grid(to_do, r, size, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	plane_across(axis_drawn(c->about, rng), &a, &b);
	draw_swap(to_do, a, b);
	return 0;
}

const struct transform transform_transpose = {
	{ "transpose", "exchange two axes at random", NULL, opts, sizeof(struct conf) }, .draw = draw, .check = check,
};
