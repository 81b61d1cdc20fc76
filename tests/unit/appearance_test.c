/* The transforms that vary how an image looks: values that other libraries give, chance, images with nothing in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "tensor/spatial.h"
#include "transform_made.h"

#define SURE ":p=1:channel-p=1"

/* An f32 image of c channels, sin(0.7 i) in each. */
static float *sines(struct record *r, int64_t c, int64_t d, int64_t h, int64_t w)
{
	make(r, PM_F32, c, d, h, w);
	float *x = record_get(r, "image")->data;
	for (int64_t i = 0; i < c * d * h * w; i++)
		x[i] = (float)sin(0.7 * (double)(i % (d * h * w)));
	return x;
}

/* Applied to sines of 1 x h x 6: the sum of all, and the third row. */
static void gives(const char *spec, double sum, const double row[6])
{
	struct record r = { .n = 0 };
	const float *x = sines(&r, 1, 1, 5, 6);

	apply(&r, spec, 1);
	for (int i = 0; i < 30; i++)
		sum -= (double)x[i];
	if (fabs(sum) > 2e-6)
		fail_msg("%s: the sum is off by %g", spec, sum);
	for (int i = 0; i < 6; i++)
		if (fabs((double)x[12 + i] - row[i]) > 1e-6)
			fail_msg("%s: %.7g, not %.7g", spec, (double)x[12 + i], row[i]);
	record_fini(&r);
}

/* scipy, scikit-image, numpy, batchgeneratorsv2 and TorchIO. */
static void others_say(void **state)
{
	(void)state;
	gives("blur:min=1.3:max=1.3" SURE, 1.7016837, (double[]){ -0.0192873, -0.0074191, 0.0096933, 0.0234625, 0.0292603, 0.0295162 });
	gives("hist_equal:bins=10", 16.9045305, (double[]){ 0.9534489, 0.6333333, 0.3618508, 0.2020230, 0.2, 0.3 });
	gives("contrast:min=1.5:max=1.5" SURE, 1.7065353, (double[]){ 0.9927664, 0.4502861, -0.5780801, -0.9824526, -0.9824526, -0.9555671 });
	gives("low_resolution:min=0.5:max=0.5" SURE, 5.7788739,
		(double[]){ -0.1564414, -0.0095110, 0.2843499, 0.3992224, 0.3351064, 0.3030484 });
	gives("low_resolution:min=0.6:max=0.6" SURE, -0.2094294,
		(double[]){ 0.8545989, 0.2440599, -0.4520153, -0.7941597, -0.7489164, -0.6181371 });
	gives("adaptive_contrast" SURE, 15.6238798, (double[]){ 0.8444582, 0.6272240, 0.3491088, 0.1409144, 0.1005580, 0.2470198 });
	gives("ghosting:ghosts=2:min=0.7:max=0.7:axes=w" SURE, 1.7016837,
		(double[]){ 0.2475958, -0.1352983, -0.4545595, -0.2726927, -0.5247812, -0.5300569 });
	gives("ghosting:ghosts=2:min=0.7:max=0.7:axes=h" SURE, 1.7016837,
		(double[]){ 0.5022907, 0.1875502, -0.2153982, -0.5170414, -0.5755120, -0.3633103 });
	gives("ghosting:ghosts=4:min=1:axes=w:restore=0.34" SURE, 1.7016837,
		(double[]){ 0.3637189, 0.0518357, -0.4867001, -0.3888158, -0.7119152, -0.4979164 });
	gives("ghosting:ghosts=1:min=1:axes=w:restore=0.67" SURE, 1.7016837,
		(double[]){ 0.6071110, 0.4595816, -0.3740872, -0.8979582, -1.0679202, -0.3965198 });
}

/* TorchIO's field where all coefficients are 0.1; and a volume of one slice has none along its depth. */
static void field(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	static const double row[] = { 1.1511261, 1.2529026, 1.375089, 1.6403463, 2.2924695 };
	float *x = sines(&r, 1, 3, 4, 5);
	double sum = 0;

	for (int i = 0; i < 60; i++)
		x[i] = 1;
	apply(&r, "bias_field:min=0.1:max=0.1" SURE, 1);
	for (int i = 0; i < 60; i++)
		sum += (double)x[i];
	assert_float_equal(sum, 88.68799, 1e-4);
	for (int i = 0; i < 5; i++)
		assert_float_equal(x[45 + i], row[i], 2e-6);
	record_fini(&r);
}

