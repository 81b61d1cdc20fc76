/* statistics.c: moments, bootstrap, Wilcoxon's test. */
#include "metric/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

struct moments moments_of(const double *x, int64_t n, int ddof)
{
	struct moments m = { 0 };
	double sum = 0, squares = 0;
	for (int64_t i = 0; i < n; i++)
		if (!isnan(x[i])) {
			sum += x[i];
			m.n++;
		}
	m.mean = sum / (double)m.n;
	for (int64_t i = 0; i < n; i++)
		if (!isnan(x[i]))
			squares += (x[i] - m.mean) * (x[i] - m.mean);
	m.std = m.n > ddof ? sqrt(squares / (double)(m.n - ddof)) : (double)NAN;
	return m;
}

double mean_at(const void *arg, const int64_t *index, int64_t n)
{
	const double *x = arg;
	double sum = 0;
	int64_t counted = 0;
	for (int64_t i = 0; i < n; i++)
		if (!isnan(x[index[i]])) {
			sum += x[index[i]];
			counted++;
		}
	return sum / (double)counted;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quantile(const double *sorted, int64_t n, double q)
{
	const double at = q * (double)(n - 1);
	const int64_t k = (int64_t)at;
	if (k >= n - 1 || sorted[k] == sorted[k + 1])
		return sorted[k < n ? k : n - 1];
	return sorted[k] + (sorted[k + 1] - sorted[k]) * (at - (double)k);
}

struct interval bootstrap(statistic *of, const void *arg, int64_t n, int draws, double percent, uint64_t seed)
{
	struct interval found = { NAN, NAN };
	struct rng r;
	double *value = xcalloc((size_t)draws, sizeof *value);
	int64_t *index = xcalloc((size_t)n, sizeof *index), kept = 0;
	rng_init(&r, seed, "bootstrap", 0, "", 0);
	for (int k = 0; k < draws && n; k++) {
		for (int64_t i = 0; i < n; i++)
			index[i] = rng_int(&r, 0, n - 1);
		value[kept] = of(arg, index, n);
		kept += !isnan(value[kept]);
	}
	if (kept) {
		qsort(value, (size_t)kept, sizeof *value, ascending);
		found.low = quantile(value, kept, .5 - percent / 200);
		found.high = quantile(value, kept, .5 + percent / 200);
	}
	free(value);
	free(index);
	return found;
}

static int by_size(const void *a, const void *b)
{
	const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
	return (x > y) - (x < y);
}

/* How likely the sum of doubled ranks is at most this, when each has its sign by chance: counts all ways to sign them. */
static double at_most(const int *rank2, int n, int sum2)
{
	const int most = n * (n + 1);
	double *ways = xcalloc((size_t)most + 1, sizeof *ways), below = 0;
	ways[0] = 1;
	for (int i = 0; i < n; i++)
		for (int s = most; s >= rank2[i]; s--)
			ways[s] += ways[s - rank2[i]];
	for (int s = 0; s <= sum2; s++)
		below += ways[s];
	free(ways);
	return ldexp(below, -n);
}

enum { EXACT = 50 };

double wilcoxon(const double *difference, int64_t all, double *sum)
{
	double *d = xcalloc((size_t)all, sizeof *d), positive = 0, ties = 0;
	int64_t n = 0;
	int rank2[EXACT];
	for (int64_t i = 0; i < all; i++)
		if (!isnan(difference[i]) && difference[i] != 0)
			d[n++] = difference[i];
	qsort(d, (size_t)n, sizeof *d, by_size);
	for (int64_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && fabs(d[end]) == fabs(d[i]); end++)
			;
		const double tied = (double)(end - i), rank = (double)(i + 1 + end) / 2;
		ties += tied * tied * tied - tied;
		for (int64_t k = i; k < end; k++) {
			positive += d[k] > 0 ? rank : 0;
			if (n <= EXACT)
				rank2[k] = (int)(2 * rank);
		}
	}
	free(d);
	const double m = (double)n, total = m * (m + 1) / 2;
	*sum = fmin(positive, total - positive);
	if (!n)
		return 1;
	if (n <= EXACT)
		return fmin(1, 2 * at_most(rank2, (int)n, (int)(2 * *sum)));
	const double spread = sqrt((m * (m + 1) * (2 * m + 1) - ties / 2) / 24);
	return erfc((total / 2 - *sum) / spread / sqrt(2));
}
