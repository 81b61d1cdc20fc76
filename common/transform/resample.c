/* resample.c: to a given distance between voxels. */
#include "tensor/spatial.h"
#include "transform/grid.h"

struct conf {
	struct numbers spacing, keep_z;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, spacing, 0, "Z,Y,X", "", 0, 1e6, "new spacing in mm; Y,X alone and 0 keep an axis as it is"),
	OPT_NUMBER(struct conf, keep_z, 0, "LO,HI", "", 0, 1e6, "leave the depth as it is where its spacing lies in LO..HI"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->spacing.n != 2 && c->spacing.n != 3)
		return err_set(e, "spacing has %d numbers: give Z,Y,X or Y,X (0 keeps an axis)", c->spacing.n);
	if (c->keep_z.n && (c->keep_z.n != 2 || c->keep_z.v[0] > c->keep_z.v[1]))
		return err_set(e, "keep-z has to be a range LO,HI");
	return 0;
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	double have[3];
	int64_t from[3], to[3];

	(void)rng;
	if (actions_grid(to_do, r, from, e))
		return -1;
	if (meta_numbers(&r->meta, "spacing", have, 3) != 3)
		return err_set(e, "has no spacing: resize to a size instead");
	for (int a = 0; a < 3; a++) {
		double want = axis_number(&c->spacing, a), length;

		to[a] = from[a];
		if (want == 0 || (a == 0 && c->keep_z.n && have[0] >= c->keep_z.v[0] && have[0] <= c->keep_z.v[1]))
			continue;
		length = (double)from[a] * (have[a] / want);
		if (!(have[a] > 0 && length < 65536))
			return err_set(e, "a spacing of %g instead of %g would make %g voxels of %g", want, have[a], length,
				(double)from[a]);
		to[a] = zoom_length(from[a], have[a] / want);
	}
	draw_zoom(to_do, to, c->cubic);
	return 0;
}

const struct transform transform_resample = {
	{ "resample", "resample to a spacing, corners aligned", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
