/*
 * action.h: what a transform does to a sample once all chance is drawn: a few numbers, of which the host makes changes to a
 * record (transform/action.h) and a device to arrays in its own memory (nn/augmentation.h).
 */
#ifndef PM_ACTION_H
#define PM_ACTION_H

#include "tensor/warp.h"

enum action_kind {
	ACTION_SHIFT, ACTION_FLIP, ACTION_SWAP, ACTION_ZOOM, ACTION_AFFINE, ACTION_BEND, /* struct warp: of all that lies on the grid */
	/* struct change: of one channel of the image */
	ACTION_RANGE, ACTION_GAMMA, ACTION_NOISE, ACTION_NORMALIZE, ACTION_CLIP, ACTION_SCALE, ACTION_BLUR,
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
	const char *by; /* the transform that wants it */
	struct warp warp;
	struct change change;
};

static inline bool action_warps(const struct action *a) { return a->kind <= ACTION_BEND; }
static inline bool action_blends(const struct action *a) { return action_warps(a) && a->kind >= ACTION_ZOOM; }

/* How a warp takes values: cubic ones are those of channels of images. */
static inline int action_order(const struct action *a, bool numbers, bool channels)
{
	return !action_blends(a) || !numbers ? 0 : a->warp.cubic && channels ? 3 : 1;
}

#endif
