/* draws.h: what a backend draws at random: the same numbers wherever it is done. key: as in struct norm_act. */
#ifndef PM_DRAWS_H
#define PM_DRAWS_H

#include "nn/fmap.h"

struct draws {
	/* In [0, 1): word (i & 3) of philox({i >> 2, 0, 0, layer}, key) without its last 8 bits, over 2^24. */
	void (*uniform)(real *y, int64_t n, const uint32_t *key, uint32_t layer);
	/* y = x + sigma N(0,1) cut at +-most; element i from words 2 (i & 1) and the next of philox({i >> 1, 0, 0, layer}, key). */
	void (*noise)(real *y, const real *x, int64_t n, double sigma, double most, const uint32_t *key, uint32_t layer);
};

#endif
