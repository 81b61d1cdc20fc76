/* schedule_test.c: learning rates against their closed forms, and plateau against a run written out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "nn/optim.h"

static struct schedule make(const char *spec, double lr, int64_t iters, int64_t every)
{
	struct schedule s;
	struct err e;
	void *conf;
	const struct plugin *p = spec_parse(&schedule_kind, spec, &conf, &e);

	assert_non_null(p);
	schedule_init(&s, p, conf, lr, iters, every);
	return s;
}

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-12 * fabs(want)))
		fail_msg("%.17g, not %.17g", got, want);
}

static void closed_forms(void **state)
{
	struct schedule constant = make("constant", 0.1, 1000, 100), cosine = make("cosine:min=0.01", 0.1, 1000, 100);
	struct schedule poly = make("poly:power=0.9", 0.1, 1000, 100), step = make("step:gamma=0.5:every=300", 0.1, 1000, 100);
	struct schedule many = make("multistep:gamma=0.1:at=200x450", 0.1, 1000, 100);

	(void)state;
	for (int64_t e = 0; e <= 12; e++) {
		struct schedule *all[] = { &constant, &cosine, &poly, &step, &many };
		for (size_t i = 0; e > 0 && i < PM_COUNT(all); i++)
			schedule_step(all[i], e, NAN);
		const double t = fmin((double)e / 10, 1);
		near(constant.lr, 0.1);
		near(cosine.lr, 0.01 + 0.09 * (1 + cos(M_PI * t)) / 2);
		near(poly.lr, e < 10 ? 0.1 * pow(1 - t, 0.9) : 0);
		near(step.lr, 0.1 * pow(0.5, (double)(e / 3)));
		near(many.lr, 0.1 * (e >= 4 ? 0.01 : e >= 2 ? 0.1 : 1)); /* 450 lies in the cycle that starts at 400 */
	}
}

/* The rate depends on the cycle alone, not on the cycles that went before: that is what resuming needs. */
static void resumed_rates_are_the_same(void **state)
{
	static const char *const spec[] = { "cosine", "poly", "step:every=250", "multistep:at=300x700" };

	(void)state;
	for (size_t i = 0; i < PM_COUNT(spec); i++) {
		struct schedule a = make(spec[i], 0.1, 1000, 100), b = make(spec[i], 0.1, 1000, 100);
		for (int64_t e = 1; e <= 7; e++)
			schedule_step(&a, e, NAN);
		schedule_step(&b, 7, NAN);
		assert_true(a.lr == b.lr);
	}
}

static void plateau_waits_for_more_bad_cycles_than_its_patience(void **state)
{
	/* patience 250 iterations are 2.5 cycles: the third bad one in a row halves the rate, and the count starts anew */
	static const struct {
		double metric, lr;
	} run[] = {
		{ 0.5, 0.1 }, { 0.6, 0.1 }, { 0.60005, 0.1 }, { 0.59, 0.1 }, { 0.6001, 0.1 }, { 0.1, 0.1 }, { 0.1, 0.1 },
		{ 0.1, 0.05 }, { 0.1, 0.05 }, { 0.1, 0.05 }, { 0.1, 0.025 }, { 0.7, 0.025 }, { 0.6, 0.025 }, { 0.6, 0.025 },
		{ 0.8, 0.025 },
	};
	struct schedule s = make("plateau:patience=250:gamma=0.5", 0.1, 10000, 100);

	(void)state;
	for (size_t i = 0; i < PM_COUNT(run); i++) {
		schedule_step(&s, (int64_t)i + 1, run[i].metric);
		near(s.lr, run[i].lr);
	}
	near(s.best, 0.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_forms), cmocka_unit_test(resumed_rates_are_the_same),
		cmocka_unit_test(plateau_waits_for_more_bad_cycles_than_its_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
