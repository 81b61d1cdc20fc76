/*
 * array.h: passes over one channel that have to be fast. Every one is written for eight lanes side by side, so that the
 * result is the same whatever the width of the machine's vectors.
 */
#ifndef PM_ARRAY_H
#define PM_ARRAY_H

#include <stdbool.h>

#include "base/rng.h"

/* Mean and population standard deviation of the values that are > above (pass -INFINITY for all); returns how many. */
int64_t moments(const float *x, int64_t n, float above, double *mean, double *std);
void extent(const float *x, int64_t n, float *lo, float *hi); /* n > 0 */

/* x = (x - shift) * scale */
void shift_scale(float *x, int64_t n, float shift, float scale);
/* x limited to [lo,hi] */
void limit(float *x, int64_t n, float lo, float hi);

/*
 * x = lo + (hi - lo) * u^gamma with u = (x - lo) / (hi - lo), or 1 - u where invert; lo < hi bound x; gamma > 0.
 * Relative error of the power below 1e-6.
 */
void gamma_curve(float *x, int64_t n, float lo, float hi, float gamma, bool invert);

/* n normal numbers (mean 0, standard deviation 1) from rng. */
void fill_normal(float *x, int64_t n, struct rng *rng);

#endif
