/* The transforms of the grid, of labels, and the table of all: geometry, and what undo brings back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "tensor/spatial.h"
#include "transform_made.h"

static void undo(struct record *r)
{
	struct err e = { "" };

	if (transform_undo(r, &e))
		fail_msg("%s", e.msg);
}

static void has_size(struct record *r, const char *field, int64_t d, int64_t h, int64_t w)
{
	const struct tensor *t = record_get(r, field);
	const int64_t *dim = t->dim + t->rank - 3;

	if (dim[0] != d || dim[1] != h || dim[2] != w)
		fail_msg("%s is %dx%dx%d", field, (int)dim[0], (int)dim[1], (int)dim[2]);
}

static void same_field(struct record *a, struct record *b, const char *field)
{
	struct tensor *x = record_get(a, field), *y = record_get(b, field);

	assert_int_equal(x->dtype, y->dtype);
	assert_int_equal(x->rank, y->rank);
	assert_memory_equal(x->dim, y->dim, (size_t)x->rank * sizeof(x->dim[0]));
	assert_memory_equal(x->data, y->data, (size_t)tensor_count(x) * dtype_size(x->dtype));
}

static void same_geometry(struct record *a, struct record *b)
{
	static const char *const key[] = { "spacing", "affine", "nifti" };

	for (int i = 0; i < 3; i++) {
		double x[32], y[32];
		int n = meta_numbers(&a->meta, key[i], x, 32);

		assert_int_equal(n, meta_numbers(&b->meta, key[i], y, 32));
		assert_memory_equal(x, y, (size_t)(n > 0 ? n : 0) * sizeof(*x));
	}
}

static void padding(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	const int64_t from[3] = { 3, 5, 7 }, to[3] = { 3, 8, 8 }, start[3] = { 0, -1, 0 };
	uint16_t want[2 * 3 * 8 * 8];

	make(&was, PM_U16, 2, 3, 5, 7);
	record_copy(&r, &was);
	apply(&r, "pad:size=8,8", 1);
	has_size(&r, "image", 3, 8, 8);
	has_size(&r, "label", 3, 8, 8);
	crop_pad(want, to, record_get(&was, "image")->data, from, start, 2, PM_U16, BORDER_REFLECT);
	assert_memory_equal(record_get(&r, "image")->data, want, sizeof(want));
	undo(&r);
	same_field(&r, &was, "image");
	same_field(&r, &was, "label");
	same_geometry(&r, &was);
	apply(&r, "pad:size=4x0x4", 1);
	has_size(&r, "image", 4, 5, 7);
	apply(&r, "pad:ceil:size=4x4x4", 1);
	has_size(&r, "image", 4, 8, 8);
	apply(&r, "pad:size=2,2,2", 1);
	has_size(&r, "label", 4, 8, 8);
	undo(&r);
	same_field(&r, &was, "image");
	fails(&r, "pad", -2, "give D,H,W");
	fails(&r, "pad:size=8", -2, "give D,H,W");
	fails(&r, "pad:size=8.5,8", -2, "whole");
	record_fini(&r);
	record_fini(&was);
}

static void cropping(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	int first = 0, last = 0, covered = 0;

	make(&was, PM_I16, 1, 4, 9, 10);
	fails(&was, "crop:size=5,9,10", -1, "pad first");
	fails(&was, "center_crop:size=11,9", -1, "pad first");
	for (uint64_t seed = 0; seed < 400; seed++) {
		record_copy(&r, &was);
		apply(&r, "crop:size=0x9x4", seed);
		has_size(&r, "image", 4, 9, 4);
		const int16_t *x = record_get(&r, "image")->data, *y = record_get(&was, "image")->data;

		first += !memcmp(x, y, 8);
		last += !memcmp(x, y + 6, 8);
	}
	assert_in_range(first, 35, 80); /* 1 of 7 places */
	assert_in_range(last, 35, 80);

	/* One voxel of class 9 in a corner: a box around it holds it. */
	tensor_set(record_get(&was, "label"), 3 * 90 + 8 * 10 + 9, 9);
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct tensor *t;

		record_copy(&r, &was);
		apply(&r, "crop:size=2x3x3:foreground=1:labels=9", seed);
		t = record_get(&r, "label");
		assert_int_equal(tensor_at(t, 17), 9);
		record_copy(&r, &was);
		apply(&r, "crop:size=2x3x3:foreground=1:labels=9,77", seed);
		t = record_get(&r, "label");
		assert_int_equal(tensor_at(t, 17), 9);
		record_copy(&r, &was);
		apply(&r, "crop:size=2x3x3:foreground=1", seed);
		t = record_get(&r, "label");
		int any = 0;

		for (int64_t i = 0; i < 18; i++) {
			any |= tensor_at(t, i) > 0;
			covered += tensor_at(t, i) == 9;
		}
		assert_true(any);
	}
	assert_in_range(covered, 8, 30); /* 1 of 3 classes */
	record_copy(&r, &was);
	apply(&r, "crop:size=2x3x3:foreground=1:labels=77", 1); /* no such class here: anywhere */
	has_size(&r, "label", 2, 3, 3);
	record_copy(&r, &was);
	record_drop(&r, "label");
	apply(&r, "crop:size=2x3x3:foreground=1", 1);
	has_size(&r, "image", 2, 3, 3);
	record_copy(&r, &was);
	apply(&r, "center_crop:size=2,5,4", 1);
	assert_int_equal(tensor_at(record_get(&r, "image"), 0), tensor_at(record_get(&was, "image"), 1 * 90 + 2 * 10 + 3));
	record_fini(&r);
	record_fini(&was);
}

