/* view.cu: noise, boxes, blur and quarter turns of images. */
#include <math.h>

#include "cuda/kernels.h"
#include "base/philox.h"
#include "cuda/kernels/each.h"

struct noise_cell {
	real *y;
	const real *x;
	double sigma, most;
	const uint32_t *key;
	uint32_t layer;
};

CELL void noise_cell(const struct noise_cell *a, uint32_t i)
{
	const struct philox word = philox(i >> 1, 0, 0, a->layer, a->key[0], a->key[1]);
	const uint32_t u = philox_word(word, 2 * (i & 1)), v = philox_word(word, 2 * (i & 1) + 1);
	const double z = sqrt(-2 * log((u + 1.0) / 4294967296.0)) * cos(6.283185307179586 / 4294967296.0 * v);

	a->y[i] = a->x[i] + (float)fmax(-a->most, fmin(a->most, a->sigma * z));
}
EACH(noise_cell)

void cuda_noise(real *y, const real *x, int64_t n, double sigma, double most, const uint32_t key[2], uint32_t layer)
{
	const struct noise_cell a = { y, x, sigma, most, key, layer };
	noise_cell_each(&a, n);
}

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

void cuda_box(real *y, const real *box, int64_t n, const int64_t size[3])
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

void cuda_blur(real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner)
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

void cuda_turn(real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back)
{
	const struct turn_cell a = { y, x, quarters, (uint32_t)rows, (uint32_t)side, back };
	turn_cell_each(&a, n * rows * side * side);
}
