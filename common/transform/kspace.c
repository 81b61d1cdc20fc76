/*
 * kspace.c: see kspace.h. Weights that are real and the same for all frequencies across the axis make a circular convolution
 * along it; lines are short, so that this takes no longer than Fourier transforms of the volume.
 */
#include "transform/kspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int axis_at_random(const char *axes, const int64_t size[3], struct rng *rng)
{
	int axis[3], n = 0;

	for (int a = 0; a < 3; a++)
		if (axis_named(axes, a) && size[a] > 1)
			axis[n++] = a;
	return n ? axis[rng_int(rng, 0, n - 1)] : -1;
}

/* k[n - 1 + d] is the share of a value in the one d places behind it, -n < d < n. */
static float *kernel(const double *weight, int64_t n)
{
	float *k = xmalloc((size_t)(2 * n - 1) * sizeof *k);

	for (int64_t d = 0; d < n; d++) {
		double sum = 0;
		for (int64_t i = 0; i < n; i++)
			sum += weight[i] * cos(2 * M_PI * (double)((i - n / 2) * d % n) / (double)n);
		k[n - 1 + d] = k[n - 1 - d] = (float)(sum / (double)n);
	}
	return k;
}

/* Lines side by side. */
enum { TOGETHER = 16 };

static void convolve(float *out, const float *in, const float *k, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		float sum[TOGETHER] = { 0 };

		for (int64_t j = 0; j < n; j++)
			for (int l = 0; l < TOGETHER; l++)
				sum[l] += k[n - 1 + i - j] * in[j * TOGETHER + l];
		memcpy(out + i * TOGETHER, sum, sizeof sum);
	}
}

void add_frequencies(float *x, const float *from, const int64_t size[3], int axis, const double *weight)
{
	const int64_t n = size[axis], stride = axis == 2 ? 1 : axis == 1 ? size[2] : size[1] * size[2], lines = size[0] * size[1] * size[2] / n;
	float *k = kernel(weight, n), *in = xcalloc((size_t)(2 * n * TOGETHER), sizeof *in), *out = in + n * TOGETHER;

	for (int64_t first = 0; first < lines; first += TOGETHER) {
		const int width = lines - first < TOGETHER ? (int)(lines - first) : TOGETHER;
		int64_t start[TOGETHER];

		for (int l = 0; l < width; l++)
			start[l] = (first + l) / stride * stride * n + (first + l) % stride;
		for (int64_t i = 0; i < n; i++)
			for (int l = 0; l < width; l++)
				in[i * TOGETHER + l] = from[start[l] + i * stride];
		convolve(out, in, k, n);
		for (int64_t i = 0; i < n; i++)
			for (int l = 0; l < width; l++)
				x[start[l] + i * stride] += out[i * TOGETHER + l];
	}
	free(in);
	free(k);
}
