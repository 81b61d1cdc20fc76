/*
 * moments.h: what is summed of what a convolution writes while it is still in registers: for mean and variance, or for the
 * gradient of a normalisation. A hundred or two of values are summed in f32, then in double, a pair per channel and piece of work,
 * added in a fixed order.
 */
#ifndef PM_MOMENTS_H
#define PM_MOMENTS_H

#include <math.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/norm.h"
#include "cpu/kernels/simd.h"

/* Of values before the bias is added, so that a large bias costs no digits. */
struct moments {
	vec sum, squares;
	vec_double total, total_squares;
};

/* x, and x y: where y is x, its square. */
INLINE void moments_add(struct moments *m, vec x, vec y)
{
	m->sum += x;
	m->squares += x * y;
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

/* What is summed of the outputs of WIDTH channels: their moments, or what the normalisation behind them wants. */
enum summed { NOTHING, MOMENTS, BEHIND };

struct gather {
	const void *z; /* of that normalisation: it lies as y does */
	struct affine k;
	struct moments mo;
};

/* What of the whole blocks' channels of y is wanted. */
static inline enum summed summed_of(const struct fmap *y, const double *moments)
{
	const struct norm_act *n = y->behind;
	return moments ? MOMENTS : n && n->z.type == y->type && n->z.stride == y->stride ? BEHIND : NOTHING;
}

INLINE struct gather gather_of(const struct fmap *y, enum summed what, int64_t block, int lane)
{
	struct gather to = { .z = NULL };

	if (what == BEHIND) {
		to.z = y->behind->z.data;
		to.k = affine_of(y->behind, 0, block, lane);
	}
	return to;
}

/* x is stored at `at` of a map of that type. */
INLINE void gather(struct gather *to, enum summed what, vec x, int64_t at, enum ftype type)
{
	if (what == BEHIND) {
		vec centred = load(to->z, at, type) - to->k.mean;
		mask sign;
		activate(centred, &to->k, &sign);
		x = pick(sign, x, x * to->k.slope);
		moments_add(&to->mo, x, centred);
	} else if (what == MOMENTS) {
		moments_add(&to->mo, x, x);
	}
}

/* Sums of all pieces, [piece][2][out], to sums[2][c]. */
static inline void moments_sum(const double *of, int64_t count, int64_t out, int64_t c, double *sums)
{
	for (int64_t i = 0; i < 2 * c; i++) {
		const double *from = of + (i < c ? i : out + i - c);
		sums[i] = 0;
		for (int64_t k = 0; k < count; k++)
			sums[i] += from[2 * k * out];
	}
}

/* Mean and biased variance, moments[2][y->c], from the sums of all pieces, [piece][2][out]. */
static inline void moments_of(const struct fmap *y, const real *shift, const double *sums, int64_t count, int64_t out, double *moments)
{
	double n = (double)(y->n * fmap_space(y));

	moments_sum(sums, count, out, y->c, moments);
	for (int64_t c = 0; c < y->c; c++) {
		double s = moments[c], q = moments[y->c + c];
		moments[c] = s / n + (double)shift[c];
		moments[y->c + c] = fmax(0, q / n - s / n * (s / n));
	}
}

static inline void behind_sums(struct fmap *y, const double *sums, int64_t count, int64_t out)
{
	moments_sum(sums, count, out, y->c, y->behind->sums);
	y->behind->summed = true;
}

#endif