/* What was not predicted is background: pred 0, prob of class 0 one. */
static void crop_undo(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	const int64_t dim[4] = { 2, 2, 3, 4 };

	make(&r, PM_U8, 1, 4, 6, 8);
	apply(&r, "center_crop:size=2,3,4", 1);
	struct tensor *pred = record_put(&r, "pred", PM_U8, 3, dim + 1), *prob;

	memset(pred->data, 3, 24);
	prob = record_put(&r, "prob", PM_F32, 4, dim);
	for (int64_t i = 0; i < 48; i++)
		tensor_set(prob, i, i < 24 ? 0.25 : 0.75);
	undo(&r);
	has_size(&r, "pred", 4, 6, 8);
	has_size(&r, "prob", 4, 6, 8);
	pred = record_get(&r, "pred");
	prob = record_get(&r, "prob");
	for (int64_t i = 0; i < 192; i++) {
		int64_t z = i / 48, y = i / 8 % 6, x = i % 8;
		bool in = z >= 1 && z < 3 && y >= 1 && y < 4 && x >= 2 && x < 6;

		assert_int_equal(tensor_at(pred, i), in ? 3 : 0);
		assert_float_equal(tensor_at(prob, i), (in ? 0.25 : 1), 0);
		assert_float_equal(tensor_at(prob, 192 + i), (in ? 0.75 : 0), 0);
	}
	record_fini(&r);
}

/* Corners that a rotation has turned out of the image are background too, and probabilities still sum to one. */
static void rotate_undo(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	const int64_t dim[4] = { 2, 1, 12, 12 };

	make(&r, PM_U8, 1, 1, 12, 12);
	apply(&r, "rotate:p=1:d=45,45", 1);
	struct tensor *prob = record_put(&r, "prob", PM_F32, 4, dim);

	for (int64_t i = 0; i < 288; i++)
		tensor_set(prob, i, i >= 144);
	undo(&r);
	prob = record_get(&r, "prob");
	for (int64_t i = 0; i < 144; i++)
		assert_float_equal((tensor_at(prob, i) + tensor_at(prob, 144 + i)), 1, 1e-5);
	assert_float_equal(tensor_at(prob, 0), 1, 0);
	assert_float_equal(tensor_at(prob, 144 + 78), 1, 1e-5);
	record_fini(&r);
}

static void flipping(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	int count[3] = { 0 };

	make(&was, PM_I16, 2, 2, 3, 4);
	struct tensor *u = record_get(&was, "image");

	for (int64_t i = 0; i < 48; i++)
		tensor_set(u, i, (double)i);
	for (uint64_t seed = 0; seed < 400; seed++) {
		double corner;

		record_copy(&r, &was);
		apply(&r, "flip:axes=dhw", seed);
		corner = tensor_at(record_get(&r, "image"), 0);
		count[0] += corner >= 12;
		count[1] += (int)corner % 12 >= 8;
		count[2] += (int)corner % 4 == 3;
		assert_float_equal(tensor_at(record_get(&r, "image"), 24), (corner + 24), 0);
		undo(&r);
		same_field(&r, &was, "image");
		same_geometry(&r, &was);
	}
	for (int a = 0; a < 3; a++)
		assert_in_range(count[a], 160, 240);
	fails(&r, "flip:axes=hx", -2, "letters of d, h, w");
	fails(&r, "flip:axes=", -2, "letters of d, h, w");
	record_fini(&r);
	record_fini(&was);
}

