/*
 * distance.c: exact squared Euclidean distances, one axis after the other: along the rows from seed to seed, along the
 * other axes as the lower envelope of parabolas (Felzenszwalb & Huttenlocher, Theory of Computing 2012).
 */
#include "tensor/spatial.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 16 }; /* columns taken together: one cache line of floats */

/* Room for one column at a time. */
struct envelope {
	double *height;   /* of the parabola at k: distance there + (k spacing)^2 */
	double *from;     /* where the j-th parabola of the envelope begins to be the lowest, in voxels */
	double *half;     /* 1 / (2 k spacing^2) */
	int32_t *apex;    /* where the j-th parabola has its foot */
};

/* square[k]: that of k voxels. Half of each gap is nearest to the seed before it, half to the one behind. */
static void row(float *out, const uint8_t *mask, int64_t n, const float *square)
{
	int64_t k = 0, last = -1;
	for (int64_t i = 0; i < n; i++) {
		if (!mask[i])
			continue;
		for (int64_t half = (last + i) / 2; last >= 0 && k <= half; k++)
			out[k] = square[k - last];
		for (; k < i; k++)
			out[k] = square[i - k];
		last = i;
	}
	for (; k < n; k++)
		out[k] = last < 0 ? INFINITY : square[k - last];
}

/* f: n squared distances, replaced by their minimum with the parabolas of all others. */
static void column(float *f, int64_t n, double spacing2, struct envelope *e)
{
	int64_t top = -1;
	for (int64_t k = 0; k < n; k++) {
		if (f[k] == INFINITY)
			continue;
		e->height[k] = f[k] + (double)(k * k) * spacing2;
		double from = -INFINITY;
		for (; top >= 0; top--) {
			int64_t a = e->apex[top];
			from = (e->height[k] - e->height[a]) * e->half[k - a];
			if (from > e->from[top])
				break;
		}
		top++;
		e->from[top] = top ? from : -INFINITY;
		e->apex[top] = (int32_t)k;
	}
	if (top < 0)
		return;
	e->from[top + 1] = INFINITY;
	for (int64_t k = 0, j = 0; k < n; k++) {
		while (e->from[j + 1] < (double)k)
			j++;
		int64_t a = e->apex[j];
		f[k] = (float)(e->height[a] + ((double)(k * k) - 2. * (double)(k * a)) * spacing2);
	}
}

/* Along the middle axis of [outer, n, inner]. */
static void columns(float *d, int64_t outer, int64_t n, int64_t inner, double spacing)
{
	struct envelope e = {
		.height = xcalloc((size_t)n, sizeof *e.height),
		.from = xcalloc((size_t)n + 1, sizeof *e.from),
		.half = xcalloc((size_t)n, sizeof *e.half),
		.apex = xcalloc((size_t)n, sizeof *e.apex),
	};
	float *block = xcalloc((size_t)n * BLOCK, sizeof *block);
	for (int64_t k = 1; k < n; k++)
		e.half[k] = 1 / (2. * (double)k * spacing * spacing);

	for (int64_t o = 0; o < outer; o++, d += n * inner) {
		for (int64_t x = 0; x < inner; x += BLOCK) {
			int64_t w = inner - x < BLOCK ? inner - x : BLOCK;
			for (int64_t k = 0; k < n; k++)
				for (int64_t i = 0; i < w; i++)
					block[i * n + k] = d[k * inner + x + i];
			for (int64_t i = 0; i < w; i++)
				column(block + i * n, n, spacing * spacing, &e);
			for (int64_t k = 0; k < n; k++)
				for (int64_t i = 0; i < w; i++)
					d[k * inner + x + i] = block[i * n + k];
		}
	}
	free(e.height);
	free(e.from);
	free(e.half);
	free(e.apex);
	free(block);
}

void distance_squared(float *out, const uint8_t *mask, const int64_t size[3], const double spacing[3])
{
	int64_t rows = size[0] * size[1], width = size[2];
	float *square = xcalloc((size_t)width, sizeof *square);
	for (int64_t k = 0; k < width; k++)
		square[k] = (float)((double)(k * k) * spacing[2] * spacing[2]);
	for (int64_t r = 0; r < rows; r++)
		row(out + r * width, mask + r * width, width, square);
	free(square);
	if (size[1] > 1)
		columns(out, size[0], size[1], width, spacing[1]);
	if (size[0] > 1)
		columns(out, 1, size[0], size[1] * width, spacing[0]);
}
