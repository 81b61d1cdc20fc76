/*
 * cover.h: how an image is covered by overlapping windows: tiles are cut out of it, and their logits are added, weighted
 * by a Gaussian, to its planes. For predict.c.
 */
#ifndef PM_COVER_H
#define PM_COVER_H

#include "nn/fmap.h"

#include <stdbool.h>
#include <stdint.h>

/* One axis: `count` windows of length `window`, each padded by `before` (and behind) to `tile`. */
struct cover {
	int64_t size, window, tile, before, count;
	int64_t *start;  /* [count], ascending */
	int64_t *source; /* [count][tile]: where in the image each element of a tile lies; beyond the border mirrored */
	float *weight;   /* [count][window]: the Gaussian over the sum of the Gaussians of all windows at that place */
};

/* Windows no longer than the axis (0: the whole axis), stride apart (0: half a window), tiles a multiple. */
void cover_init(struct cover *c, int64_t size, int64_t window, int64_t stride, int64_t multiple);
void cover_fini(struct cover *c);

/* One tile: which window of each axis, and whether the image is flipped before it is cut. */
struct place {
	int64_t at[3];
	bool flip_h, flip_w;
};

/* image [channels,D,H,W] -> tile [channels,tile...] */
void tile_cut(float *tile, const float *image, int64_t channels, const struct cover cover[3], const struct place *p);

/* tile [classes,tile...], flipped back, is added times its weight and scale to planes [D,classes,H,W] from `first` on. */
void tile_add(real *planes, int64_t first, const real *tile, int64_t classes, const struct cover cover[3],
	const struct place *p, float scale);

#endif