/* The voxel with the largest image value lies at the same millimetres before and after. */
static void landmark(struct record *r, double mm[3])
{
	struct tensor *t = record_get(r, "image");
	double affine[16];
	int64_t at = 0, n = tensor_count(t), h = t->dim[2], w = t->dim[3];

	assert_int_equal(meta_numbers(&r->meta, "affine", affine, 16), 16);
	for (int64_t i = 0; i < n; i++)
		if (tensor_at(t, i) > tensor_at(t, at))
			at = i;
	double voxel[4] = { (double)(at % w), (double)(at / w % h), (double)(at / w / h), 1 };

	for (int row = 0; row < 3; row++) {
		mm[row] = 0;
		for (int k = 0; k < 4; k++)
			mm[row] += affine[row * 4 + k] * voxel[k];
	}
}

static void landmarks(void **state)
{
	(void)state;
	static const char *const spec[] = {
		"pad:size=8,20,20", "crop:size=3,9,9:foreground=1:labels=9", "center_crop:size=3,13,11", "flip:axes=dhw:p=1",
		"rotate:d=90,90:p=1", "rotate:d=:h=180,180:p=1", "rotate:d=:w=180,180:p=1",
		"rot90:p=1:about=dhw", "transpose:p=1:about=dhw", "crop:size=3,9,9:start=1,3,4", "crop_box:above=900:margin=1,2,2",
		"rescale:lower=2,2,2:upper=2,2,2:p=1", "resize:size=9,29,29", "resample:spacing=2.5,0.75,0.625", "affine:p=1:d=20,20:h=5,5",
	};
	struct record r = { .n = 0 };

	for (size_t i = 0; i < PM_COUNT(spec); i++) {
		double before[3], after[3];

		make(&r, PM_U16, 1, 5, 15, 15);
		tensor_set(record_get(&r, "image"), 2 * 225 + 6 * 15 + 8, 1000);
		tensor_set(record_get(&r, "label"), 2 * 225 + 6 * 15 + 8, 9);
		landmark(&r, before);
		apply(&r, spec[i], 3);
		landmark(&r, after);
		for (int a = 0; a < 3; a++)
			if (fabs(before[a] - after[a]) > (i < 11 ? 1e-9 : 3))
				fail_msg("%s: axis %d: %g is now %g", spec[i], a, before[a], after[a]);
		assert_int_equal(meta_numbers(&r.meta, "nifti", before, 3), -1);
	}
	record_fini(&r);
}

/* All in a row and back: exact ones bring back the bytes, the others the grid, the geometry and nearly the label. */
static void round_trips(void **state)
{
	(void)state;
	static const char *const exact[] = { "pad:size=8,24,24", "flip:axes=dhw", "center_crop:size=7,22,23",
		"pad:ceil:size=4,16,16", "flip", "rot90", "transpose:about=dhw" };
	static const char *const rough[] = { "rescale:p=1:lower=1.5,1.5:upper=1.8,1.8", "flip:axes=hw:p=1", "pad:size=6,70,70",
		"resize:size=9,64,66", "rotate:d=20,20:p=1", "resample:spacing=3,0.7,0.7",
		"affine:p=1:shear=-5,5" };
	struct record r = { .n = 0 }, was = { .n = 0 };

	make(&was, PM_U16, 2, 5, 21, 22);
	for (uint64_t seed = 0; seed < 20; seed++) {
		record_copy(&r, &was);
		for (size_t i = 0; i < PM_COUNT(exact); i++)
			apply(&r, exact[i], seed * 100 + i);
		assert_false(undo_blends(&r.meta));
		undo(&r);
		same_field(&r, &was, "image");
		same_field(&r, &was, "label");
		same_geometry(&r, &was);
	}
	make(&was, PM_U16, 1, 5, 40, 42);
	record_copy(&r, &was);
	for (size_t i = 0; i < PM_COUNT(rough); i++) {
		record_copy(&r, &was);
		apply(&r, rough[i], i);
		assert_true(undo_blends(&r.meta) == (i != 1 && i != 2)); /* flip and pad do not */
	}
	record_copy(&r, &was);
	for (size_t i = 0; i < PM_COUNT(rough); i++)
		apply(&r, rough[i], i);
	assert_true(undo_blends(&r.meta));
	undo(&r);
	assert_false(undo_blends(&r.meta));
	has_size(&r, "image", 5, 40, 42);
	same_geometry(&r, &was);
	int wrong = 0;

	for (int64_t z = 0; z < 5; z++)
		for (int64_t y = 12; y < 28; y++)
			for (int64_t x = 12; x < 30; x++)
				wrong += tensor_at(record_get(&r, "label"), (z * 40 + y) * 42 + x) !=
					tensor_at(record_get(&was, "label"), (z * 40 + y) * 42 + x);
	assert_in_range(wrong, 0, 5 * 16 * 18 / 8);
	assert_int_equal(record_get(&r, "label")->dtype, PM_U8);
	record_fini(&r);
	record_fini(&was);
}

