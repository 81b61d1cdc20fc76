/* points.cu: boxes of images, features of single voxels, products of all vectors with all. */
#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct crop_cell {
	real *y;
	const real *x, *from;
	uint32_t n, c, size[3], to[3];
};

CELL void crop_cell(const struct crop_cell *a, uint32_t i)
{
	const uint32_t w = i % a->to[2], h = i / a->to[2] % a->to[1], z = i / a->to[2] / a->to[1] % a->to[0];
	const uint32_t map = i / a->to[2] / a->to[1] / a->to[0], v = map / a->c;
	const real *from = a->from + (size_t)v * 3;
	const uint32_t at[3] = { (uint32_t)from[0] + z, (uint32_t)from[1] + h, (uint32_t)from[2] + w };

	a->y[i] = a->x[((size_t)((v % a->n * a->c + map % a->c) * a->size[0] + at[0]) * a->size[1] + at[1]) * a->size[2] + at[2]];
}
EACH(crop_cell)

static void crop(real *y, const real *x, const real *from, int64_t views, int64_t n, int64_t c, const int64_t size[3], const int64_t to[3])
{
	struct crop_cell a = { y, x, from, (uint32_t)n, (uint32_t)c, { 0 }, { 0 } };

	for (int i = 0; i < 3; i++) {
		a.size[i] = (uint32_t)size[i];
		a.to[i] = (uint32_t)to[i];
	}
	crop_cell_each(&a, views * c * to[0] * to[1] * to[2]);
}

/* --- features --- */

struct gather_cell {
	real *y;
	const real *x, *at;
	struct lookup s;
};

CELL size_t place(const struct gather_cell *a, uint32_t image, uint32_t point)
{
	const real *at = a->at + ((size_t)image * (size_t)a->s.points + point) * 3;
	size_t p = 0;

	for (int i = 0; i < 3; i++)
		p = p * (size_t)a->s.size[i] + (size_t)((uint32_t)at[i] * (uint32_t)a->s.size[i] / (uint32_t)a->s.full[i]);
	return p;
}

CELL void gather_cell(const struct gather_cell *a, uint32_t i)
{
	const struct lookup *s = &a->s;
	const uint32_t points = (uint32_t)s->points, c = (uint32_t)s->c, p = i % points, map = i / points;
	const size_t voxels = (size_t)(s->size[0] * s->size[1] * s->size[2]);

	a->y[((size_t)(map / c) * (size_t)s->channels + (size_t)s->first + map % c) * points + p] = a->x[map * voxels + place(a, map / c, p)];
}
EACH(gather_cell)

/* A thread for each map: what falls on one voxel is added in the order of the points. */
CELL void scatter(const struct gather_cell *a, uint32_t map)
{
	const struct lookup *s = &a->s;
	const uint32_t points = (uint32_t)s->points, c = (uint32_t)s->c;
	const size_t voxels = (size_t)(s->size[0] * s->size[1] * s->size[2]);
	const real *dy = a->x + ((size_t)(map / c) * (size_t)s->channels + (size_t)s->first + map % c) * points;

	for (uint32_t p = 0; p < points; p++)
		a->y[map * voxels + place(a, map / c, p)] += dy[p];
}
EACH_OF(scatter, gather_cell)

static void gather(real *y, const real *x, const real *at, const struct lookup *s)
{
	const struct gather_cell a = { y, x, at, *s };
	gather_cell_each(&a, s->n * s->c * s->points);
}

static void gather_bwd(real *dx, const real *dy, const real *at, const struct lookup *s)
{
	const struct gather_cell a = { dx, dy, at, *s };
	scatter_each(&a, s->n * s->c);
}

/* --- products --- */

enum { SIDE = 4 }; /* a thread makes so many rows and columns */

struct product_cell {
	real *y;
	const real *a, *b;
	uint32_t rows, inner, columns, down, across, row_a, k_a, k_b, column_b;
	bool add;
};

CELL void product_cell(const struct product_cell *p, uint32_t i)
{
	const uint32_t column = i % p->across * SIDE, row = i / p->across % p->down * SIDE, m = i / p->across / p->down;
	const real *a = p->a + (size_t)m * p->rows * p->inner, *b = p->b + (size_t)m * p->inner * p->columns;
	real *y = p->y + (size_t)m * p->rows * p->columns;
	float sum[SIDE][SIDE];
	size_t from_a[SIDE], from_b[SIDE];

	for (uint32_t j = 0; j < SIDE; j++) {
		from_a[j] = (size_t)(row + j < p->rows ? row + j : p->rows - 1) * p->row_a;
		from_b[j] = (size_t)(column + j < p->columns ? column + j : p->columns - 1) * p->column_b;
		for (uint32_t k = 0; k < SIDE; k++)
			sum[j][k] = 0;
	}
	for (uint32_t k = 0; k < p->inner; k++) {
		float w[SIDE];
		for (uint32_t c = 0; c < SIDE; c++)
			w[c] = b[from_b[c] + (size_t)k * p->k_b];
		for (uint32_t r = 0; r < SIDE; r++) {
			const float factor = a[from_a[r] + (size_t)k * p->k_a];
			for (uint32_t c = 0; c < SIDE; c++)
				sum[r][c] += factor * w[c];
		}
	}
	for (uint32_t r = 0; r < SIDE && row + r < p->rows; r++)
		for (uint32_t c = 0; c < SIDE && column + c < p->columns; c++) {
			real *to = y + (size_t)(row + r) * p->columns + column + c;
			*to = p->add ? *to + sum[r][c] : sum[r][c];
		}
}
EACH(product_cell)

static void multiply(real *y, const real *a, const real *b, const struct matrices *p, bool add)
{
	const uint32_t down = (uint32_t)((p->rows + SIDE - 1) / SIDE), across = (uint32_t)((p->columns + SIDE - 1) / SIDE);
	const struct product_cell c = { y, a, b, (uint32_t)p->rows, (uint32_t)p->inner, (uint32_t)p->columns, down, across, (uint32_t)p->a[0],
		(uint32_t)p->a[1], (uint32_t)p->b[0], (uint32_t)p->b[1], add };

	product_cell_each(&c, p->count * down * across);
}

const struct points cuda_points = { crop, gather, gather_bwd, multiply };
