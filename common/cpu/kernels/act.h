/* act.h: a deferred normalisation with its leaky ReLU, applied to what has just been read or is about to be written. */
#ifndef PM_ACT_H
#define PM_ACT_H

#include "cpu/kernels/simd.h"

struct act_vec {
	vec scale, shift;
	real slope;
};

/* Of WIDTH channels from the physical channel on; NULL where there is none. */
INLINE struct act_vec *act_at(struct act_vec *v, const struct act *a, int64_t channel)
{
	if (!a)
		return NULL;
	v->scale = a->scale ? load(a->scale, channel, F_REAL) : splat(1);
	v->shift = load(a->shift, channel, F_REAL);
	v->slope = (real)a->slope;
	return v;
}

/* Slopes are 0 to 1, so that the larger of x and slope x is the one. */
INLINE vec acted(vec x, const struct act_vec *a)
{
	if (!a)
		return x;
	x = x * a->scale + a->shift;
	return larger(x * a->slope, x);
}

#endif
