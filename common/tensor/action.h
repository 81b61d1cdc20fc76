/*
 * action.h: what a transform does to a sample once all chance is drawn: a few numbers, of which the host makes changes to a
 * record (transform/action.h) and a device to arrays in its own memory (nn/augmentation.h).
 */
#ifndef PM_ACTION_H
#define PM_ACTION_H

#include "base/rng.h"
#include "tensor/spatial.h"

enum action_kind {
	ACTION_SHIFT, ACTION_FLIP, ACTION_TURN, ACTION_ZOOM, /* struct warp: of all that lies on the grid */
	/* struct change: of one channel of the image */
	ACTION_RANGE, ACTION_GAMMA, ACTION_NOISE, ACTION_NORMALIZE, ACTION_CLIP, ACTION_SCALE, ACTION_BLUR,
};

/* New voxel (z,y,x) is old voxel map * (z,y,x,1); SHIFT and FLIP move whole voxels, the others interpolate. */
struct warp {
	int64_t from[3], to[3];
	double map[3][4];
	enum border border;
	double own[6]; /* what undo takes. SHIFT: size and start; FLIP: which axes; TURN: the axis, degrees; ZOOM: size */
};

/*
 * RANGE: a and b become -1 and 1, where `on` 0 and 1, what lies beyond is cut off; NaN: the least and the greatest value.
 * GAMMA: exponent a over the channel's range, where `on` of the inverted one. NOISE: of deviation a, where `on` cut off at the range.
 * NORMALIZE: mean a and deviation b become 0 and 1; NaN: those of the values > above, which with `on` alone are not noise.
 * CLIP: what is below a becomes to[0], what is above b to[1]. SCALE: b (NaN: the mean) becomes to[0] (NaN: the mean), distances
 * from it a times as large, where `on` cut off at the channel's range. BLUR: by a Gaussian of deviation a along the axes of
 * size [D,H,W] that are chosen.
 */
struct change {
	int64_t channel;
	double a, b, above, to[2];
	bool on, axis[3];
	int64_t size[3];
	struct rng rng; /* gives the noise, from here on */
};

struct action {
	enum action_kind kind;
	struct warp warp;
	struct change change;
};

static inline bool action_warps(const struct action *a) { return a->kind <= ACTION_ZOOM; }
static inline bool action_blends(const struct action *a) { return a->kind == ACTION_TURN || a->kind == ACTION_ZOOM; }

#endif
