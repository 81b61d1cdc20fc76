/* filter.c: separable smoothing. */
#include "tensor/spatial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Index i reflected into 0..n-1 with the edge repeated: b a | a b c | c b. */
static int64_t reflect(int64_t i, int64_t n)
{
	i %= 2 * n;
	if (i < 0)
		i += 2 * n;
	return i < n ? i : 2 * n - 1 - i;
}

static double *kernel(double sigma, int64_t radius)
{
	double *k = xcalloc((size_t)(2 * radius + 1), sizeof(*k)), sum = 0;

	for (int64_t i = -radius; i <= radius; i++)
		sum += k[i + radius] = exp(-0.5 * (double)(i * i) / (sigma * sigma));
	for (int64_t i = 0; i <= 2 * radius; i++)
		k[i] /= sum;
	return k;
}

/* Lines side by side are filtered together, so that the inner loop is contiguous whatever the axis. */
enum { TOGETHER = 64 };

struct line {
	double *out;
	float *in;
	int64_t n, radius;
	const double *k;
};

static void filter_lines(float *x, int64_t stride, int64_t width, const struct line *l)
{
	for (int64_t i = -l->radius; i < l->n + l->radius; i++)
		memcpy(l->in + (i + l->radius) * width, x + reflect(i, l->n) * stride, (size_t)width * sizeof(*x));
	memset(l->out, 0, (size_t)(l->n * width) * sizeof(*l->out));
	for (int64_t k = 0; k <= 2 * l->radius; k++) {
		const float *in = l->in + k * width;

		for (int64_t i = 0; i < l->n * width; i++)
			l->out[i] += l->k[k] * (double)in[i];
	}
	for (int64_t i = 0; i < l->n; i++)
		for (int64_t j = 0; j < width; j++)
			x[i * stride + j] = (float)l->out[i * width + j];
}

void gaussian(float *data, const int64_t size[3], const double sigma[3])
{
	int64_t stride = 1, total = size[0] * size[1] * size[2];

	for (int a = 2; a >= 0; stride *= size[a], a--) {
		assert(sigma[a] >= 0 && sigma[a] < 1e6);
		int64_t radius = (int64_t)(4 * sigma[a] + 0.5), width = stride < TOGETHER ? stride : TOGETHER;

		if (radius == 0 || size[a] == 1)
			continue;
		double *k = kernel(sigma[a], radius);
		struct line l = { .n = size[a], .radius = radius, .k = k };

		l.in = xcalloc((size_t)((size[a] + 2 * radius) * width), sizeof(*l.in));
		l.out = xcalloc((size_t)(size[a] * width), sizeof(*l.out));
		for (int64_t at = 0; at < total; at += stride * size[a])
			for (int64_t j = 0; j < stride; j += width)
				filter_lines(data + at + j, stride, stride - j < width ? stride - j : width, &l);
		free(l.in);
		free(l.out);
		free(k);
	}
}
