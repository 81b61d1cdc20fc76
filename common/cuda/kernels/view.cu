/* view.cu: boxes, blur and quarter turns. */
#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct box_cell {
	real *y;
	const real *box;
	uint32_t d, h, w;
};

CELL void box_cell(const struct box_cell *a, uint32_t i)
{
	const float x = (float)(i % a->w), y = (float)(i / a->w % a->h), z = (float)(i / a->w / a->h % a->d);
	const real *b = a->box + (size_t)(i / a->w / a->h / a->d) * 6;

	a->y[i] = z >= b[0] && z < b[3] && y >= b[1] && y < b[4] && x >= b[2] && x < b[5];
}
EACH(box_cell)

static void box(real *y, const real *box, int64_t n, const int64_t size[3])
{
	const struct box_cell a = { y, box, (uint32_t)size[0], (uint32_t)size[1], (uint32_t)size[2] };
	box_cell_each(&a, n * size[0] * size[1] * size[2]);
}

struct blur_cell {
	real *y;
	const real *x, *weight;
	uint32_t count, outer, mid, inner;
};

CELL void blur_cell(const struct blur_cell *a, uint32_t i)
{
	const int m = (int)(i / a->inner % a->mid);
	const uint32_t row = i / a->inner / a->mid;
	const real *w = a->weight + (size_t)(row / a->outer) * a->count, *x = a->x + (size_t)row * a->mid * a->inner + i % a->inner;
	float s = 0;

	for (int k = 0; k < (int)a->count; k++) {
		const int at = m + k - (int)a->count / 2;
		s += w[k] * x[(size_t)(at < 0 ? 0 : at >= (int)a->mid ? (int)a->mid - 1 : at) * a->inner];
	}
	a->y[i] = s;
}
EACH(blur_cell)

static void blur(real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner)
{
	const struct blur_cell a = { y, x, weight, (uint32_t)count, (uint32_t)outer, (uint32_t)mid, (uint32_t)inner };
	blur_cell_each(&a, n * outer * mid * inner);
}

struct turn_cell {
	real *y;
	const real *x, *quarters;
	uint32_t rows, side;
	bool back;
};

CELL void turn_cell(const struct turn_cell *a, uint32_t i)
{
	const uint32_t s = a->side, last = s - 1, w = i % s, h = i / s % s, row = i / s / s;
	const int quarters = (int)a->quarters[row / a->rows], k = (a->back ? -quarters : quarters) & 3;

	a->y[i] = a->x[(size_t)row * s * s + (k == 0 ? h * s + w : k == 1 ? w * s + last - h : k == 2 ? (last - h) * s + last - w :
		(last - w) * s + h)];
}
EACH(turn_cell)

static void turn(real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back)
{
	const struct turn_cell a = { y, x, quarters, (uint32_t)rows, (uint32_t)side, back };
	turn_cell_each(&a, n * rows * side * side);
}

const struct views cuda_views = { box, blur, turn };
