/* The transforms that make tasks out of images alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "transform_made.h"

/* With two classes and all blocks the first crop is left, with none the second: in between, the label says how they are mixed. */
static void fusion(void **state)
{
	(void)state;
	enum { N = 4 * 12 * 12, CHANNELS = 2 };
	struct record r = { .n = 0 }, first = { .n = 0 }, second = { .n = 0 };
	static const char *const grid = "volume_fusion:size=4x12x12:min=2x4x4:max=2x4x4";
	char spec[100];

	for (uint64_t seed = 0; seed < 5; seed++) {
		int count[4] = { 0 }, apart = 0;

		make(&r, PM_I16, CHANNELS, 5, 15, 14);
		record_copy(&first, &r);
		record_copy(&second, &r);
		snprintf(spec, sizeof spec, "%s:classes=4:share=0.7", grid);
		apply(&r, spec, seed);
		snprintf(spec, sizeof spec, "%s:classes=2:share=1", grid);
		apply(&first, spec, seed);
		snprintf(spec, sizeof spec, "%s:share=0", grid);
		apply(&second, spec, seed);
		const struct tensor *label = record_peek(&r, "label");
		const float *x = record_peek(&r, "image")->data, *a = record_peek(&first, "image")->data, *b = record_peek(&second, "image")->data;
		assert_int_equal(tensor_count(label), N);
		for (int i = 0; i < N * CHANNELS; i++) {
			const double share = tensor_at(label, i % N) / 3;
			assert_float_equal(x[i], share * (double)a[i] + (1 - share) * (double)b[i], 1e-6);
			assert_true(a[i] >= 0 && a[i] <= 1);
			apart += fabsf(a[i] - b[i]) > 0.1f;
		}
		assert_true(apart > N / 2);
		for (int i = 0; i < N; i++) {
			const int corner = i / 288 * 288 + i / 48 % 3 * 48 + i % 12 / 4 * 4;
			assert_true(tensor_at(label, i) == tensor_at(label, corner));
			count[(int)tensor_at(label, i)]++;
		}
		assert_int_equal(count[0], N - 12 * 32); /* 12 of the 18 blocks */
	}
	record_fini(&r);
	record_fini(&first);
	record_fini(&second);
}

/* A crop of the whole keeps the order of its values, and takes the range 0..1; where it lay is forgotten. */
static void fusion_contrast(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	double v[32];

	make(&was, PM_U16, 1, 3, 15, 14);
	record_copy(&r, &was);
	meta_push_undo(&r.meta, "flip", v, 0);
	record_drop(&r, "label");
	apply(&r, "volume_fusion:scale=1,1:flip=0:share=0:invert=0", 3);
	const struct tensor *x = record_peek(&r, "image"), *y = record_peek(&was, "image");
	double least = 1, most = 0;
	for (int64_t i = 1; i < tensor_count(x); i++) {
		if (tensor_at(y, i) > tensor_at(y, i - 1))
			assert_true(tensor_at(x, i) > tensor_at(x, i - 1));
		least = fmin(least, tensor_at(x, i));
		most = fmax(most, tensor_at(x, i));
	}
	assert_float_equal(least, 0, 1e-6);
	assert_float_equal(most, 1, 1e-6);
	assert_int_equal(meta_numbers(&r.meta, "affine", v, 32), -1);
	assert_int_equal(meta_pop_undo(&r.meta, (char[PM_NAME]){ "" }, PM_NAME, v, 32), -1);
	apply(&was, "volume_fusion:scale=1,1:flip=0:share=0:invert=1", 3);
	for (int64_t i = 0; i < tensor_count(x); i++)
		assert_float_equal(tensor_at(record_peek(&was, "image"), i), 1 - tensor_at(x, i), 1e-6);
	tensor_set(record_get(&r, "image"), 3, NAN);
	fails(&r, "volume_fusion", -1, "not finite");
	fails(&r, "volume_fusion:min=5x9x5:max=8x8x8", -2, "above max");
	fails(&r, "volume_fusion:scale=2,1", -2, "smaller one");
	record_fini(&r);
	record_fini(&was);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fusion), cmocka_unit_test(fusion_contrast) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