static void resampling(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	double spacing[3];

	make(&r, PM_U8, 1, 5, 15, 16);
	apply(&r, "resample:spacing=2.5,3,0", 1);
	has_size(&r, "image", 10, 8, 16); /* 15 * 0.5 = 7.5: half to even */
	assert_int_equal(record_get(&r, "image")->dtype, PM_F32);
	meta_numbers(&r.meta, "spacing", spacing, 3);
	assert_float_equal(spacing[0], (5.0 * 4 / 9), 1e-6); /* corners stay where they were */
	assert_float_equal(spacing[1], (1.5 * 14 / 7), 1e-6);
	assert_float_equal(spacing[2], 1.25, 0);
	undo(&r);
	apply(&r, "resample:keep-z=4,6:spacing=1,1,1", 1);
	has_size(&r, "label", 5, 22, 20);
	undo(&r);
	apply(&r, "resize:size=30,0", 1);
	has_size(&r, "label", 5, 30, 16);
	meta_delete(&r.meta, "spacing");
	fails(&r, "resample:spacing=1,1", -1, "no spacing");
	fails(&r, "resample:keep-z=1:spacing=1,1", -2, "keep-z");
	record_fini(&r);
}

static void labels(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	make(&r, PM_U8, 1, 1, 6, 6);
	apply(&r, "label_convert:map=1=2,2>1", 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 0), 0);
	assert_int_equal(tensor_at(record_get(&r, "label"), 5), 2);
	assert_int_equal(tensor_at(record_get(&r, "label"), 35), 1);
	apply(&r, "label_convert:map=1=205x7=3", 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 35), 205);
	apply(&r, "label_convert:map=205=2:others=0", 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 5), 0);
	assert_int_equal(tensor_at(record_get(&r, "label"), 35), 2);
	fails(&r, "label_convert:map=1=2:others=-1", -1, "cannot hold -1");
	fails(&r, "label_convert:others=1,2:map=1=2", -2, "give one");
	fails(&r, "label_convert:map=1=300", -1, "cannot hold 300");
	fails(&r, "label_convert:map=1", -2, "pairs like");
	fails(&r, "label_convert:map=1=2,", -2, "pairs like");
	fails(&r, "label_convert", -2, "pairs like");
	apply(&r, "label_nonzero", 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 35), 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 0), 0);
	record_fini(&r);
}

