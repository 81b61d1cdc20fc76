/* points.c: see nn/points.h. */
#include "cpu/kernels/family.h"
#include "cpu/kernels/simd.h"

static void crop(real *y, const real *x, const real *from, int64_t views, int64_t n, int64_t c, const int64_t size[3], const int64_t to[3])
{
#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t v = 0; v < views; v++)
		for (int64_t plane = 0; plane < c * to[0]; plane++) {
			const int64_t z = (int64_t)from[v * 3] + plane % to[0], row = (int64_t)from[v * 3 + 1], column = (int64_t)from[v * 3 + 2];
			const real *in = x + (((v % n * c + plane / to[0]) * size[0] + z) * size[1] + row) * size[2] + column;
			real *out = y + (v * c * to[0] + plane) * to[1] * to[2];
			for (int64_t h = 0; h < to[1]; h++)
				memcpy(out + h * to[2], in + h * size[2], (size_t)to[2] * sizeof *out);
		}
}

/* Where voxel `at` of the full grid lies in a smaller one. */
INLINE int64_t place(const real *at, const struct lookup *s)
{
	int64_t p = 0;

	for (int a = 0; a < 3; a++)
		p = p * s->size[a] + (int64_t)at[a] * s->size[a] / s->full[a];
	return p;
}

static void gather(real *y, const real *x, const real *at, const struct lookup *s)
{
	const int64_t voxels = s->size[0] * s->size[1] * s->size[2];

#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t i = 0; i < s->n; i++)
		for (int64_t k = 0; k < s->c; k++) {
			const real *in = x + (i * s->c + k) * voxels;
			real *out = y + (i * s->channels + s->first + k) * s->points;
			for (int64_t p = 0; p < s->points; p++)
				out[p] = in[place(at + (i * s->points + p) * 3, s)];
		}
}

static void gather_bwd(real *dx, const real *dy, const real *at, const struct lookup *s)
{
	const int64_t voxels = s->size[0] * s->size[1] * s->size[2];

#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t i = 0; i < s->n; i++)
		for (int64_t k = 0; k < s->c; k++) {
			const real *in = dy + (i * s->channels + s->first + k) * s->points;
			real *out = dx + (i * s->c + k) * voxels;
			for (int64_t p = 0; p < s->points; p++)
				out[place(at + (i * s->points + p) * 3, s)] += in[p];
		}
}

/* --- products --- */

enum { ROWS = 4, VECS = 2, COLUMNS = VECS * WIDTH }; /* of what is summed in registers */

/* Rows r.. of a times columns of b, which lie side by side; the last row again where there are fewer. */
INLINE void multiply_block(vec sum[ROWS][VECS], const real *a, const real *b, int64_t r, int64_t pitch, const struct matrices *p)
{
	const real *row[ROWS];

	for (int i = 0; i < ROWS; i++) {
		row[i] = a + (r + i < p->rows ? r + i : p->rows - 1) * p->a[0];
		for (int v = 0; v < VECS; v++)
			sum[i][v] = (vec){ 0 };
	}
	for (int64_t k = 0; k < p->inner; k++, b += pitch) {
		vec w[VECS];
		for (int v = 0; v < VECS; v++)
			w[v] = *(const vec_loose *)(b + v * WIDTH);
		for (int i = 0; i < ROWS; i++) {
			const vec factor = splat(row[i][k * p->a[1]]);
			for (int v = 0; v < VECS; v++)
				sum[i][v] += factor * w[v];
		}
	}
}

static void multiply(real *y, const real *a, const real *b, const struct matrices *p, bool add)
{
	const int64_t blocks = (p->columns + COLUMNS - 1) / COLUMNS, pitch = blocks * COLUMNS;
	real *beside = kernel_scratch((size_t)(p->inner * pitch) * sizeof *beside); /* b with its columns side by side, zeros behind */

	for (int64_t m = 0; m < p->count; m++, a += p->rows * p->inner, b += p->inner * p->columns, y += p->rows * p->columns) {
#pragma omp parallel for schedule(static)
		for (int64_t k = 0; k < p->inner; k++)
			for (int64_t c = 0; c < pitch; c++)
				beside[k * pitch + c] = c < p->columns ? b[k * p->b[0] + c * p->b[1]] : 0;
#pragma omp parallel for collapse(2) schedule(static)
		for (int64_t r = 0; r < p->rows; r += ROWS)
			for (int64_t block = 0; block < blocks; block++) {
				vec sum[ROWS][VECS];
				multiply_block(sum, a, beside + block * COLUMNS, r, pitch, p);
				for (int64_t i = r; i < r + ROWS && i < p->rows; i++)
					for (int64_t c = 0; c < COLUMNS && block * COLUMNS + c < p->columns; c++) {
						real *to = y + i * p->columns + block * COLUMNS + c;
						const real s = sum[i - r][c / WIDTH][c % WIDTH];
						*to = add ? *to + s : s;
					}
			}
	}
}

const struct points NAME(points) = { crop, gather, gather_bwd, multiply };
