/* tile.c: tiles of an image, and their sum: the contracts are those of nn/backend.h. */
#include "cpu/tile.h"

#include <string.h>

/* A row of a tile from a row of the image. All but the padding lies in one piece. */
static void cut_row(real *restrict tile, const float *restrict row, const struct tile_axis *w)
{
	const int64_t behind = w->before + w->window, step = w->flip ? -1 : 1;
	row += w->flip ? w->size - 1 : 0;
	for (int64_t i = 0; i < w->before; i++)
		tile[i] = (real)row[step * w->source[i]];
	for (int64_t i = behind; i < w->tile; i++)
		tile[i] = (real)row[step * w->source[i]];
	row += step * w->start;
	tile += w->before;
	if (w->flip)
		for (int64_t i = 0; i < w->window; i++)
			tile[i] = (real)row[-i];
	else
		for (int64_t i = 0; i < w->window; i++)
			tile[i] = (real)row[i];
}

void cpu_tile_cut(real *tile, const float *image, int64_t c, const struct tile *t)
{
	const struct tile_axis *d = &t->axis[0], *h = &t->axis[1], *w = &t->axis[2];
#pragma omp parallel for collapse(3) schedule(static)
	for (int64_t k = 0; k < c; k++)
		for (int64_t z = 0; z < d->tile; z++)
			for (int64_t y = 0; y < h->tile; y++) {
				const int64_t at = h->flip ? h->size - 1 - h->source[y] : h->source[y];
				const int64_t row = (k * t->ring + d->source[z] % t->ring) * h->size + at;
				cut_row(tile + ((k * d->tile + z) * h->tile + y) * w->tile, image + row * w->size, w);
			}
}

static void add_row(real *restrict to, const real *restrict from, const float *restrict weight, float by, int64_t n,
	bool flip)
{
	if (flip)
		for (int64_t i = 0; i < n; i++)
			to[-i] += by * weight[i] * from[i];
	else
		for (int64_t i = 0; i < n; i++)
			to[i] += by * weight[i] * from[i];
}

void cpu_tile_add(real *planes, const real *tile, int64_t k, const struct tile *t, double scale)
{
	const struct tile_axis *d = &t->axis[0], *h = &t->axis[1], *w = &t->axis[2];
	const int64_t first = w->flip ? w->size - 1 - w->start : w->start;
#pragma omp parallel for collapse(3) schedule(static)
	for (int64_t z = 0; z < d->window; z++)
		for (int64_t c = 0; c < k; c++)
			for (int64_t y = 0; y < h->window; y++) {
				const real *from = tile + ((c * d->tile + d->before + z) * h->tile + h->before + y) * w->tile + w->before;
				const int64_t at = h->flip ? h->size - 1 - h->start - y : h->start + y;
				const int64_t row = ((d->start + z) % t->ring * k + c) * h->size + at;
				add_row(planes + row * w->size + first, from, w->weight, d->weight[z] * h->weight[y] * (float)scale, w->window,
					w->flip);
			}
}

bool cpu_all_finite(const real *x, int64_t n)
{
	real sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum)
	for (int64_t i = 0; i < n; i++)
		sum += x[i] * 0; /* NaN, but for what is finite */
	return sum == 0;
}
