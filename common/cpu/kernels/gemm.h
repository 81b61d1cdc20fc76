/*
 * gemm.h: small matrix products whose result stays in registers. Rows are pixels or tiles, each with its PM_LANES channels
 * of one block; that is what a convolution of any kind comes down to on blocked feature maps.
 */
#ifndef PM_GEMM_H
#define PM_GEMM_H

#include "cpu/kernels/simd.h"

#if defined(__AVX512F__)
enum { ACCUMULATORS = 28 }; /* registers for sums; the others hold what is multiplied */
#else
enum { ACCUMULATORS = 12 };
#endif
enum {
	LANE_VECS = PM_LANES / WIDTH,                       /* registers of one block's channels */
	PAIR = 2 * LANE_VECS <= 4 ? 2 * PM_LANES : PM_LANES /* columns of a product: one block or, where they fit, two */
};

/* a[rows][PM_LANES] b[PM_LANES][columns], summed over taps and blocks; strides of a in elements, b is dense. */
struct product {
	int64_t blocks, block_stride, taps, tap_stride;
};

INLINE void product_rows(int rows, int vecs, const struct product *p, const real *a, const real *b, real *c)
{
	vec sum[ACCUMULATORS] = { { 0 } }, w[LANE_VECS > 4 ? LANE_VECS : 4];

	for (int64_t tap = 0; tap < p->taps; tap++)
		for (int64_t k = 0; k < p->blocks; k++) {
			const real *x = a + tap * p->tap_stride + k * p->block_stride;
			for (int l = 0; l < PM_LANES; l++, b += vecs * WIDTH) {
#pragma GCC unroll 8
				for (int v = 0; v < vecs; v++)
					w[v] = *(const vec_loose *)(b + v * WIDTH);
#pragma GCC unroll 28
				for (int r = 0; r < rows; r++) {
					vec factor = splat(x[r * PM_LANES + l]);
#pragma GCC unroll 8
					for (int v = 0; v < vecs; v++)
						sum[r * vecs + v] += factor * w[v];
				}
			}
		}
#pragma GCC unroll 28
	for (int i = 0; i < rows * vecs; i++)
		*(vec_loose *)(c + i * WIDTH) = sum[i];
}

/* Columns that are multiplied together from block `block` of the result on. */
static inline int group_columns(int64_t block, int64_t blocks) { return block + PAIR / PM_LANES <= blocks ? PAIR : PM_LANES; }

/* The number of rows is a constant in each case, so that the sums are registers. */
#define PRODUCT_CASE(n) \
	case n: \
		if ((n) * vecs <= ACCUMULATORS) \
			product_rows(n, vecs, p, a, b, c); \
		break;
#define PRODUCT_CASES(n) \
	PRODUCT_CASE(n) PRODUCT_CASE((n) + 1) PRODUCT_CASE((n) + 2) PRODUCT_CASE((n) + 3) PRODUCT_CASE((n) + 4) \
	PRODUCT_CASE((n) + 5) PRODUCT_CASE((n) + 6)

INLINE void product_some(int rows, int vecs, const struct product *p, const real *a, const real *b, real *c)
{
	switch (rows) {
		PRODUCT_CASES(1)
		PRODUCT_CASES(8)
		PRODUCT_CASES(15)
		PRODUCT_CASES(22)
	}
}

/* c[rows][columns], columns PM_LANES or PAIR, for any number of rows. */
static __attribute__((unused)) void rows_by_columns(const struct product *p, int64_t rows, int columns, const real *a, const real *b, real *c)
{
	int64_t most = ACCUMULATORS * WIDTH / columns, parts = (rows + most - 1) / most;

	for (int64_t i = 0, r = 0; i < parts; i++) {
		int64_t end = rows * (i + 1) / parts;
		if (columns == PM_LANES)
			product_some((int)(end - r), LANE_VECS, p, a + r * PM_LANES, b, c + r * columns);
		else
			product_some((int)(end - r), PAIR / WIDTH, p, a + r * PM_LANES, b, c + r * columns);
		r = end;
	}
}

/* c[m][vecs] (+)= the sum over rows of a[row][0..m) b[row][vecs]: a's and b's rows are PM_LANES apart, b's blocks b_block. */
INLINE void outer_some(int m, int vecs, int64_t rows, const real *a, const real *b, int64_t b_block, real *c, int64_t c_stride, bool add)
{
	vec sum[ACCUMULATORS], y[LANE_VECS > 4 ? LANE_VECS : 4];

#pragma GCC unroll 16
	for (int i = 0; i < m; i++)
#pragma GCC unroll 8
		for (int v = 0; v < vecs; v++)
			sum[i * vecs + v] = add ? load(c, i * c_stride + v * WIDTH, F_REAL) : (vec){ 0 };
	for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 8
		for (int v = 0; v < vecs; v++)
			y[v] = *(const vec_loose *)(b + v / LANE_VECS * b_block + r * PM_LANES + v % LANE_VECS * WIDTH);
#pragma GCC unroll 16
		for (int i = 0; i < m; i++) {
			vec factor = splat(a[r * PM_LANES + i]);
#pragma GCC unroll 8
			for (int v = 0; v < vecs; v++)
				sum[i * vecs + v] += factor * y[v];
		}
	}
#pragma GCC unroll 16
	for (int i = 0; i < m; i++)
#pragma GCC unroll 8
		for (int v = 0; v < vecs; v++)
			*(vec_loose *)(c + i * c_stride + v * WIDTH) = sum[i * vecs + v];
}

/* c[PM_LANES][columns] (+)= a^T b for one block of a and any number of blocks of b. */
static __attribute__((unused)) void outer(int64_t rows, const real *a, int64_t columns, const real *b, int64_t b_block, real *c, int64_t c_stride,
	bool add)
{
	enum { HIGH = LANE_VECS == 1 ? 16 : 8 / LANE_VECS, HIGH_PAIR = LANE_VECS == 1 ? 8 : 2 };
	int64_t k = 0;

	for (; PAIR > (int)PM_LANES && k + PAIR <= columns; k += PAIR)
		for (int i = 0; i < PM_LANES; i += HIGH_PAIR)
			outer_some(HIGH_PAIR, PAIR / WIDTH, rows, a + i, b + k / PM_LANES * b_block, b_block, c + i * c_stride + k, c_stride, add);
	for (; k < columns; k += PM_LANES)
		for (int i = 0; i < PM_LANES; i += HIGH)
			outer_some(HIGH, LANE_VECS, rows, a + i, b + k / PM_LANES * b_block, 0, c + i * c_stride + k, c_stride, add);
}

#endif