/* Factors, numbers added, thresholds, percentiles, each with its channel. */
static void values(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	const float *was_x = sines(&was, 2, 2, 5, 6), *x;
	float sorted[60];

	record_copy(&r, &was);
	apply(&r, "brightness:min=2:max=2" SURE, 1);
	x = record_peek(&r, "image")->data;
	for (int i = 0; i < 120; i++)
		assert_true(x[i] == 2 * was_x[i]);
	apply(&r, "brightness:how=add:min=-0.5:max=-0.5:channels=1" SURE, 1);
	for (int i = 0; i < 120; i++)
		assert_true(x[i] == 2 * was_x[i] - (i < 60 ? 0 : 0.5f));
	record_copy(&r, &was);
	apply(&r, "contrast:min=2:max=2:range=free:channels=0" SURE, 1);
	double mean = 0, most = 0;
	for (int i = 0; i < 60; i++)
		mean += (double)was_x[i] / 60;
	for (int i = 0; i < 120; i++) {
		assert_float_equal(x[i], i < 60 ? 2 * (double)was_x[i] - mean : (double)was_x[i], 1e-6);
		most = fmax(most, fabs((double)x[i]));
	}
	assert_true(most > 1.5);
	record_copy(&r, &was);
	apply(&r, "clip:lower=-0.5:upper=0.25x0.75:upper-to=9", 1);
	for (int i = 0; i < 120; i++)
		assert_true(x[i] == (was_x[i] < -0.5f ? -0.5f : was_x[i] > (i < 60 ? 0.25f : 0.75f) ? 9 : was_x[i]));
	record_copy(&r, &was);
	apply(&r, "clip:percentile:lower=10", 1);
	apply(&r, "clip:percentile:upper=80", 1);
	double least = 1;
	most = -1;
	for (int i = 0; i < 60; i++) {
		least = fmin(least, (double)x[i]);
		most = fmax(most, (double)x[i]);
	}
	memcpy(sorted, was_x, sizeof sorted);
	assert_float_equal(least, percentile(sorted, 60, 10), 1e-6);
	assert_float_equal(most, percentile(sorted, 60, 80), 1e-6);
	apply(&r, "minmax:to=unit", 1);
	for (int i = 0; i < 60; i++)
		assert_float_equal(x[i], fmin(1, fmax(0, ((double)was_x[i] - least) / (most - least))), 1e-6);
	fails(&r, "clip", -2, "give lower, upper or both");
	fails(&r, "clip:lower=1:upper=0", -2, "above upper");
	fails(&r, "clip:percentile:upper=101", -2, "not in 0..100");
	fails(&r, "clip:lower=1x2x3", -1, "give 1 or 2");
	record_fini(&r);
	record_fini(&was);
}

/* A spike is one wave, of whole cycles, as high as asked for. */
static void spikes(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	enum { N = 30 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		const float *x = sines(&r, 1, 1, 1, N);
		double was[N], size = 0;
		int waves = 0;

		for (int i = 0; i < N; i++) {
			was[i] = (double)x[i];
			size += fabs(was[i]) / N;
		}
		apply(&r, "spike:min=2:max=2" SURE, seed);
		assert_float_equal(x[0] - was[0], 2 * size, 1e-5);
		for (int k = 0; k <= N / 2; k++) {
			double c = 0, s = 0;
			for (int i = 0; i < N; i++) {
				c += ((double)x[i] - was[i]) * cos(2 * M_PI * k * i / N);
				s += ((double)x[i] - was[i]) * sin(2 * M_PI * k * i / N);
			}
			waves += hypot(c, s) > 1e-3;
		}
		assert_int_equal(waves, 1);
	}
	sines(&r, 2, 3, 4, 5);
	apply(&r, "spike:spikes=0" SURE, 1);
	assert_true(((const float *)record_peek(&r, "image")->data)[1] == (float)sin(0.7));
	fails(&r, "spike:spikes=3,2", -2, "range LO,HI");
	record_fini(&r);
}

/* What moves keeps the mean of each line; a ball that turns about its centre stays as it is, whatever the spacing. */
static void moving(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	enum { D = 9, H = 33, W = 41, N = D * H * W };
	static float was[N];

	for (uint64_t seed = 0; seed < 8; seed++) {
		float *x = sines(&r, 1, seed % 2 ? 9 : 1, H, W);
		const int n = (seed % 2 ? D : 1) * H * W;
		double far = 0;

		memcpy(was, x, (size_t)n * sizeof *x);
		apply(&r, "motion:axes=w:moves=3" SURE, seed);
		for (int i = 0; i < n; i += W) {
			double sum = 0;
			for (int k = i; k < i + W; k++) {
				sum += (double)x[k] - (double)was[k];
				far = fmax(far, fabs((double)x[k] - (double)was[k]));
			}
			assert_float_equal(sum, 0, 1e-4);
		}
		assert_true(far > 0.1);
		memcpy(x, was, (size_t)n * sizeof *x);
		apply(&r, "motion:min=0:max=0:shift=0" SURE, seed);
		for (int i = 0; i < n; i++)
			assert_float_equal(x[i], was[i], 1e-5);
		for (int i = 0; i < n; i++) {
			const double z = 5 * (i / (H * W) - (seed % 2 ? 4 : 0)), y = 1.5 * (i / W % H - 16), w = 1.25 * (i % W - 20);
			was[i] = x[i] = (float)exp(-(z * z + y * y + w * w) / 200);
		}
		apply(&r, "motion:min=-30:max=30:shift=0:axes=hw" SURE, seed);
		for (int i = 0; i < n; i++)
			assert_float_equal(x[i], was[i], 0.05);
	}
	fails(&r, "motion:axes=x", -2, "letters of d, h, w");
	fails(&r, "motion:min=2:max=1", -2, "above max");
	record_fini(&r);
}

