/* cover.c: see cover.h. */
#include "net/cover.h"

#include "base/base.h"

#include <math.h>
#include <stdlib.h>

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

static size_t weight_bytes(const struct cover *c) { return (size_t)(c->count * c->window) * sizeof *c->weight; }
static size_t source_bytes(const struct cover *c) { return (size_t)(c->count * c->tile) * sizeof *c->source; }

/* A table that was made on the host, on the backend. */
static void *moved(const struct backend *be, void *host, size_t bytes)
{
	void *p = be->alloc(bytes);
	be->put(p, host, bytes);
	free(host);
	return p;
}

static void weights_init(struct cover *c)
{
	double *g = xcalloc((size_t)c->window, sizeof *g), *sum = xcalloc((size_t)c->size, sizeof *sum);
	float *weight = xmalloc(weight_bytes(c));
	gaussian_window(g, c->window);
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			sum[c->start[i] + j] += g[j];
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			weight[i * c->window + j] = (float)(g[j] / sum[c->start[i] + j]);
	c->weight = moved(c->be, weight, weight_bytes(c));
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

static void source_init(struct cover *c)
{
	int32_t *source = xmalloc(source_bytes(c));
	for (int64_t k = 0; k < c->count; k++)
		for (int64_t i = 0; i < c->tile; i++)
			source[k * c->tile + i] = (int32_t)mirror(c->start[k] - c->before + i, c->size);
	c->source = moved(c->be, source, source_bytes(c));
}

void cover_init(struct cover *c, const struct backend *be, int64_t size, int64_t window, int64_t stride, int64_t multiple)
{
	c->be = be;
	c->size = size;
	c->window = window && window < size ? window : size;
	c->tile = (c->window + multiple - 1) / multiple * multiple;
	c->before = (c->tile - c->window) / 2;
	int64_t step = stride ? stride : window / 2, last = size - c->window;
	if (step <= 0 || step > c->window)
		step = c->window;
	c->count = (last + step - 1) / step + 1;
	c->start = xcalloc((size_t)c->count, sizeof *c->start);
	for (int64_t k = 0; k < c->count; k++)
		c->start[k] = k * step < last ? k * step : last;
	source_init(c);
	weights_init(c);
}

void cover_fini(struct cover *c)
{
	free(c->start);
	c->be->free(c->source, source_bytes(c));
	c->be->free(c->weight, weight_bytes(c));
}

size_t cover_bytes(const struct cover *c) { return source_bytes(c) + weight_bytes(c); }

struct tile_axis cover_window(const struct cover *c, int64_t k, bool flip)
{
	return (struct tile_axis){ .size = c->size, .start = c->start[k], .window = c->window, .tile = c->tile, .before = c->before,
		.source = c->source + k * c->tile, .weight = c->weight + k * c->window, .flip = flip };
}

