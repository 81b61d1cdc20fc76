/* order.c: order statistics and extents. */
#include "tensor/spatial.h"

#include <assert.h>
#include <math.h>

static void exchange(float *a, float *b)
{
	float keep = *a;

	*a = *b;
	*b = keep;
}

/* Hoare's selection: afterwards x[k] is the k-th smallest, nothing before it larger and nothing behind it smaller. */
static void select_kth(float *x, int64_t n, int64_t k)
{
	int64_t lo = 0, hi = n - 1;

	while (lo < hi) {
		int64_t mid = lo + (hi - lo) / 2, i = lo, j = hi;

		if (x[mid] < x[lo])
			exchange(&x[mid], &x[lo]);
		if (x[hi] < x[lo])
			exchange(&x[hi], &x[lo]);
		if (x[hi] < x[mid])
			exchange(&x[hi], &x[mid]);
		float pivot = x[mid];

		while (i <= j) {
			while (x[i] < pivot)
				i++;
			while (pivot < x[j])
				j--;
			if (i <= j)
				exchange(&x[i++], &x[j--]);
		}
		if (k <= j)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			return;
	}
}

double percentile(float *x, int64_t n, double p)
{
	double at = p / 100 * (double)(n - 1);
	int64_t k = (int64_t)floor(at);

	assert(n > 0 && p >= 0 && p <= 100);
	k = k > n - 1 ? n - 1 : k;
	select_kth(x, n, k);
	if (k == n - 1 || at == (double)k)
		return (double)x[k];
	float next = x[k + 1];

	for (int64_t i = k + 2; i < n; i++)
		next = x[i] < next ? x[i] : next;
	return (double)x[k] + ((double)next - (double)x[k]) * (at - (double)k);
}

bool bounding_box(const uint8_t *mask, const int64_t size[3], int64_t lo[3], int64_t hi[3])
{
	const int64_t width = size[2];

	for (int a = 0; a < 3; a++) {
		lo[a] = size[a];
		hi[a] = 0;
	}
	for (int64_t z = 0; z < size[0]; z++) {
		for (int64_t y = 0; y < size[1]; y++, mask += width) {
			uint8_t any = 0;

			for (int64_t x = 0; x < width; x++)
				any |= mask[x];
			if (!any)
				continue;
			lo[0] = z < lo[0] ? z : lo[0];
			lo[1] = y < lo[1] ? y : lo[1];
			hi[0] = z + 1;
			hi[1] = y + 1 > hi[1] ? y + 1 : hi[1];
			for (int64_t x = 0; x < lo[2]; x++) /* only what would widen the box */
				if (mask[x])
					lo[2] = x;
			for (int64_t x = width - 1; x >= hi[2]; x--)
				if (mask[x])
					hi[2] = x + 1;
		}
	}
	return hi[0] > 0;
}
