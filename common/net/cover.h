/* cover.h: how an image is covered by overlapping windows, weighted by a Gaussian. For predict.c. */
#ifndef PM_COVER_H
#define PM_COVER_H

#include "nn/backend.h"

/* One axis: `count` windows of length `window`, each padded by `before` (and behind) to `tile`. */
struct cover {
	const struct backend *be;
	int64_t size, window, tile, before, count;
	int64_t *start;  /* [count], ascending */
	int32_t *source; /* [count][tile], on be: beyond the border mirrored */
	float *weight;   /* [count][window], on be: the Gaussian over the sum of the Gaussians of all windows at that place */
};

/* Windows no longer than the axis (0: the whole axis), stride apart (0: half a window), tiles a multiple. */
void cover_init(struct cover *c, const struct backend *be, int64_t size, int64_t window, int64_t stride, int64_t multiple);
void cover_fini(struct cover *c);
size_t cover_bytes(const struct cover *c); /* of its tables on be */

/* Window k, as the kernels want it. */
struct tile_axis cover_window(const struct cover *c, int64_t k, bool flip);

#endif
