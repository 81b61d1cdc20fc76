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
	for (int64_t i = 0; i <= 1200; i += 50) {
		const double t = fmin((double)i / 1000, 1);
		near(schedule_rate(&constant, i), 0.1);
		near(schedule_rate(&cosine, i), 0.01 + 0.09 * (1 + cos(M_PI * t)) / 2);
		near(schedule_rate(&poly, i), i < 1000 ? 0.1 * pow(1 - t, 0.9) : 0);
		near(schedule_rate(&step, i), 0.1 * pow(0.5, (double)(i / 300)));
		near(schedule_rate(&many, i), 0.1 * (i >= 450 ? 0.01 : i >= 200 ? 0.1 : 1));
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
		schedule_judge(&s, run[i].metric);
		near(schedule_rate(&s, 0), run[i].lr);
	}
	near(s.best, 0.8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_forms), cmocka_unit_test(plateau_waits_for_more_bad_cycles_than_its_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
