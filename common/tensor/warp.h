/*
 * warp.h: moving voxels by one map of places and, on top of it, a smooth displacement: on the host by warp.c, elsewhere by the
 * kernels of GPUs, which share the arithmetic below.
 */
#ifndef PM_WARP_H
#define PM_WARP_H

#include "base/philox.h"
#include "tensor/spatial.h"
#include "tensor/spline.h"

/*
 * A displacement by cubic B-splines: control points lie evenly in the grid, one cell beyond it at each end, and hold random vectors
 * with components in -1..1. points: per axis at least 4, or 1: the same all along it; points[0] is 0: no displacement.
 */
struct bend {
	int64_t points[3], locked; /* so many at each end of an axis stay 0 */
	double rate[3], start[3];  /* voxel o lies in cell o * rate + start */
	double most[3][3];         /* the displacement in voxels is most * vector */
	struct rng rng;            /* gives the vectors, from here on */
};

/* New voxel o = (z,y,x) is old voxel map * (o,1) + bend(o). SHIFT, FLIP and SWAP move whole voxels, the others interpolate. */
struct warp {
	int64_t from[3], to[3];
	double map[3][4];
	enum border border; /* of SHIFT; what the others bring from outside is 0 */
	bool cubic;         /* channels of images by cubic B-splines, all else linearly */
	bool cut;           /* voxels were left out that may not come back */
	struct bend bend;
	/* What undo takes. SHIFT: size and start; FLIP: which axes; SWAP: the two axes, then which a FLIP mirrors; ZOOM: size; AFFINE: map */
	double own[12];
};

/*
 * warp.c: src[channels,from] becomes dst[channels,to], by nearest neighbour (order 0), linearly (1, f32) or by cubic B-splines
 * (3, f32; borders mirrored): scipy.ndimage.affine_transform, mode constant.
 */
void warp(void *dst, const void *src, const struct warp *w, int64_t channels, enum dtype t, int order);

/* Of control point i: what most makes of its vector. */
PM_ANYWHERE void bend_point(const struct bend *b, uint32_t i, float out[3])
{
	const int64_t at[3] = { i / b->points[2] / b->points[1], i / b->points[2] % b->points[1], i % b->points[2] };
	double v[3];
	bool locked = false;

	for (int a = 0; a < 3; a++)
		locked |= b->points[a] > 1 && (at[a] < b->locked || at[a] >= b->points[a] - b->locked);
	for (uint32_t a = 0; a < 3; a++)
		v[a] = locked ? 0 : rng_word(&b->rng, 3 * i + a) * 0x1p-31 - 1;
	for (int a = 0; a < 3; a++)
		out[a] = (float)(b->most[a][0] * v[0] + b->most[a][1] * v[1] + b->most[a][2] * v[2]);
}

/* Along axis a the control points first.. with weights for voxel o; returns how many. */
PM_ANYWHERE int bend_knots(const struct bend *b, int a, double o, int64_t *first, float weight[4])
{
	const double cells = (double)(b->points[a] - 3), t = o * b->rate[a] + b->start[a], cell = t < 0 ? 0 : t > cells ? cells : t;

	*first = 0;
	weight[0] = 1;
	if (b->points[a] == 1)
		return 1;
	*first = cell < cells ? (int64_t)cell : (int64_t)cells - 1;
	spline_weights((float)(cell - (double)*first), weight);
	return 4;
}

#endif
