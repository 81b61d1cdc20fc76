/* rotate.c: turned by a random angle in one plane of the grid. */
#include "transform/grid.h"

struct conf {
	struct numbers d, h, w;
	double p;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, d, 0, "LO,HI", "-10,10", -360, 360, "degrees about the depth axis, within the slices"),
	OPT_NUMBER(struct conf, h, 0, "LO,HI", "", -360, 360, "degrees about the height axis"),
	OPT_NUMBER(struct conf, w, 0, "LO,HI", "", -360, 360, "degrees about the width axis; of several axes one is drawn"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability to rotate at all"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;
	const struct numbers *range[3] = { &c->d, &c->h, &c->w };

	if (c->d.n + c->h.n + c->w.n == 0)
		return err_set(e, "no angle: give d, h or w a range LO,HI of degrees");
	for (int i = 0; i < 3; i++)
		if (range[i]->n && (range[i]->n != 2 || range[i]->v[0] > range[i]->v[1]))
			return err_set(e, "%c has to be a range LO,HI of degrees", "dhw"[i]);
	return 0;
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	const struct numbers *range[3] = { &c->d, &c->h, &c->w };
	int64_t size[3];
	double turn[3][3];
	int axis[3], n = 0;

	if (actions_grid(to_do, r, size, e))
		return -1;
	for (int i = 0; i < 3; i++)
		if (range[i]->n)
			axis[n++] = i;
	if (rng_uniform(rng) >= c->p)
		return 0;
	const int about = axis[rng_int(rng, 0, n - 1)];

	turn_matrix(turn, about, rng_range(rng, range[about]->v[0], range[about]->v[1]));
	draw_affine(to_do, turn, (const double[3]){ 0 }, c->cubic);
	return 0;
}

const struct transform transform_rotate = {
	{ "rotate", "turn by a random angle about the centre; what comes from outside is 0", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
