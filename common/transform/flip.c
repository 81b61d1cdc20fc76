/* flip.c: mirrored at random, axis by axis. */
#include "tensor/spatial.h"
#include "transform/grid.h"

#include <string.h>

struct conf {
	const char *axes;
	double p;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, axes, 0, "AXES", "hw", "letters of the axes that may be flipped: d, h, w"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability of each of them"),
	OPT_END,
};

static const char letters[] = "dhw";

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (!*c->axes || c->axes[strspn(c->axes, letters)])
		return err_set(e, "axes \"%s\": give letters of d, h, w", c->axes);
	return 0;
}

struct flips {
	int64_t size[3];
	bool axis[3];
};

static void one(void *data, int64_t channels, enum dtype t, const void *arg)
{
	const struct flips *f = arg;

	for (int a = 0; a < 3; a++)
		if (f->axis[a])
			flip_axis(data, f->size, a, channels, t);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct flips f = { .size = { 0 } };
	double map[3][4], own[3];

	if (grid_of(r, f.size, e))
		return -1;
	map_identity(map);
	for (int a = 0; a < 3; a++) {
		/* drawn for every axis, so that the choice of axes does not change the others' luck */
		bool lucky = rng_uniform(rng) < c->p;

		f.axis[a] = lucky && strchr(c->axes, letters[a]) && f.size[a] > 1;
		own[a] = f.axis[a];
		if (!f.axis[a])
			continue;
		map[a][a] = -1;
		map[a][3] = (double)(f.size[a] - 1);
	}
	if (!f.axis[0] && !f.axis[1] && !f.axis[2])
		return 0;
	grid_each(r, f.size, one, &f);
	grid_push(r, "flip", f.size, own, 3, map);
	return 0;
}

static int undo(struct record *r, const double *v, int n, struct err *e)
{
	struct flips f;
	const double *own = grid_pop(r, v, n, f.size, 3, e);

	if (!own)
		return -1;
	for (int a = 0; a < 3; a++)
		f.axis[a] = own[a] != 0;
	grid_each(r, f.size, one, &f);
	return 0;
}

const struct transform transform_flip = {
	{ "flip", "mirror along axes at random", NULL, opts, sizeof(struct conf) },
	.apply = apply, .undo = undo, .check = check,
};
