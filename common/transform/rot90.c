/* rot90.c: turned by right angles at random. */
#include "transform/grid.h"

struct conf {
	const char *about;
	double p;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, about, 0, "AXES", "d", "letters of axes, d, h, w: it is turned about one of them"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.75", 0, 1, "probability to turn at all, by one, two or three right angles"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return axes_check(((const struct conf *)conf)->about, "about", e); }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t size[3];
	bool mirrored[3] = { false };
	int a, b;

	if (actions_grid(to_do, r, size, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	const int64_t quarters = rng_int(rng, 1, 3);

	plane_across(axis_drawn(c->about, rng), &a, &b);
	mirrored[a] = quarters < 3;
	mirrored[b] = quarters > 1;
	if (quarters != 2)
		draw_swap(to_do, a, b);
	draw_flip(to_do, mirrored);
	return 0;
}

const struct transform transform_rot90 = {
	{ "rot90", "turn by right angles at random; the plane's height and width change places", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
