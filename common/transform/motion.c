/*
 * motion.c: a patient who moves while an MR image is taken: line after line of its frequencies is measured, and those of some
 * bands are of the image as it lies after a movement.
 */
#include "transform/array.h"
#include "transform/grid.h"
#include "transform/kspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	struct along along;
	double shift;
	int moves;
};

static const struct opt opts[] = {
	VARIED_OPTS("DEG", "-10", "10", -180, 180, "angle about each axis"),
	ALONG_OPTS("hw", "of which one is drawn, along which lines are measured"),
	OPT_NUMBER(struct conf, shift, 0, "MM", "10", 0, 1e6, "a movement along each axis is drawn from -MM..MM"),
	OPT_NUMBER(struct conf, moves, 0, "N", "2", 1, 100, "how many movements"),
	OPT_END,
};

/* Turned about the centre, and moved, in mm. Slices stay in their plane. */
static void draw_map(double map[3][4], const struct record *r, const struct conf *c, struct rng *rng)
{
	const int64_t *size = record_peek(r, "image")->dim + 1;
	const bool flat = size[0] == 1;
	double mm[3], m[3][3], turn[3][3], moved[3];

	voxel_size(r, mm);
	turn_matrix(m, 0, 0);
	for (int axis = 0; axis < 3; axis++) {
		turn_matrix(turn, axis, flat && axis > 0 ? 0 : varied_draw(c, rng));
		matrix_times(m, turn);
		moved[axis] = flat && axis == 0 ? 0 : rng_range(rng, -c->shift, c->shift) / mm[axis];
	}
	matrix_in_voxels(m, mm);
	affine_map(map, size, m, moved);
}

/* Movements part the time into bands of about the same length. That of the lowest frequencies is of the image as it was. */
static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const struct conf *c = conf;
	const int64_t *size = record_peek(r, "image")->dim + 1, voxels = size[0] * size[1] * size[2];
	const int axis = axis_at_random(c->along.axes, size, rng);
	float lo, hi;

	if (axis < 0)
		return;
	const int64_t n = size[axis];
	const size_t bytes = (size_t)voxels * sizeof *x;
	double *weight = xcalloc((size_t)n, sizeof *weight);
	float *was = xmalloc(bytes), *moved = xmalloc(bytes);
	struct warp w = { .to = { size[0], size[1], size[2] }, .from = { size[0], size[1], size[2] } };

	extent(x, voxels, &lo, &hi);
	for (int64_t i = 0; i < voxels; i++)
		was[i] = x[i] - lo; /* what comes from outside is dark */
	for (int64_t band = 0, from = 0, to; band <= c->moves; band++, from = to) {
		const double at = ((double)(band + 1) + rng_range(rng, -0.3, 0.3)) / (c->moves + 1);

		to = band == c->moves ? n : (int64_t)(at * (double)n);
		if (to <= from || (from <= n / 2 && n / 2 < to))
			continue;
		for (int64_t i = 0; i < n; i++)
			weight[i] = i >= from && i < to;
		draw_map(w.map, r, c, rng);
		warp(moved, was, &w, 1, PM_F32, 1);
		for (int64_t i = 0; i < voxels; i++)
			moved[i] -= was[i];
		add_frequencies(x, moved, size, axis, weight);
	}
	free(weight);
	free(was);
	free(moved);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_motion = {
	{ "motion", "random movements while an MR image was taken", "Shaw et al., MRI k-space motion artefact augmentation, MIDL 2019", opts,
		sizeof(struct conf) },
	.apply = apply, .check = along_check,
};
