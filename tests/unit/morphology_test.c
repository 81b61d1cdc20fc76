/* Dilation and erosion against the definition: one step of the cross, again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tensor/spatial.h"

/* One step; outside the image is background, and a 2-D image has no neighbours along D. */
static void step(uint8_t *mask, const int64_t size[3], bool grow, bool in_plane)
{
	int64_t stride[3] = { size[1] * size[2], size[2], 1 }, count = size[0] * size[1] * size[2];
	uint8_t *old = xmalloc((size_t)count);
	for (int64_t i = 0; i < count; i++)
		old[i] = mask[i] != 0;
	for (int64_t i = 0; i < count; i++) {
		int64_t at[3] = { i / stride[0], i / size[2] % size[1], i % size[2] };
		int any = old[i], all = old[i];
		for (int a = in_plane || size[0] == 1; a < 3; a++) {
			int before = at[a] > 0 ? old[i - stride[a]] : 0, behind = at[a] < size[a] - 1 ? old[i + stride[a]] : 0;
			any |= before | behind;
			all &= before & behind;
		}
		mask[i] = (uint8_t)(grow ? any : all);
	}
	free(old);
}

static void random_masks(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 2, "morphology", 0, "", 0);
	for (int trial = 0; trial < 200; trial++) {
		int64_t size[3] = { rng_int(&r, 1, 5), rng_int(&r, 1, 12), rng_int(&r, 1, 12) };
		size_t count = (size_t)(size[0] * size[1] * size[2]);
		uint8_t want[5 * 12 * 12], got[5 * 12 * 12];
		bool grow = trial % 2, in_plane = trial / 2 % 2;
		double density = grow ? .05 : .9;
		int n = (int)rng_int(&r, 0, 4);
		for (size_t i = 0; i < count; i++)
			want[i] = got[i] = rng_uniform(&r) < density;
		for (int i = 0; i < n; i++)
			step(want, size, grow, in_plane);
		(grow ? dilate : erode)(got, size, n, in_plane);
		assert_memory_equal(want, got, count);
	}
}

/* More iterations than a byte holds. */
static void far(void **state)
{
	(void)state;
	const int64_t size[3] = { 1, 3, 1500 };
	uint8_t mask[4500] = { 0 };
	mask[1500 + 700] = 7;
	dilate(mask, size, 600, false);
	for (int i = 0; i < 1500; i++) {
		assert_int_equal(mask[i], abs(i - 700) <= 599);
		assert_int_equal(mask[1500 + i], abs(i - 700) <= 600);
	}
	memset(mask, 1, sizeof mask);
	erode(mask, size, 1, false);
	for (int i = 0; i < 1500; i++) {
		assert_int_equal(mask[i], 0);
		assert_int_equal(mask[1500 + i], i > 0 && i < 1499);
	}
	erode(mask, size, 600, false);
	for (int i = 0; i < 4500; i++)
		assert_int_equal(mask[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_masks), cmocka_unit_test(far) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
