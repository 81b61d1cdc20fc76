/* Exact distances against a search of all pairs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tensor/spatial.h"

enum { MAX = 4096 };

static double nearest(const uint8_t *mask, const int64_t size[3], const double spacing[3], int64_t z, int64_t y, int64_t x)
{
	double best = INFINITY;
	for (int64_t c = 0, i = 0; c < size[0]; c++)
		for (int64_t b = 0; b < size[1]; b++)
			for (int64_t a = 0; a < size[2]; a++, i++)
				if (mask[i]) {
					double dz = (double)(c - z) * spacing[0], dy = (double)(b - y) * spacing[1];
					double dx = (double)(a - x) * spacing[2];
					best = fmin(best, dz * dz + dy * dy + dx * dx);
				}
	return best;
}

static void check(const uint8_t *mask, const int64_t size[3], const double spacing[3])
{
	float got[MAX];
	distance_squared(got, mask, size, spacing);
	for (int64_t z = 0, i = 0; z < size[0]; z++)
		for (int64_t y = 0; y < size[1]; y++)
			for (int64_t x = 0; x < size[2]; x++, i++) {
				double want = nearest(mask, size, spacing, z, y, x);
				if (isinf(want))
					assert_true(isinf(got[i]));
				else
					assert_true(fabs((double)got[i] - want) <= 1e-6 * want);
			}
}

static void random_masks(void **state)
{
	(void)state;
	static const double spacings[][3] = {
		{ 1, 1, 1 }, { 3, 1, .5 }, { .1, .1, 10 }, { 20, 1, 1 }, { .7031, .7031, 1.25 }, { 1e-3, 1e-3, 2e-3 },
	};
	uint8_t mask[MAX];
	struct rng r;
	rng_init(&r, 1, "distance", 0, "", 0);
	for (int trial = 0; trial < 120; trial++) {
		int64_t size[3] = { rng_int(&r, 1, 6), rng_int(&r, 1, 20), rng_int(&r, 1, 34) };
		double density = pow(.5, (double)rng_int(&r, 0, 9));
		for (int64_t i = 0; i < size[0] * size[1] * size[2]; i++)
			mask[i] = rng_uniform(&r) < density ? (uint8_t)rng_int(&r, 1, 255) : 0;
		check(mask, size, spacings[trial % (int)PM_COUNT(spacings)]);
	}
}

static void corners(void **state)
{
	(void)state;
	const double one[3] = { 1, 1, 1 }, flat[3] = { 2, 3, 5 };
	uint8_t mask[MAX] = { 0 };
	check(mask, (int64_t[3]){ 3, 4, 5 }, one); /* empty: infinite */
	mask[59] = 1;
	check(mask, (int64_t[3]){ 3, 4, 5 }, flat);
	check(mask, (int64_t[3]){ 1, 1, 60 }, flat);
	check(mask, (int64_t[3]){ 1, 60, 1 }, flat);
	check(mask, (int64_t[3]){ 60, 1, 1 }, flat);
	memset(mask, 1, sizeof mask);
	check(mask, (int64_t[3]){ 1, 1, 1 }, flat);
	check(mask, (int64_t[3]){ 4, 4, 4 }, flat);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_masks), cmocka_unit_test(corners) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
