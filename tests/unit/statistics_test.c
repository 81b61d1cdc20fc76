/* Statistics: moments, bootstrap and Wilcoxon's test against values worked out by hand and by SciPy. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metric/statistics.h"

#define NEAR(want, got) do { \
	double want_ = (want), got_ = (got); \
	if (!(fabs(want_ - got_) <= 1e-9 * fmax(1, fabs(want_)))) \
		fail_msg("%s is %.12g, not %.12g", #got, got_, want_); \
} while (0)

static void mean_and_spread(void **state)
{
	(void)state;
	const double x[5] = { 2, NAN, 4, 4, 6 };
	struct moments m = moments_of(x, 5, 0);
	assert_int_equal(m.n, 4);
	NEAR(4, m.mean);
	NEAR(sqrt(2), m.std);
	NEAR(sqrt(8. / 3), moments_of(x, 5, 1).std);
	m = moments_of(x + 1, 1, 0);
	assert_int_equal(m.n, 0);
	assert_true(isnan(m.mean) && isnan(m.std));
	assert_true(isnan(moments_of(x, 1, 1).std));
	NEAR(2, moments_of(x, 1, 1).mean);
}

/* The mean of many numbers: its interval is nearly that of the normal distribution. */
static void intervals(void **state)
{
	(void)state;
	enum { N = 400 };
	double x[N];
	struct rng r;
	rng_init(&r, 1, "statistics", 0, "", 0);
	for (int i = 0; i < N; i++)
		x[i] = rng_normal(&r);
	const struct moments m = moments_of(x, N, 0);
	const struct interval ci = bootstrap(mean_at, x, N, 4000, 95, 1), again = bootstrap(mean_at, x, N, 4000, 95, 1);
	const double half = 1.96 * m.std / sqrt(N);
	assert_true(fabs(ci.low - (m.mean - half)) < .1 * half && fabs(ci.high - (m.mean + half)) < .1 * half);
	assert_true(ci.low == again.low && ci.high == again.high);
	const double one[3] = { NAN, 7, NAN };
	const struct interval same = bootstrap(mean_at, one, 3, 50, 95, 1); /* draws of NaN alone say nothing */
	assert_true(same.low == 7 && same.high == 7);
	assert_true(isnan(bootstrap(mean_at, one, 1, 50, 95, 1).low));
	const double far[2] = { 1, INFINITY };
	const struct interval wide = bootstrap(mean_at, far, 2, 200, 95, 1);
	assert_true(wide.low == 1 && isinf(wide.high));
}

/* Of all 2^n signs of the ranks, the part whose sum is as far off. */
static double by_counting(const double *rank, int n, double sum)
{
	int64_t below = 0;
	for (int signs = 0; signs < 1 << n; signs++) {
		double s = 0;
		for (int i = 0; i < n; i++)
			s += signs >> i & 1 ? rank[i] : 0;
		below += s <= sum;
	}
	return fmin(1, 2 * (double)below / (double)(1 << n));
}

static void signed_ranks(void **state)
{
	(void)state;
	/* Hollander & Wolfe, depression of nine patients: W 5, p .0390625. */
	const double depression[9] = { .952, -.147, 1.022, .43, .62, .59, .49, -.08, .01 };
	double sum;
	NEAR(.0390625, wilcoxon(depression, 9, &sum));
	NEAR(5, sum);
	/* Ties and zeros: ranks 1.5 1.5 3 5 5 5 7. */
	const double tied[10] = { 1, -1, 2, 3, 3, -3, 4, 0, NAN, 0 };
	const double rank[7] = { 1.5, 1.5, 3, 5, 5, 5, 7 };
	NEAR(by_counting(rank, 7, 6.5), wilcoxon(tied, 10, &sum));
	NEAR(6.5, sum);
	const double none[2] = { 0, 0 };
	NEAR(1, wilcoxon(none, 2, &sum));
	double same[20];
	for (int i = 0; i < 20; i++)
		same[i] = i + 1; /* all of one sign: the least p there is */
	NEAR(ldexp(1, -19), wilcoxon(same, 20, &sum));
	NEAR(0, sum);
	/* Many: the normal distribution, with ties of three. Variance (60 61 121 - 20 (27 - 3) / 2) / 24. */
	double many[60];
	for (int i = 0; i < 60; i++)
		many[i] = (i % 4 ? 1 : -1) * (double)(i / 3 + 1);
	double minus = 0;
	for (int i = 0; i < 60; i += 4)
		minus += 3 * (i / 3) + 2;
	const double z = (60 * 61 / 4. - minus) / sqrt((60 * 61 * 121 - 20 * 24 / 2.) / 24);
	NEAR(erfc(z / sqrt(2)), wilcoxon(many, 60, &sum));
	NEAR(minus, sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_and_spread), cmocka_unit_test(intervals), cmocka_unit_test(signed_ranks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
