/* Connected components against a flood fill, and which one is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tensor/spatial.h"

enum { MAX = 6 * 16 * 40 };

/* Labels by flooding from each voxel in raster order. */
static int64_t flood(int32_t *out, const uint8_t *mask, const int64_t size[3], int connectivity)
{
	static int64_t stack[MAX];
	int64_t count = size[0] * size[1] * size[2], n = 0;
	memset(out, 0, (size_t)count * sizeof *out);
	for (int64_t seed = 0; seed < count; seed++) {
		if (!mask[seed] || out[seed])
			continue;
		int64_t top = 0;
		out[seed] = (int32_t)++n;
		stack[top++] = seed;
		while (top) {
			int64_t i = stack[--top], z = i / (size[1] * size[2]), y = i / size[2] % size[1], x = i % size[2];
			for (int k = 0; k < 27; k++) {
				int64_t dz = k / 9 - 1, dy = k / 3 % 3 - 1, dx = k % 3 - 1, to = i + (dz * size[1] + dy) * size[2] + dx;
				bool there = z + dz >= 0 && z + dz < size[0] && y + dy >= 0 && y + dy < size[1] && x + dx >= 0 && x + dx < size[2];
				if (!there || labs(dz) + labs(dy) + labs(dx) > connectivity || !mask[to] || out[to])
					continue;
				out[to] = (int32_t)n;
				stack[top++] = to;
			}
		}
	}
	return n;
}

static void random_masks(void **state)
{
	(void)state;
	static int32_t want[MAX], got[MAX];
	static uint8_t mask[MAX], kept[MAX];
	struct rng r;
	rng_init(&r, 3, "components", 0, "", 0);
	for (int trial = 0; trial < 200; trial++) {
		int64_t size[3] = { rng_int(&r, 1, 6), rng_int(&r, 1, 16), rng_int(&r, 1, 40) };
		int64_t count = size[0] * size[1] * size[2];
		double density = rng_uniform(&r);
		uint8_t on = trial % 3 ? 1 : 200;
		for (int64_t i = 0; i < count; i++)
			kept[i] = mask[i] = rng_uniform(&r) < density ? on : 0;
		int64_t n = 0;
		for (int connectivity = 3; connectivity >= 1; connectivity--) {
			n = flood(want, mask, size, connectivity);
			assert_int_equal(components(got, mask, size, connectivity), n);
			assert_memory_equal(want, got, (size_t)count * sizeof *want);
		}

		int64_t *voxels = xcalloc((size_t)n + 1, sizeof *voxels), largest = 0;
		for (int64_t i = 0; i < count; i++)
			voxels[want[i]] += want[i] > 0;
		for (int64_t i = 1; i <= n; i++)
			if (voxels[i] > voxels[largest])
				largest = i;
		keep_largest(kept, size);
		for (int64_t i = 0; i < count; i++)
			assert_int_equal(kept[i], want[i] && want[i] == largest ? on : 0);
		free(voxels);
	}
}

static void largest(void **state)
{
	(void)state;
	uint8_t all[16] = { 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0 };
	const uint8_t one[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0 };
	keep_largest(all, (int64_t[3]){ 1, 4, 4 });
	assert_memory_equal(all, one, 16);

	uint8_t tie[8] = { 0, 1, 1, 0, 1, 1, 0, 1 };
	const uint8_t first[8] = { 0, 1, 1, 0, 0, 0, 0, 0 };
	keep_largest(tie, (int64_t[3]){ 1, 1, 8 });
	assert_memory_equal(tie, first, 8);

	uint8_t empty[8] = { 0 };
	const uint8_t nothing[8] = { 0 };
	keep_largest(empty, (int64_t[3]){ 2, 2, 2 });
	assert_memory_equal(empty, nothing, 8);
}

/* Two combs whose teeth meet only in the last row: many joins of roots. */
static void comb(void **state)
{
	(void)state;
	uint8_t mask[1000] = { 0 };
	int32_t out[1000];
	for (int i = 0; i < 1000; i++)
		mask[i] = i / 100 == 9 || i % 2;
	assert_int_equal(components(out, mask, (int64_t[3]){ 1, 10, 100 }, 1), 1);
	memset(mask + 900, 0, 100);
	assert_int_equal(components(out, mask, (int64_t[3]){ 1, 10, 100 }, 1), 50);
	assert_int_equal(out[1], 1);
	assert_int_equal(out[899], 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_masks), cmocka_unit_test(largest), cmocka_unit_test(comb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
