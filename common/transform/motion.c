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
	struct varied by;
	double shift;
	int moves;
	const char *axes;
};

static const struct opt opts[] = {
	VARIED_OPTS("DEG", "-10", "10", -180, 180, "angle about each axis"),
	OPT_NUMBER(struct conf, shift, 0, "MM", "10", 0, 1e6, "a movement along each axis is drawn from -MM..MM"),
	OPT_NUMBER(struct conf, moves, 0, "N", "2", 1, 100, "how many movements"),
	OPT_STRING(struct conf, axes, 0, "AXES", "hw", "letters of the axes of which one is drawn, along which lines are measured"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	return axes_check(((const struct conf *)conf)->axes, "axes", e) ? -1 : varied_check(conf, e);
}

/* Voxel (z,y,x) of the moved image is voxel map * (z,y,x,1): turned about the centre, in millimetres. Slices stay in their plane. */
static void draw_map(double map[3][4], const struct record *r, const struct conf *c, struct rng *rng)
{
	const int64_t *size = record_peek(r, "image")->dim + 1;
	const bool flat = size[0] == 1;
	double mm[3], turn[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }, shift[3];

	if (meta_numbers(&r->meta, "spacing", mm, 3) != 3)
		mm[0] = mm[1] = mm[2] = 1;
	for (int axis = 0; axis < 3; axis++) {
		const double angle = flat && axis > 0 ? 0 : varied_draw(c, rng) * M_PI / 180, cosine = cos(angle), sine = sin(angle);
		const int a = (axis + 1) % 3, b = (axis + 2) % 3;

		shift[axis] = flat && axis == 0 ? 0 : rng_range(rng, -c->shift, c->shift);
		for (int i = 0; i < 3; i++) {
			const double u = turn[i][a], v = turn[i][b];
			turn[i][a] = cosine * u + sine * v;
			turn[i][b] = cosine * v - sine * u;
		}
	}
	for (int i = 0; i < 3; i++) {
		map[i][3] = (double)(size[i] - 1) / 2 + shift[i] / mm[i];
		for (int j = 0; j < 3; j++) {
			map[i][j] = turn[i][j] * mm[j] / mm[i];
			map[i][3] -= map[i][j] * (double)(size[j] - 1) / 2;
		}
	}
}

/* Along one axis: the lower neighbour of place p, and the share of the upper one; outside of 0..n-1 nothing is read beyond. */
static bool between(double p, int64_t n, int64_t *lo, int64_t *next, float *share)
{
	const bool inside = p >= 0 && p <= (double)(n - 1);

	*lo = inside ? (int64_t)p : 0;
	*share = (float)(p - (double)*lo);
	*next = *lo + 1 < n;
	return inside;
}

/* to = the moved image less x, by linear interpolation; outside of it is `outside`. */
static void difference(float *to, const float *x, const int64_t size[3], const double map[3][4], float outside)
{
	for (int64_t row = 0; row < size[0] * size[1]; row++) {
		const double z = (double)(row / size[1]), y = (double)(row % size[1]);

		for (int64_t i = 0; i < size[2]; i++) {
			int64_t lo[3], next[3];
			float share[3], v[2];
			bool inside = true;

			for (int a = 0; a < 3; a++)
				inside &= between(map[a][0] * z + map[a][1] * y + map[a][3] + map[a][2] * (double)i, size[a], &lo[a], &next[a], &share[a]);
			for (int k = 0; k < 2; k++) {
				const float *p = x + ((lo[0] + k * next[0]) * size[1] + lo[1]) * size[2] + lo[2], *q = p + next[1] * size[2];
				const float a = p[0] + (p[next[2]] - p[0]) * share[2], b = q[0] + (q[next[2]] - q[0]) * share[2];
				v[k] = a + (b - a) * share[1];
			}
			to[row * size[2] + i] = (inside ? v[0] + (v[1] - v[0]) * share[0] : outside) - x[row * size[2] + i];
		}
	}
}

/* Movements part the time into bands of about the same length. That of the lowest frequencies is of the image as it was. */
static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const struct conf *c = conf;
	const int64_t *size = record_peek(r, "image")->dim + 1, voxels = size[0] * size[1] * size[2];
	const int axis = axis_at_random(c->axes, size, rng);
	float lo, hi;

	if (axis < 0)
		return;
	const int64_t n = size[axis];
	const size_t bytes = (size_t)voxels * sizeof *x;
	double *weight = xcalloc((size_t)n, sizeof *weight), map[3][4];
	float *was = xmalloc(bytes), *moved = xmalloc(bytes);

	memcpy(was, x, bytes);
	extent(x, voxels, &lo, &hi);
	for (int64_t band = 0, from = 0, to; band <= c->moves; band++, from = to) {
		const double at = ((double)(band + 1) + rng_range(rng, -0.3, 0.3)) / (c->moves + 1);

		to = band == c->moves ? n : (int64_t)(at * (double)n);
		if (to <= from || (from <= n / 2 && n / 2 < to))
			continue;
		for (int64_t i = 0; i < n; i++)
			weight[i] = i >= from && i < to;
		draw_map(map, r, c, rng);
		difference(moved, was, size, map, lo);
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
	.apply = apply, .check = check,
};