/* Two squares that touch: growing ones keep their own ground, the smaller number takes the rest. */
static void corruption(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	const int64_t size[3] = { 1, 40, 40 };
	uint8_t one[1600], two[1600];
	struct tensor *t;

	make(&was, PM_U8, 1, 1, 40, 40);
	t = record_get(&was, "label");
	for (int64_t i = 0; i < 1600; i++) {
		one[i] = i / 40 >= 15 && i / 40 < 25 && i % 40 >= 10 && i % 40 < 20;
		two[i] = i / 40 >= 15 && i / 40 < 25 && i % 40 >= 20 && i % 40 < 30;
		tensor_set(t, i, one[i] + 2 * two[i]);
	}
	record_copy(&r, &was);
	apply(&r, "dilate:radius=4", 1);
	t = record_get(&r, "label");
	dilate(one, size, 4, true);
	dilate(two, size, 4, true);
	for (int64_t i = 0; i < 1600; i++) {
		double old = tensor_at(record_get(&was, "label"), i);

		assert_int_equal(tensor_at(t, i), old > 0 ? old : one[i] ? 1 : two[i] ? 2 : 0);
	}
	record_copy(&r, &was);
	apply(&r, "erode:radius=3:labels=1", 1);
	t = record_get(&r, "label");
	int count[3] = { 0 };

	for (int64_t i = 0; i < 1600; i++)
		count[(int)tensor_at(t, i)]++;
	assert_int_equal(count[1], 16);
	assert_int_equal(count[2], 100);
	for (uint64_t seed = 0; seed < 20; seed++) {
		char kind[16];
		double radius[2];
		int added = 0, removed = 0;

		record_copy(&r, &was);
		apply(&r, "edge:radius=2,4:labels=2", seed);
		assert_int_equal(meta_text(&r.meta, "noise", kind, sizeof(kind)), 0);
		assert_string_equal(kind, "edge");
		assert_int_equal(meta_numbers(&r.meta, "noise_radius", radius, 2), 2);
		for (int64_t i = 0; i < 1600; i++) {
			double v = tensor_at(record_get(&r, "label"), i), old = tensor_at(record_get(&was, "label"), i);

			added += v == 2 && old == 0;
			removed += v == 0 && old == 2;
			assert_true(old != 1 || v == 1);
		}
		assert_true(added > 0 && removed + added < 160);
	}
	fails(&r, "dilate:radius=3,2", -2, "range");
	record_drop(&r, "label");
	apply(&r, "dilate", 1);
	record_fini(&r);
	record_fini(&was);
}

/* Two slices of 40 x 40: a square of class 1 in each, two squares of class 2 in the second. */
static void drawing(struct record *r)
{
	make(r, PM_U8, 1, 2, 40, 40);
	for (int64_t i = 0; i < 3200; i++) {
		const int64_t z = i / 1600, y = i / 40 % 40, x = i % 40;
		const bool one = y >= 4 && y < 14 && x >= 4 && x < 14, two = z && x >= 22 && x < 34 && ((y >= 4 && y < 12) || (y >= 20 && y < 36));

		tensor_set(record_get(r, "label"), i, one ? 1 : two ? 2 : 0);
	}
}

/* Applies it to the drawing, and counts voxels of [slice][class before][class after], 3 for any other number after. */
static void redrawn(struct record *r, const char *spec, uint64_t seed, int64_t count[2][3][4])
{
	struct record was = { .n = 0 };

	drawing(&was);
	drawing(r);
	apply(r, spec, seed);
	memset(count, 0, sizeof(int64_t[2][3][4]));
	for (int64_t i = 0; i < 3200; i++) {
		const double v = tensor_at(record_get(r, "label"), i);

		count[i / 1600][(int)tensor_at(record_get(&was, "label"), i)][v > 2 ? 3 : (int)v]++;
	}
	record_fini(&was);
}

static void structures(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	int64_t n[2][3][4], kept[3] = { 0 };
	double radius;

	redrawn(&r, "missing:share=1:labels=2", 1, n);
	assert_true(n[0][1][1] == 100 && n[1][1][1] == 100 && n[1][2][0] == 288);
	for (uint64_t seed = 0; seed < 200; seed++) {
		redrawn(&r, "missing:share=0.25", seed, n);
		assert_true(n[1][2][2] == 0 || n[1][2][2] == 96 || n[1][2][2] == 192 || n[1][2][2] == 288); /* whole ones */
		kept[0] += n[0][1][1] == 100;
		kept[1] += n[1][1][1] == 100;
		kept[2] += n[1][2][2] >= 192;
		redrawn(&r, "missing:share=0.5:dims=3", seed, n);
		assert_true(n[0][1][1] == n[1][1][1]); /* in the volume it is one */
	}
	for (int k = 0; k < 3; k++)
		assert_in_range(kept[k], 125, 175);
	redrawn(&r, "box", 1, n);
	assert_true(n[1][2][2] == 288 && n[1][0][0] == 1212); /* they are boxes */
	tensor_set(record_get(&r, "label"), 39, 1);
	tensor_set(record_get(&r, "label"), 39 + 39, 1); /* touches by a corner: a component of its own */
	tensor_set(record_get(&r, "label"), 39 + 40, 1);
	apply(&r, "box:labels=1", 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 38), 1);
	assert_int_equal(tensor_at(record_get(&r, "label"), 37), 0);
	for (uint64_t seed = 0; seed < 20; seed++) {
		redrawn(&r, "spurious:radius=3:labels=2:count=4", seed, n);
		assert_true(n[0][1][1] == 100 && n[1][1][1] == 100 && n[1][2][2] == 288); /* classes keep their voxels */
		assert_in_range(n[0][0][2] + n[1][0][2], 1, 4 * 25);
		redrawn(&r, "shift:radius=2,3", seed, n);
		for (int z = 0; z < 2; z++)
			assert_true(n[z][1][1] == 64 || n[z][1][1] == 56 || n[z][1][1] == 49);
		assert_true(n[0][0][1] == 100 - n[0][1][1]);
	}
	redrawn(&r, "shift:radius=3", 1, n);
	assert_true(meta_numbers(&r.meta, "noise_radius", &radius, 1) == 1 && radius == 3);
	redrawn(&r, "missing", 1, n);
	assert_int_equal(meta_numbers(&r.meta, "noise_radius", &radius, 1), -1);
	fails(&r, "shift:radius=", -2, "radius");
	record_fini(&r);
}

