/*
 * moments.h: mean and variance of what a convolution writes, gathered while it is still in registers: sums over about a
 * hundred values in f32, then in double, a pair per channel and piece of work, added in a fixed order.
 */
#ifndef PM_MOMENTS_H
#define PM_MOMENTS_H

#include <math.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/simd.h"

/* Of values before the bias is added, so that a large bias costs no digits. */
struct moments {
	vec sum, squares;
	vec_double total, total_squares;
};

INLINE void moments_add(struct moments *m, vec x)
{
	m->sum += x;
	m->squares += x * x;
}

INLINE void moments_flush(struct moments *m)
{
	m->total += __builtin_convertvector(m->sum, vec_double);
	m->total_squares += __builtin_convertvector(m->squares, vec_double);
	m->sum = m->squares = (vec){ 0 };
}

INLINE void moments_store(struct moments *m, double *sum, double *squares)
{
	moments_flush(m);
	memcpy(sum, &m->total, sizeof m->total);
	memcpy(squares, &m->total_squares, sizeof m->total_squares);
}

/* Mean and biased variance, moments[2][y->c], from the sums of all pieces, [piece][2][out]. */
static inline void moments_of(const struct fmap *y, const real *shift, const double *sums, int64_t count, int64_t out, double *moments)
{
	double n = (double)(y->n * fmap_space(y));

	for (int64_t c = 0; c < y->c; c++) {
		double s = 0, q = 0;
		for (int64_t i = 0; i < count; i++) {
			s += sums[2 * i * out + c];
			q += sums[(2 * i + 1) * out + c];
		}
		moments[c] = s / n + (double)shift[c];
		moments[y->c + c] = fmax(0, q / n - s / n * (s / n));
	}
}

#endif
