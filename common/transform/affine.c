/* affine.c: scaled, sheared, turned and moved by random numbers, in one interpolation. */
#include "transform/grid.h"

#include <math.h>
#include <string.h>

struct conf {
	const char *axes;
	struct numbers scale, shear, shift, d, h, w;
	bool same, cubic;
	double p;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, axes, 0, "AXES", "hw", "letters of the axes that are scaled, sheared and moved: d, h, w"),
	OPT_NUMBER(struct conf, scale, 0, "LO,HI", "0.9,1.1", 0.01, 100, "factor of each of them; more than 1 enlarges"),
	OPT_SWITCH(struct conf, same, 0, "the same factor for all of them"),
	OPT_NUMBER(struct conf, shear, 0, "LO,HI", "", -80, 80, "degrees by which each is slanted towards each other one"),
	OPT_NUMBER(struct conf, shift, 0, "LO,HI", "", -65536, 65536, "voxels along each of them"),
	OPT_NUMBER(struct conf, d, 0, "LO,HI", "-10,10", -360, 360, "degrees about the depth axis, within the slices"),
	OPT_NUMBER(struct conf, h, 0, "LO,HI", "", -360, 360, "degrees about the height axis"),
	OPT_NUMBER(struct conf, w, 0, "LO,HI", "", -360, 360, "degrees about the width axis; about those given it is turned in a row"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability of all this"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;
	static const char *const name[] = { "scale", "shear", "shift", "d", "h", "w" };
	const struct numbers *range[] = { &c->scale, &c->shear, &c->shift, &c->d, &c->h, &c->w };

	for (size_t i = 0; i < PM_COUNT(range); i++)
		if (range[i]->n && (range[i]->n != 2 || range[i]->v[0] > range[i]->v[1]))
			return err_set(e, "%s has to be a range LO,HI", name[i]);
	return axes_check(c->axes, "axes", e);
}

static double in_range(const struct numbers *range, double none, struct rng *rng)
{
	return range->n ? rng_range(rng, range->v[0], range->v[1]) : none;
}

/* Places in mm: a turned image keeps its angles where voxels are longer along one axis than along another. */
static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	const struct numbers *turn[3] = { &c->d, &c->h, &c->w };
	static const double unchanged[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
	double m[3][3], part[3][3], mm[3], moved[3] = { 0 };
	int64_t size[3];
	bool moves[3];

	if (actions_grid(to_do, r, size, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	voxel_size(r, mm);
	for (int a = 0; a < 3; a++)
		moves[a] = size[a] > 1 && axis_named(c->axes, a);
	memcpy(m, unchanged, sizeof m);
	for (int i = 0; i < 3; i++)
		if (turn[i]->n && (i == 0 || size[0] > 1)) {
			turn_matrix(part, i, in_range(turn[i], 0, rng));
			matrix_times(m, part);
		}
	memcpy(part, unchanged, sizeof part);
	double factor = in_range(&c->scale, 1, rng);
	for (int i = 0; i < 3; i++) {
		part[i][i] = moves[i] ? 1 / factor : 1;
		moved[i] = moves[i] ? in_range(&c->shift, 0, rng) : 0;
		factor = c->same ? factor : in_range(&c->scale, 1, rng);
	}
	matrix_times(m, part);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			if (k != i && moves[i] && moves[k]) { /* one by one, so that they never make the image flat */
				memcpy(part, unchanged, sizeof part);
				part[i][k] = tan(in_range(&c->shear, 0, rng) * (M_PI / 180));
				matrix_times(m, part);
			}
	matrix_in_voxels(m, mm);
	draw_affine(to_do, m, moved, c->cubic);
	return 0;
}

const struct transform transform_affine = {
	{ "affine", "scale, shear, turn and move about the centre, in mm; what comes from outside is 0", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
