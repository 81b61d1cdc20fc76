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

/* A ramp of two channels, no two values alike; spoiled by spec, its target must be what it was. */
static void spoiled(struct record *r, const char *spec, uint64_t seed)
{
	make(r, PM_F32, 2, 6, 20, 24);
	float *x = record_get(r, "image")->data;
	for (int i = 0; i < 2 * 2880; i++)
		x[i] = (float)i / 2880 - 1;
	apply(r, spec, seed);
	const struct tensor *t = record_peek(r, "target");
	assert_true(t && t->rank == 4 && tensor_count(t) == 2 * 2880);
	for (int i = 0; i < 2 * 2880; i++)
		assert_true(((const float *)t->data)[i] == (float)i / 2880 - 1);
}

static const float *image_of(const struct record *r) { return record_peek(r, "image")->data; }

/* Index of the voxel of channel c whose value has come to voxel i. */
static int source(const struct record *r, int c, int i) { return (int)lrintf((image_of(r)[c * 2880 + i] + 1) * 2880) - c * 2880; }

static void block_of(int i, int at[3]) { at[0] = i / 480, at[1] = i / 24 % 20, at[2] = i % 24; }

/* One block: what left it stays in it, all channels alike, nothing is lost. */
static void shuffling(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	int changed = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		bool seen[2880] = { false };
		int lo[3] = { 99, 99, 99 }, hi[3] = { -1, -1, -1 }, moved = 0, at[3];

		spoiled(&r, "local_shuffle:count=1:block=3x4x5:p=1", seed);
		for (int i = 0; i < 2880; i++) {
			const int from = source(&r, 0, i);
			assert_true(from == source(&r, 1, i) && !seen[from]);
			seen[from] = true;
			if (from == i)
				continue;
			moved++;
			block_of(i, at);
			for (int a = 0; a < 3; a++) {
				lo[a] = at[a] < lo[a] ? at[a] : lo[a];
				hi[a] = at[a] > hi[a] ? at[a] : hi[a];
			}
		}
		assert_in_range(moved, 50, 60);
		assert_true(hi[0] - lo[0] < 3 && hi[1] - lo[1] < 4 && hi[2] - lo[2] < 5);
	}
	for (uint64_t seed = 0; seed < 400; seed++) {
		spoiled(&r, "local_shuffle", seed);
		changed += memcmp(image_of(&r), record_peek(&r, "target")->data, 2880 * sizeof(float)) != 0;
	}
	assert_in_range(changed, 170, 230);
	fails(&r, "local_shuffle:count=5,4", -2, "range LO,HI");
	fails(&r, "local_shuffle:block=4,4", -2, "give D,H,W");
	record_fini(&r);
}

/* A pair of blocks: each voxel that moved has moved by the same way, there or back. */
static void swapping(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		int there = 0, back = 0, way = 0;

		spoiled(&r, "patch_swap:count=1:block=2x3x4", seed);
		for (int i = 0; i < 2880; i++) {
			const int shift = source(&r, 0, i) - i;
			assert_int_equal(shift, source(&r, 1, i) - i);
			way = way ? way : shift;
			assert_true(shift == 0 || shift == way || shift == -way);
			there += shift == way && way;
			back += shift == -way && way;
		}
		assert_true(there + back == 0 || (there + back > 24 && there + back <= 48));
	}
	record_fini(&r);
}

/* Noise inside of three blocks, or outside of one box; what is not noise is as it was. */
static void painting(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		for (int inside = 0; inside < 2; inside++) {
			int noise = 0;
			spoiled(&r, inside ? "paint:p=1:inside=1:count=3:block=2x3x4" : "paint:p=1:inside=0:out-count=1:keep-off=2x8x10", seed);
			for (int i = 0; i < 2 * 2880; i++) {
				const float was = (float)i / 2880 - 1, x = image_of(&r)[i];
				noise += x != was;
				assert_true(i < 2880 ? x >= -1 && x < 0 : x >= 0 && x < 1); /* the range of the channel */
			}
			if (inside)
				assert_in_range(noise, 2 * 24, 2 * 72);
			else
				assert_in_range(noise, 2 * (2880 - 4 * 12 * 14) - 5, 2 * (2880 - 4 * 12 * 14));
		}
	}
	fails(&r, "paint:keep-off=1,2", -2, "keep-off");
	record_fini(&r);
}

