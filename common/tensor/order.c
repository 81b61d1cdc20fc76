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
	for (int a = 0; a < 3; a++) {
		lo[a] = size[a];
		hi[a] = 0;
	}
	for (int64_t z = 0; z < size[0]; z++) {
		for (int64_t y = 0; y < size[1]; y++) {
			const uint8_t *row = mask + (z * size[1] + y) * size[2];
			int64_t first = 0, last = size[2];

			while (first < last && !row[first])
				first++;
			if (first == last)
				continue;
			while (!row[last - 1])
				last--;
			int64_t at[3] = { z, y, first }, end[3] = { z + 1, y + 1, last };

			for (int a = 0; a < 3; a++) {
				lo[a] = at[a] < lo[a] ? at[a] : lo[a];
				hi[a] = end[a] > hi[a] ? end[a] : hi[a];
			}
		}
	}
	return hi[0] > 0;
}
