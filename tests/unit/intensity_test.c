/* The transforms of intensities: values and statistics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform_made.h"

static double mean_std(const struct tensor *t, double *std)
{
	double s = 0, q = 0;
	int64_t n = tensor_count(t);

	for (int64_t i = 0; i < n; i++)
		s += tensor_at(t, i) / (double)n;
	for (int64_t i = 0; i < n; i++)
		q += (tensor_at(t, i) - s) * (tensor_at(t, i) - s) / (double)n;
	*std = sqrt(q);
	return s;
}

static void normalize(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	double std, mean;

	make(&was, PM_U16, 2, 3, 5, 7);
	record_copy(&r, &was);
	apply(&r, "normalize", 1);
	struct tensor *t = record_get(&r, "image"), *u = record_get(&was, "image");
	struct tensor half = { PM_U16, 1, { 105 }, (uint16_t *)u->data + 105 };

	assert_int_equal(t->dtype, PM_F32);
	mean = mean_std(&half, &std);
	for (int64_t i = 0; i < 105; i++)
		assert_float_equal(tensor_at(t, 105 + i), ((tensor_at(&half, i) - mean) / (std + 1e-5)), 1e-6);

	record_copy(&r, &was);
	apply(&r, "normalize:mean=100:std=50x20", 1);
	t = record_get(&r, "image");
	assert_float_equal(tensor_at(t, 3), ((tensor_at(u, 3) - 100) / 50), 1e-6);
	assert_float_equal(tensor_at(t, 108), ((tensor_at(u, 108) - 100) / 20), 1e-6);

	record_copy(&r, &was);
	apply(&r, "normalize:channels=1:mean=100:std=10", 1);
	t = record_get(&r, "image");
	assert_float_equal(tensor_at(t, 3), tensor_at(u, 3), 0);
	assert_float_equal(tensor_at(t, 108), ((tensor_at(u, 108) - 100) / 10), 1e-6);

	fails(&r, "normalize:std=5", -2, "without mean");
	fails(&r, "normalize:mean=1,2,3:std=1", -1, "give 1 or 2");
	fails(&r, "normalize:channels=2", -1, "numbered from 0");
	record_fini(&r);
	record_fini(&was);
}

/* Statistics of the voxels above a threshold; the others become noise, or keep to the line. */
static void normalize_above(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	double s = 0, q = 0, n = 0, mean, std;

	make(&was, PM_I16, 1, 10, 50, 50);
	struct tensor *u = record_get(&was, "image"), *t;

	for (int64_t i = 0; i < 25000; i++) {
		double v = tensor_at(u, i);

		s += v > 80 ? v : 0;
		q += v > 80 ? v * v : 0;
		n += v > 80;
	}
	mean = s / n;
	std = sqrt(q / n - mean * mean) + 1e-5;
	record_copy(&r, &was);
	apply(&r, "normalize:above=80:background=keep", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 25000; i++)
		assert_float_equal(tensor_at(t, i), ((tensor_at(u, i) - mean) / std), 1e-5);

	record_copy(&r, &was);
	apply(&r, "normalize:above=80", 1);
	t = record_get(&r, "image");
	s = q = n = 0;
	for (int64_t i = 0; i < 25000; i++) {
		double v = tensor_at(t, i);

		if (tensor_at(u, i) > 80) {
			assert_float_equal(v, ((tensor_at(u, i) - mean) / std), 1e-5);
			continue;
		}
		s += v;
		q += v * v;
		n++;
	}
	assert_float_equal(s / n, 0, 0.05);
	assert_float_equal(sqrt(q / n), 1, 0.05);

	record_copy(&r, &was);
	apply(&r, "normalize:above=1000:background=keep", 1);
	assert_float_equal(tensor_at(record_get(&r, "image"), 5), tensor_at(u, 5), 0);
	record_fini(&r);
	record_fini(&was);
}

/* A constant image becomes 0; one with NaN is refused. */
static void normalize_odd(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	make(&r, PM_F32, 1, 2, 4, 4);
	for (int64_t i = 0; i < 32; i++)
		tensor_set(record_get(&r, "image"), i, 1000.1);
	apply(&r, "normalize", 1);
	assert_true(fabs(tensor_at(record_get(&r, "image"), 9)) < 5);
	tensor_set(record_get(&r, "image"), 3, NAN);
	fails(&r, "normalize", -1, "not finite");
	fails(&r, "percentile", -1, "not finite");
	record_drop(&r, "image");
	fails(&r, "normalize", -1, "has no image");
	record_fini(&r);
}

static void ranges(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	struct tensor *t, *u;
	float sorted[80];
	double v0, v1;

	make(&was, PM_U8, 1, 1, 8, 10);
	u = record_get(&was, "image");
	tensor_set(u, 0, 0);
	tensor_set(u, 1, 200);
	record_copy(&r, &was);
	apply(&r, "minmax", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 80; i++)
		assert_float_equal(tensor_at(t, i), (tensor_at(u, i) / 100 - 1), 1e-6);
	record_copy(&r, &was);
	apply(&r, "minmax:lower=50:upper=150", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 80; i++)
		assert_float_equal(tensor_at(t, i), fmax(-1, fmin(1, (tensor_at(u, i) - 100) / 50)), 1e-6);
	fails(&r, "minmax:lower=2:upper=1", -2, "not below");

	convert(sorted, PM_F32, u->data, PM_U8, 80);
	v0 = percentile(sorted, 80, 10);
	v1 = percentile(sorted, 80, 85);
	record_copy(&r, &was);
	apply(&r, "percentile:lower=10:upper=85", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 80; i++)
		assert_float_equal(tensor_at(t, i), fmax(0, fmin(1, (tensor_at(u, i) - v0) / (v1 - v0))), 1e-6);
	record_copy(&r, &was);
	apply(&r, "percentile:lower=10:upper=85:to=signed", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 80; i++)
		assert_float_equal(tensor_at(t, i), (2 * fmax(0, fmin(1, (tensor_at(u, i) - v0) / (v1 - v0))) - 1), 1e-6);
	record_fini(&r);
	record_fini(&was);
}

