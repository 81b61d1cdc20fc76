/* augmentation.h: a backend that carries out actions of transforms on arrays in its own memory. */
#ifndef PM_AUGMENTATION_H
#define PM_AUGMENTATION_H

#include "nn/fmap.h"
#include "tensor/action.h"

struct augmentation {
	/* src [channels, a->warp.from], which is lost, becomes dst [channels, a->warp.to], both F_REAL or F_U8; order: of action_order. */
	void (*warp)(void *dst, void *src, enum ftype type, int64_t channels, const struct action *a, int order);
	/* The n values of the channel, in place. */
	void (*change)(float *x, int64_t n, const struct action *a);
	/* x [n,c,slices,plane] becomes y [n,slices,c,plane]. */
	void (*rows)(void *y, const void *x, enum ftype type, int64_t n, int64_t c, int64_t slices, int64_t plane);
};

#endif