static void confusion(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	int64_t n[2][3][4];

	redrawn(&r, "confuse:share=0.5", 3, n);
	assert_in_range(n[0][0][0] + n[1][0][0], 1278, 1434); /* of 2712 */
	assert_in_range(n[0][0][1] + n[1][0][1], 610, 746);
	assert_in_range(n[1][2][0], 48, 96); /* of 288 */
	assert_in_range(n[1][2][1], 48, 96);
	redrawn(&r, "confuse:share=1:classes=3", 3, n);
	assert_true(n[0][0][0] == 0 && n[1][1][1] == 0 && n[1][2][2] == 0 && n[0][0][3] == 0);
	redrawn(&r, "confuse:share=0.4:block=4", 3, n);
	for (int64_t i = 0; i < 3200; i++) { /* squares of four agree where the drawing does: the empty columns at its right */
		const int64_t x = i % 40, of = i - x % 4 - i / 40 % 4 * 40;

		assert_true(x < 36 || tensor_at(record_get(&r, "label"), i) == tensor_at(record_get(&r, "label"), of));
	}
	redrawn(&r, "confuse:share=1:block=64", 3, n);
	assert_true(n[0][0][0] == 0 && (n[0][0][1] == 0 || n[0][0][2] == 0));
	redrawn(&r, "confuse:share=1:block=64:dims=3", 3, n);
	assert_true((n[0][0][1] == 0) == (n[1][0][1] == 0));
	drawing(&r);
	fails(&r, "confuse:classes=2", -1, "label 2, but classes is 2");
	record_fini(&r);
}

static void sparse(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	int64_t n[2][3][4];

	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct tensor *t;
		uint8_t stroke[3200];
		int32_t piece[3200];

		redrawn(&r, "points:count=3", seed, n);
		assert_true(n[0][0][0] == 3 && n[0][1][1] == 3 && n[1][0][0] == 3 && n[1][1][1] == 3 && n[1][2][2] == 3);
		assert_int_equal(n[0][0][3] + n[0][1][3], 1600 - 6);
		redrawn(&r, "points:count=1000:unlabeled=7", seed, n);
		assert_true(n[0][1][1] == 100 && n[0][0][0] == 1000 && n[0][0][3] == 500);
		redrawn(&r, "scribble:length=1", seed, n);
		for (int z = 0; z < 2; z++) {
			assert_int_equal(n[z][0][1] + n[z][0][2] + n[z][1][0] + n[z][1][2] + n[z][2][0] + n[z][2][1], 0); /* none is wrong */
			assert_in_range(n[z][1][1], 5, 7); /* 6 x 6 pixels are its middle */
			assert_in_range(n[z][0][0], 20, 60);
		}
		assert_in_range(n[1][2][2], 8, 14);
		t = record_get(&r, "label");
		for (int64_t i = 0; i < 1600; i++) { /* of the two squares the larger one; a stroke is one piece, once it is grown */
			assert_true(tensor_at(t, 1600 + i) != 2 || i / 40 >= 20);
			stroke[i] = tensor_at(t, i) == 0;
		}
		dilate(stroke, (int64_t[3]){ 1, 40, 40 }, 1, true);
		assert_int_equal(components(piece, stroke, (int64_t[3]){ 1, 40, 40 }, 1), 1);
		redrawn(&r, "scribble:length=0:labels=1:unlabeled=4", seed, n);
		assert_true(n[0][1][1] == 1 && n[1][1][1] == 1 && n[0][1][3] == 99 && n[1][2][2] == 288 && n[1][0][0] == 1212);
		redrawn(&r, "scribble:length=0:width=3", seed, n);
		assert_int_equal(n[0][1][1], 13);
	}
	drawing(&r);
	fails(&r, "points:unlabeled=2", -1, "2 is a class of the label");
	fails(&r, "scribble:unlabeled=256", -1, "u8, which cannot hold 256");
	record_fini(&r);
}

