/* cover.c: see cover.h. */
#include "net/cover.h"

#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* g[j], j < n: an impulse at n/2 filtered by a Gaussian of sigma n/8, cut off at 4 sigma, nothing beyond the border. */
static void gaussian_window(double *g, int64_t n)
{
	double sigma = (double)n / 8;
	int64_t radius = (int64_t)(4 * sigma + 0.5);
	for (int64_t j = 0; j < n; j++) {
		int64_t x = j - n / 2;
		g[j] = llabs(x) <= radius ? exp(-0.5 * (double)(x * x) / (sigma * sigma)) : 0;
	}
}

static void weights_init(struct cover *c)
{
	double *g = xcalloc((size_t)c->window, sizeof *g), *sum = xcalloc((size_t)c->size, sizeof *sum);
	c->weight = xcalloc((size_t)(c->count * c->window), sizeof *c->weight);
	gaussian_window(g, c->window);
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			sum[c->start[i] + j] += g[j];
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			c->weight[i * c->window + j] = (float)(g[j] / sum[c->start[i] + j]);
	free(g);
	free(sum);
}

/* Index i mirrored into 0..n-1, the edge not repeated, back and forth as often as it takes. */
static int64_t mirror(int64_t i, int64_t n)
{
	if (n == 1)
		return 0;
	int64_t period = 2 * (n - 1);
	i %= period;
	if (i < 0)
		i += period;
	return i < n ? i : period - i;
}

void cover_init(struct cover *c, int64_t size, int64_t window, int64_t stride, int64_t multiple)
{
	c->size = size;
	c->window = window && window < size ? window : size;
	c->tile = (c->window + multiple - 1) / multiple * multiple;
	c->before = (c->tile - c->window) / 2;
	int64_t step = stride ? stride : window / 2, last = size - c->window;
	if (step <= 0 || step > c->window)
		step = c->window;
	c->count = (last + step - 1) / step + 1;
	c->start = xcalloc((size_t)c->count, sizeof *c->start);
	c->source = xcalloc((size_t)(c->count * c->tile), sizeof *c->source);
	for (int64_t k = 0; k < c->count; k++) {
		c->start[k] = k * step < last ? k * step : last;
		for (int64_t i = 0; i < c->tile; i++)
			c->source[k * c->tile + i] = mirror(c->start[k] - c->before + i, size);
	}
	weights_init(c);
}

void cover_fini(struct cover *c)
{
	free(c->start);
	free(c->source);
	free(c->weight);
}

/* A row of a tile from a row of the image; x: where its elements lie. All but the padding lies in one piece. */
static void cut_row(float *restrict tile, const float *restrict row, const int64_t *x, const struct cover *w, bool flip)
{
	const int64_t behind = w->before + w->window, step = flip ? -1 : 1;
	row += flip ? w->size - 1 : 0;
	for (int64_t i = 0; i < w->before; i++)
		tile[i] = row[step * x[i]];
	for (int64_t i = behind; i < w->tile; i++)
		tile[i] = row[step * x[i]];
	row += step * x[w->before];
	tile += w->before;
	if (flip)
		for (int64_t i = 0; i < w->window; i++)
			tile[i] = row[-i];
	else
		memcpy(tile, row, (size_t)w->window * sizeof *tile);
}

void tile_cut(float *tile, const float *image, int64_t channels, const struct cover cover[3], const struct place *p)
{
	const struct cover *d = &cover[0], *h = &cover[1], *w = &cover[2];
	const int64_t *z = d->source + p->at[0] * d->tile, *y = h->source + p->at[1] * h->tile;
#pragma omp parallel for collapse(3) schedule(static)
	for (int64_t c = 0; c < channels; c++)
		for (int64_t k = 0; k < d->tile; k++)
			for (int64_t j = 0; j < h->tile; j++) {
				int64_t row = (c * d->size + z[k]) * h->size + (p->flip_h ? h->size - 1 - y[j] : y[j]);
				cut_row(tile + ((c * d->tile + k) * h->tile + j) * w->tile, image + row * w->size,
					w->source + p->at[2] * w->tile, w, p->flip_w);
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

void tile_add(real *planes, int64_t first, const real *tile, int64_t classes, const struct cover cover[3],
	const struct place *p, float scale)
{
	const struct cover *d = &cover[0], *h = &cover[1], *w = &cover[2];
	const float *by_z = d->weight + p->at[0] * d->window, *by_y = h->weight + p->at[1] * h->window;
	const float *by_x = w->weight + p->at[2] * w->window;
	const int64_t z = d->start[p->at[0]] - first, y = h->start[p->at[1]], x = w->start[p->at[2]];
#pragma omp parallel for collapse(3) schedule(static)
	for (int64_t k = 0; k < d->window; k++)
		for (int64_t c = 0; c < classes; c++)
			for (int64_t j = 0; j < h->window; j++) {
				const real *from = tile + ((c * d->tile + d->before + k) * h->tile + h->before + j) * w->tile + w->before;
				int64_t row = ((z + k) * classes + c) * h->size + (p->flip_h ? h->size - 1 - y - j : y + j);
				add_row(planes + row * w->size + (p->flip_w ? w->size - 1 - x : x), from, by_x,
					by_z[k] * by_y[j] * scale, w->window, p->flip_w);
			}
}
