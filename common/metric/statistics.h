/* statistics.h: what many cases say together. Values that are NaN are left out. */
#ifndef PM_STATISTICS_H
#define PM_STATISTICS_H

#include "base/base.h"

struct moments {
	int64_t n;        /* counted */
	double mean, std; /* of none: NaN; std divides by n - ddof */
};
struct moments moments_of(const double *x, int64_t n, int ddof);

/*
 * Percentile bootstrap: draws n of n cases with replacement, `draws` times, and asks for the statistic of each (NaN: it has
 * none). The interval holds the middle `percent` of them; the same seed draws the same cases.
 */
typedef double statistic(const void *arg, const int64_t *index, int64_t n);
struct interval {
	double low, high;
};
struct interval bootstrap(statistic *of, const void *arg, int64_t n, int draws, double percent, uint64_t seed);
/* The mean of an array of doubles, as a statistic. */
double mean_at(const void *x, const int64_t *index, int64_t n);

/*
 * Wilcoxon's signed-rank test of paired differences (Biometrics Bulletin 1945): is their median 0? Zeros are left out, ties
 * share their ranks. p of both sides: exact up to 50 differences, then by the normal distribution, without correction for
 * continuity. *sum: the smaller of the two sums of ranks. p is 1 when all are zero.
 */
double wilcoxon(const double *difference, int64_t n, double *sum);

#endif