/* A curve keeps the order of values, or turns it round, and the ends; a second transform leaves the target alone. */
static void curves(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	for (uint64_t seed = 0; seed < 40; seed++) {
		double bent = 0;

		spoiled(&r, seed % 2 ? "nonlinear:p=1:invert=1" : "nonlinear:p=1:invert=0", seed);
		for (int c = 0; c < 2; c++) {
			const float *x = image_of(&r) + c * 2880, lo = (float)c - 1, hi = (float)(c * 2880 + 2879) / 2880 - 1;
			assert_float_equal(x[0], (seed % 2 ? hi : lo), 1e-5);
			assert_float_equal(x[2879], (seed % 2 ? lo : hi), 1e-5);
			for (int i = 1; i < 2880; i++) {
				assert_true(seed % 2 ? x[i] <= x[i - 1] + 1e-6f : x[i] >= x[i - 1] - 1e-6f);
				bent = fmax(bent, fabs((double)x[i] - (seed % 2 ? (double)hi - i / 2880.0 : (double)lo + i / 2880.0)));
			}
		}
		assert_true(bent > 0.01);
		apply(&r, "paint:p=1:inside=1", seed);
		assert_true(((const float *)record_peek(&r, "target")->data)[0] == -1);
		apply(&r, "crop:size=4,12,12", seed);
		assert_int_equal(tensor_count(record_peek(&r, "target")), 2 * 4 * 12 * 12);
	}
	record_fini(&r);
}

/* Curves of blocks leave all else as it was. */
static void curves_of_blocks(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		int bent = 0;
		spoiled(&r, "nonlinear:p=1:count=2:block=2x3x4:channels=1", seed);
		for (int i = 0; i < 2 * 2880; i++) {
			const bool changed = image_of(&r)[i] != (float)i / 2880 - 1;
			assert_true(i >= 2880 || !changed);
			bent += changed;
		}
		assert_in_range(bent, 20, 48);
	}
	fails(&r, "nonlinear:count=2:block=2,3", -2, "give D,H,W");
	fails(&r, "nonlinear:count=3,2", -2, "range LO,HI");
	record_fini(&r);
}

/* Whole blocks of the grid, cut at its end, are 0 in all channels or in each by itself; the weight says where. */
static void masking(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	int masked = 0, apart = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		const bool each = seed % 2;
		spoiled(&r, each ? "mask_blocks:block=4x8x10:per-channel:weight" : "mask_blocks:block=4x8x10:weight", seed);
		const float *weight = record_peek(&r, "weight")->data, *x = image_of(&r);
		for (int i = 0; i < 2880; i++) {
			const int corner = i / 480 / 4 * 4 * 480 + i / 24 % 20 / 8 * 8 * 24 + i % 24 / 10 * 10;
			const bool one = x[i] == 0, two = x[2880 + i] == 0 && i > 0;
			assert_true(x[i] == 0 || x[i] == (float)i / 2880 - 1);
			assert_true(one == (x[corner] == 0) && weight[i] == (one || two || (i == 0 && weight[1] == 1)));
			assert_true(each || i == 0 || one == two);
			masked += one;
			apart += one != two && i > 0;
		}
	}
	assert_in_range(masked, (int)(0.38 * 40 * 2880), (int)(0.52 * 40 * 2880));
	assert_true(apart > 2880);
	fails(&r, "mask_blocks:block=4,4", -2, "give D,H,W");
	apply(&r, "brightness:min=2:max=2:p=1:channel-p=1", 1);
	assert_true(((const float *)record_peek(&r, "target")->data)[0] == -1);
	spoiled(&r, "target", 1);
	assert_true(image_of(&r)[5] == 5.0f / 2880 - 1);
	record_fini(&r);
}

/* Shuffled, with all blocks of the first crop: its blocks have changed places, none is lost. */
static void fusion_shuffled(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, plain = { .n = 0 };
	const char *const spec = "volume_fusion:size=4x12x12:min=2x4x4:max=2x4x4:classes=2:share=1";
	char shuffled[200];
	int moved = 0;

	snprintf(shuffled, sizeof shuffled, "%s:shuffle", spec);
	make(&r, PM_I16, 1, 5, 15, 14);
	record_copy(&plain, &r);
	apply(&r, shuffled, 2);
	apply(&plain, spec, 2);
	for (int b = 0; b < 18; b++) {
		const float *x = image_of(&r) + b / 9 * 288 + b / 3 % 3 * 48 + b % 3 * 4;
		int found = -1;
		for (int s = 0; s < 18; s++) {
			const float *y = image_of(&plain) + s / 9 * 288 + s / 3 % 3 * 48 + s % 3 * 4;
			bool same = true;
			for (int i = 0; i < 32; i++)
				same &= x[i / 16 * 144 + i / 4 % 4 * 12 + i % 4] == y[i / 16 * 144 + i / 4 % 4 * 12 + i % 4];
			found = same ? s : found;
		}
		assert_true(found >= 0);
		moved += found != b;
	}
	assert_true(moved > 10);
	record_fini(&r);
	record_fini(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fusion), cmocka_unit_test(fusion_contrast), cmocka_unit_test(fusion_shuffled),
		cmocka_unit_test(shuffling), cmocka_unit_test(swapping), cmocka_unit_test(painting), cmocka_unit_test(curves),
		cmocka_unit_test(curves_of_blocks), cmocka_unit_test(masking) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