/* The curve against pow() in double, over twelve orders of magnitude. */
static void gamma_accuracy(void **state)
{
	(void)state;
	enum { N = 4000 };
	static float x[N], y[N];
	static const float gammas[] = { 0.1f, 0.7f, 1, 1.2345678f, 1.5f, 3 };

	for (size_t k = 0; k < PM_COUNT(gammas); k++) {
		for (int i = 0; i < N; i++)
			x[i] = y[i] = i == 0 ? 0 : (float)pow(10, -12.0 * i / N);
		y[1] = x[1] = 1;
		gamma_curve(y, N, 0, 1, gammas[k], false);
		for (int i = 0; i < N; i++) {
			double want = pow((double)x[i], (double)gammas[k]);

			if (fabs((double)y[i] - want) > 1e-6 * want)
				fail_msg("%g^%g is %.9g, not %.9g", (double)x[i], (double)gammas[k], (double)y[i], want);
		}
	}
}

static void gamma_transform(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	struct tensor *t, *u;
	int changed = 0;

	make(&was, PM_I16, 1, 1, 9, 9);
	u = record_get(&was, "image");
	tensor_set(u, 0, -100);
	tensor_set(u, 1, 300);
	record_copy(&r, &was);
	apply(&r, "gamma:p=1:channel-p=1:min=2:max=2", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 81; i++)
		assert_float_equal(tensor_at(t, i), (-100 + 400 * pow((tensor_at(u, i) + 100) / 400, 2)), 1e-3);
	record_copy(&r, &was);
	apply(&r, "gamma:p=1:channel-p=1:min=1:max=1:invert=1", 1);
	t = record_get(&r, "image");
	for (int64_t i = 0; i < 81; i++)
		assert_float_equal(tensor_at(t, i), (200 - tensor_at(u, i)), 1e-3);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		record_copy(&r, &was);
		apply(&r, "gamma", seed);
		t = record_get(&r, "image");
		for (int64_t i = 0; i < 81; i++) {
			if (fabs(tensor_at(t, i) - tensor_at(u, i)) > 1e-2) {
				changed++;
				break;
			}
		}
	}
	assert_in_range(changed, 200, 300); /* 0.25 */
	fails(&r, "gamma:min=2", -2, "above max");
	record_fini(&r);
	record_fini(&was);
}

static void normal_numbers(void **state)
{
	(void)state;
	enum { N = 200001 };
	static float x[N];
	double moment[5] = { 0 }, beyond = 0;
	struct rng g;

	rng_init(&g, 3, "normal", 0, "", 0);
	fill_normal(x, N, &g);
	for (int i = 0; i < N; i++) {
		for (int k = 1; k < 5; k++)
			moment[k] += pow((double)x[i], k) / N;
		beyond += fabs((double)x[i]) > 1.959964;
	}
	assert_float_equal(moment[1], 0, 0.01);
	assert_float_equal(moment[2], 1, 0.02);
	assert_float_equal(moment[3], 0, 0.04);
	assert_float_equal(moment[4], 3, 0.1);
	assert_float_equal(beyond / N, 0.05, 0.003);
}

static void noise(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	double q = 0;

	make(&r, PM_F32, 1, 10, 40, 40);
	struct tensor *t = record_get(&r, "image");

	for (int64_t i = 0; i < 16000; i++)
		tensor_set(t, i, i == 0 ? -100 : i == 1 ? 100 : 0);
	apply(&r, "noise:p=1:channel-p=1:min=2:max=2", 1);
	for (int64_t i = 2; i < 16000; i++)
		q += tensor_at(t, i) * tensor_at(t, i) / 15998;
	assert_float_equal(sqrt(q), 2, 0.05);
	for (int64_t i = 2; i < 16000; i++)
		tensor_set(t, i, i % 2);
	tensor_set(t, 0, 0);
	tensor_set(t, 1, 1);
	apply(&r, "noise:p=1:channel-p=1:min=2:max=2", 2);
	for (int64_t i = 0; i < 16000; i++)
		assert_in_range((int)(tensor_at(t, i) * 1000), 0, 1000);
	int beyond = 0;
	apply(&r, "noise:p=1:channel-p=1:min=2:max=2:range=free", 2);
	for (int64_t i = 0; i < 16000; i++)
		beyond += tensor_at(t, i) < 0 || tensor_at(t, i) > 1;
	assert_true(beyond > 12000);
	record_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalize), cmocka_unit_test(normalize_above), cmocka_unit_test(normalize_odd),
		cmocka_unit_test(ranges), cmocka_unit_test(gamma_accuracy), cmocka_unit_test(gamma_transform),
		cmocka_unit_test(normal_numbers), cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
