/* flip.c: mirrored at random, axis by axis. */
#include "transform/grid.h"

struct conf {
	const char *axes;
	double p;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, axes, 0, "AXES", "hw", "letters of the axes that may be flipped: d, h, w"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability of each of them"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return axes_check(((const struct conf *)conf)->axes, "axes", e); }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t size[3];
	bool axis[3];

	if (actions_grid(to_do, r, size, e))
		return -1;
	for (int a = 0; a < 3; a++) {
		/* drawn for every axis, so that the choice of axes does not change the others' luck */
		bool lucky = rng_uniform(rng) < c->p;

		axis[a] = lucky && axis_named(c->axes, a) && size[a] > 1;
	}
	draw_flip(to_do, axis);
	return 0;
}

const struct transform transform_flip = {
	{ "flip", "mirror along axes at random", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
