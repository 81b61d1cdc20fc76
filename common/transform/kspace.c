/*
 * kspace.c: see kspace.h. Weights that are real and the same for all frequencies across the axis make a circular convolution
 * along it; lines are short, so that this takes no longer than Fourier transforms of the volume.
 */
#include "transform/kspace.h"

#include "transform/grid.h"

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

/* Lines side by side, and values of them at once: fewer sums are loaded and stored. */
enum { TOGETHER = 32, AT_ONCE = 4 };

/* k[n - 1 + d] is the share of a value in the one d places behind it, -n < d < n; zeros in front are for the last AT_ONCE. */
static float *kernel(const double *weight, int64_t n)
{
	float *zeros = xcalloc((size_t)(2 * n + AT_ONCE), sizeof *zeros), *k = zeros + AT_ONCE;

	for (int64_t d = 0; d < n; d++) {
		double sum = 0;
		for (int64_t i = 0; i < n; i++)
			sum += weight[i] * cos(2 * M_PI * (double)((i - n / 2) * d % n) / (double)n);
		k[n - 1 + d] = k[n - 1 - d] = (float)(sum / (double)n);
	}
	return zeros;
}

static void convolve(float *out, const float *in, const float *k, int64_t n)
{
	memset(out, 0, (size_t)(n * TOGETHER) * sizeof *out);
	for (int64_t i = 0; i < n; i++)
		for (int64_t j = 0; j < n; j += AT_ONCE) {
			const float *x = in + j * TOGETHER, *w = k + n - 1 + i - j;
			float *sum = out + i * TOGETHER;

			for (int l = 0; l < TOGETHER; l++)
				sum[l] += w[0] * x[l] + w[-1] * x[l + TOGETHER] + w[-2] * x[l + 2 * TOGETHER] + w[-3] * x[l + 3 * TOGETHER];
		}
}

void add_frequencies(float *x, const float *from, const int64_t size[3], int axis, const double *weight)
{
	const int64_t n = size[axis], stride = axis == 2 ? 1 : axis == 1 ? size[2] : size[1] * size[2], lines = size[0] * size[1] * size[2] / n;
	float *k = kernel(weight, n), *in = xcalloc((size_t)((2 * n + AT_ONCE) * TOGETHER), sizeof *in), *out = in + (n + AT_ONCE) * TOGETHER;

	for (int64_t first = 0; first < lines; first += TOGETHER) {
		const int width = lines - first < TOGETHER ? (int)(lines - first) : TOGETHER;
		int64_t start[TOGETHER];

		for (int l = 0; l < width; l++)
			start[l] = (first + l) / stride * stride * n + (first + l) % stride;
		for (int64_t i = 0; i < n; i++)
			for (int l = 0; l < width; l++)
				in[i * TOGETHER + l] = from[start[l] + i * stride];
		convolve(out, in, k + AT_ONCE, n);
		for (int64_t i = 0; i < n; i++)
			for (int l = 0; l < width; l++)
				x[start[l] + i * stride] += out[i * TOGETHER + l];
	}
	free(in);
	free(k);
}
