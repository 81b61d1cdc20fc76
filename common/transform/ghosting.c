/* ghosting.c: what moves to and fro while an MR image is taken appears several times, in regular distances along one axis. */
#include "transform/grid.h"
#include "transform/kspace.h"

#include <math.h>
#include <stdlib.h>

struct conf {
	struct along along;
	struct numbers ghosts;
	double restore;
};

static const struct opt opts[] = {
	VARIED_OPTS("S", "0.5", "1", 0, 1, "share that is taken of the frequencies which make the ghosts"),
	OPT_NUMBER(struct conf, ghosts, 0, "LO,HI", "4,10", 1, 65536, "how many ghosts, drawn from LO..HI; one number: always that"),
	ALONG_OPTS("hw", "of which one is drawn"),
	OPT_NUMBER(struct conf, restore, 0, "P", "0", 0, 1, "part of the frequencies, the lowest, that stay as they are; at least the mean does"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	return whole_range(&((const struct conf *)conf)->ghosts, "ghosts", e) ? -1 : along_check(conf, e);
}

static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const struct conf *c = conf;
	const int64_t *size = record_peek(r, "image")->dim + 1, ghosts = whole_draw(&c->ghosts, rng);
	const double part = varied_draw(conf, rng);
	const int axis = axis_at_random(c->along.axes, size, rng);

	if (axis < 0)
		return;
	const int64_t n = size[axis], kept = (int64_t)nearbyint(c->restore * (double)n) / 2;
	double *weight = xcalloc((size_t)n, sizeof *weight);

	for (int64_t i = 0; i < n; i += ghosts)
		if (i != n / 2 && (i < n / 2 - kept || i >= n / 2 + kept))
			weight[i] = -part;
	add_frequencies(x, x, size, axis, weight);
	free(weight);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_ghosting = {
	{ "ghosting", "random ghosts of MR images: fainter copies along an axis", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
