/* plain.c: element-wise functions, sums and repetitions on plain arrays. */
#include <math.h>
#include <stdlib.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/rows.h"
#include "nn/unary.h"

#define EXP vec_exp
#define LOG vec_log
#define SQRT vec_sqrt
#define GREATER greater
#define PICK pick
#define NUMBER splat
#define POWER powers

INLINE vec powers(vec x, real a)
{
	for (int l = 0; l < WIDTH; l++)
		x[l] = (real)pow((double)x[l], (double)a);
	return x;
}

INLINE vec apply(enum unary f, real a, vec x)
{
	switch (f) {
#define CASE(f, value) \
	case f: \
		return value;
	UNARY(CASE)
#undef CASE
	}
	return x;
}

/* f is a constant where this is called, so that the loop holds one function only. */
INLINE void each(enum unary f, real a, real *y, const real *x, int64_t n, bool add)
{
#pragma omp parallel for schedule(static) if (n > ALONE)
	for (int64_t i = 0; i < n; i += WIDTH) {
		int count = (int)least(WIDTH, n - i);
		vec r = apply(f, a, load_part(x + i, count));
		store_part(y + i, count, add ? load_part(y + i, count) + r : r);
	}
}

void NAME(unary)(enum unary f, double a, real *y, const real *x, int64_t n, bool add)
{
	switch (f) {
#define CASE(f, value) \
	case f: \
		each(f, (real)a, y, x, n, add); \
		break;
	UNARY(CASE)
#undef CASE
	}
}

void NAME(binary)(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add)
{
	switch (f) {
#define CASE(f, op) \
	case f: \
		_Pragma("omp parallel for simd schedule(static) if (parallel : n > ALONE)") \
		for (int64_t i = 0; i < n; i++) { \
			real r = a[i] op b[i]; \
			y[i] = add ? y[i] + r : r; \
		} \
		break;
	CASE(B_ADD, +)
	CASE(B_SUB, -)
	CASE(B_MUL, *)
	CASE(B_DIV, /)
#undef CASE
	}
}

enum { PIECE = 4096, COLUMNS = 256 };

static double piece_sum(const real *x, int64_t n)
{
	double s = 0;
#pragma omp simd reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += (double)x[i];
	return s;
}

static double piece_squares(const real *x, int64_t n)
{
	double s = 0;
#pragma omp simd reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += (double)x[i] * (double)x[i];
	return s;
}

/* The sum over rows of n elements each, of pieces that are the same for any number of threads. */
static void row_sums(real *y, const real *x, int64_t rows, int64_t n, bool add)
{
	int64_t per_row = pieces(n, PIECE);
	double *part = xcalloc((size_t)(rows * per_row), sizeof *part);

#pragma omp parallel for collapse(2) schedule(static) if (rows * n > ALONE)
	for (int64_t r = 0; r < rows; r++)
		for (int64_t p = 0; p < per_row; p++)
			part[r * per_row + p] = piece_sum(x + r * n + p * PIECE, least(PIECE, n - p * PIECE));
	for (int64_t r = 0; r < rows; r++) {
		double s = 0;
		for (int64_t p = 0; p < per_row; p++)
			s += part[r * per_row + p];
		y[r] = (real)(add ? (double)y[r] + s : s);
	}
	free(part);
}

void NAME(sum)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	if (inner == 1) {
		row_sums(y, x, outer, mid, add);
		return;
	}
	int64_t parts = pieces(inner, COLUMNS);
#pragma omp parallel for collapse(2) schedule(static) if (outer * mid * inner > ALONE)
	for (int64_t o = 0; o < outer; o++)
		for (int64_t p = 0; p < parts; p++) {
			double acc[COLUMNS] = { 0 };
			int64_t first = p * COLUMNS, n = least(COLUMNS, inner - first);
			for (int64_t m = 0; m < mid; m++) {
				const real *row = x + (o * mid + m) * inner + first;
				for (int64_t i = 0; i < n; i++)
					acc[i] += (double)row[i];
			}
			real *out = y + o * inner + first;
			for (int64_t i = 0; i < n; i++)
				out[i] = (real)(add ? (double)out[i] + acc[i] : acc[i]);
		}
}

void NAME(spread)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	int64_t rows = inner == 1 ? pieces(mid, PIECE) : mid; /* pieces of a row of one value, or rows of many */
	int64_t each_row = inner == 1 ? PIECE : 1;

#pragma omp parallel for collapse(2) schedule(static) if (outer * mid * inner > ALONE)
	for (int64_t o = 0; o < outer; o++)
		for (int64_t r = 0; r < rows; r++) {
			int64_t m = r * each_row, n = inner == 1 ? least(PIECE, mid - m) : inner;
			real *out = y + (o * mid + m) * inner;
			const real *in = x + o * inner;
			if (inner == 1 && add)
				for (int64_t i = 0; i < n; i++)
					out[i] += *in;
			else if (inner == 1)
				for (int64_t i = 0; i < n; i++)
					out[i] = *in;
			else if (add)
				for (int64_t i = 0; i < n; i++)
					out[i] += in[i];
			else
				memcpy(out, in, (size_t)n * sizeof *out);
		}
}

double NAME(sum_squares)(const real *x, int64_t n)
{
	int64_t count = pieces(n, PIECE);
	double *part = xcalloc((size_t)count, sizeof *part), s = 0;

#pragma omp parallel for schedule(static) if (n > ALONE)
	for (int64_t p = 0; p < count; p++)
		part[p] = piece_squares(x + p * PIECE, least(PIECE, n - p * PIECE));
	for (int64_t p = 0; p < count; p++)
		s += part[p];
	free(part);
	return s;
}