static const char *const random_ones[] = { "brightness", "contrast", "blur", "adaptive_contrast", "low_resolution:max=0.6", "bias_field", "motion",
	"ghosting", "spike" };

/* Half of the samples, half of their channels; label and weight stay, and so does the other channel. */
static void chance(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };

	sines(&was, 2, 1, 9, 9);
	const float *before = record_peek(&was, "image")->data;
	for (size_t k = 0; k < PM_COUNT(random_ones); k++) {
		int changed[2] = { 0 }, both = 0;
		for (uint64_t seed = 0; seed < 1000; seed++) {
			record_copy(&r, &was);
			apply(&r, random_ones[k], seed);
			const float *x = record_peek(&r, "image")->data;
			const bool first = memcmp(x, before, 81 * sizeof *x), second = memcmp(x + 81, before + 81, 81 * sizeof *x);
			changed[0] += first;
			changed[1] += second;
			both += first && second;
			assert_memory_equal(record_peek(&r, "label")->data, record_peek(&was, "label")->data, 81);
		}
		if (abs(changed[0] - 250) > 50 || abs(changed[1] - 250) > 50 || abs(both - 125) > 40)
			fail_msg("%s: %d and %d of 1000 changed, %d both", random_ones[k], changed[0], changed[1], both);
	}
	record_fini(&r);
	record_fini(&was);
}

/* Constant images, single voxels, many channels: all stays finite; what is not is refused, but where no sum is taken of it. */
static void odd(void **state)
{
	(void)state;
	static const int64_t shape[][4] = { { 1, 1, 1, 1 }, { 7, 1, 5, 6 }, { 2, 3, 1, 4 }, { 1, 4, 5, 1 } };
	struct record r = { .n = 0 };
	char spec[100];

	for (size_t k = 0; k <= PM_COUNT(random_ones); k++) {
		snprintf(spec, sizeof spec, "%s%s", k ? random_ones[k - 1] : "hist_equal", k ? SURE : "");
		for (size_t s = 0; s < PM_COUNT(shape); s++)
			for (int level = -1; level < 2; level++) {
				make(&r, PM_I16, shape[s][0], shape[s][1], shape[s][2], shape[s][3]);
				const int64_t n = tensor_count(record_peek(&r, "image"));
				for (int64_t i = 0; i < n; i++)
					tensor_set(record_get(&r, "image"), i, 1000 * level);
				apply(&r, spec, 3);
				for (int64_t i = 0; i < n; i++)
					if (!isfinite(tensor_at(record_peek(&r, "image"), i)))
						fail_msg("%s: %g", spec, tensor_at(record_peek(&r, "image"), i));
			}
		tensor_set(record_get(&r, "image"), 3, NAN);
		if (strncmp(spec, "brightness", 10) && strncmp(spec, "blur", 4))
			fails(&r, spec, -1, "not finite");
	}
	fails(&r, "blur:axes=", -2, "letters of d, h, w");
	fails(&r, "low_resolution:axes=z", -2, "letters of d, h, w");
	fails(&r, "adaptive_contrast:lower=98", -2, "not below upper");
	fails(&r, "bias_field:channels=0.5", -2, "no whole number");
	fails(&r, "hist_equal:channels=1", -1, "numbered from 0");
	fails(&r, "ghosting:ghosts=1.5", -2, "no whole number");
	record_fini(&r);
}

static void selecting(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	make(&r, PM_U8, 3, 2, 3, 4);
	const uint8_t *x = record_peek(&r, "image")->data;
	const int first = x[0], third = x[48];
	apply(&r, "channel_select:channels=2,0,2,2", 1);
	const struct tensor *t = record_peek(&r, "image");
	assert_true(t->dtype == PM_U8 && t->dim[0] == 4 && tensor_count(t) == 96);
	assert_true(tensor_at(t, 0) == third && tensor_at(t, 24) == first && tensor_at(t, 72) == third);
	fails(&r, "rgb", -1, "4 channels, 1 or 3");
	fails(&r, "channel_select", -2, "give those");
	fails(&r, "channel_select:channels=4", -1, "numbered from 0");
	apply(&r, "channel_select:channels=1", 1);
	for (int k = 0; k < 2; k++) {
		apply(&r, "rgb", 1);
		t = record_peek(&r, "image");
		assert_true(t->dim[0] == 3 && tensor_at(t, 0) == first && tensor_at(t, 24) == first && tensor_at(t, 71) == tensor_at(t, 23));
	}
	record_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_say), cmocka_unit_test(field), cmocka_unit_test(values), cmocka_unit_test(spikes),
		cmocka_unit_test(moving), cmocka_unit_test(chance), cmocka_unit_test(odd), cmocka_unit_test(selecting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