/* Fields apart, and stacks that nobody pushed. */
static void hostile(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	const int64_t dim[3] = { 5, 15, 14 };
	struct err e;
	struct rng g;

	make(&r, PM_U8, 1, 5, 15, 15);
	record_put(&r, "weight", PM_F32, 3, dim);
	fails(&r, "flip", -1, "weight is 5x15x14 but image is 5x15x15");
	record_drop(&r, "weight");
	meta_push_undo(&r.meta, "no_such", NULL, 0);
	assert_int_equal(transform_undo(&r, &e), -1);
	rng_init(&g, 5, "hostile", 0, "", 0);
	for (int trial = 0; trial < 3000; trial++) {
		static const double odd[] = { -1, 0, 1, 2, 3, 5, 15, 16, 19, 0.5, 1e6, 1e300, NAN };
		static const char *const name[] = { "shift", "flip", "swap", "zoom", "affine", "elastic" };
		double v[90];
		int n = (int)rng_int(&g, 0, 60);

		for (int i = 0; i < n; i++)
			v[i] = odd[rng_int(&g, 0, (int64_t)PM_COUNT(odd) - 3 * (i < 3) - 1)];
		if (n > 3 && trial % 2)
			memcpy(v, (double[]){ 5, 15, 15 }, 3 * sizeof(*v));
		make(&r, PM_U8, 1, 5, 15, 15);
		meta_push_undo(&r.meta, name[rng_int(&g, 0, 5)], v, n);
		transform_undo(&r, &e);
	}
	record_fini(&r);
}

/* What holds for every member of the table. */
static void table(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	for (int i = 0; transforms[i]; i++) {
		const struct transform *t = transforms[i];
		const struct plugin *p = &t->p;
		char spec[100];

		assert_true(strlen(p->summary) > 10);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(p->name, transforms[j]->p.name);
		bool sized = !strcmp(p->name, "resample");

		for (const struct opt *o = p->opts; o && o->name; o++)
			sized |= !strcmp(o->name, "size") && !t->makes; /* those cannot be undone */
		snprintf(spec, sizeof(spec), "%s%s", p->name, !strcmp(p->name, "resample") ? ":spacing=1,1" :
			!strcmp(p->name, "label_convert") ? ":map=1=2" : !strcmp(p->name, "clip") ? ":lower=1" :
			!strcmp(p->name, "channel_select") ? ":channels=0" : sized ? ":size=4,4" : "");
		for (uint64_t seed = 0; seed < 4; seed++) {
			make(&r, PM_I32, seed % 2 * 2 + 1, seed / 2 * 2 + 1, 12, 13);
			if (seed % 2)
				record_drop(&r, "label");
			apply(&r, spec, seed);
			if (!strcmp(p->name, "elastic") || !strcmp(p->name, "slices"))
				continue; /* cannot be undone */
			undo(&r);
			has_size(&r, "image", (int64_t)seed / 2 * 2 + 1, 12, 13);
		}
	}
	record_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding), cmocka_unit_test(cropping), cmocka_unit_test(crop_undo),
		cmocka_unit_test(rotate_undo), cmocka_unit_test(flipping),
		cmocka_unit_test(landmarks), cmocka_unit_test(round_trips), cmocka_unit_test(resampling), cmocka_unit_test(labels),
		cmocka_unit_test(corruption), cmocka_unit_test(structures), cmocka_unit_test(confusion), cmocka_unit_test(sparse),
		cmocka_unit_test(hostile), cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
