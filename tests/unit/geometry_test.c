/* Geometry through meta, and the distance between two grids. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/geometry.h"

static struct geometry make(double z, double y, double x)
{
	struct geometry g = { .dims = 3, .spacing = { z, y, x }, .units = "mm" };
	g.affine[0] = x;
	g.affine[5] = y;
	g.affine[10] = z;
	g.affine[15] = 1;
	return g;
}

static void through_meta(void **state)
{
	(void)state;
	struct meta m = { 0 };
	struct geometry a = make(5, 1.25, 0.1), b;
	a.has_nifti = true;
	for (int i = 0; i < 32; i++)
		a.nifti[i] = i == 20 ? -0.0 : i / 3.0;
	geometry_put(&a, &m);
	assert_int_equal(geometry_get(&m, &b), 0);
	assert_int_equal(b.dims, 3);
	assert_string_equal(b.units, "mm");
	assert_memory_equal(a.spacing, b.spacing, sizeof(a.spacing));
	assert_memory_equal(a.affine, b.affine, sizeof(a.affine));
	assert_true(b.has_nifti);
	assert_memory_equal(a.nifti, b.nifti, sizeof(a.nifti)); /* -0 too: bytes must come back */
	a.has_nifti = false;
	a.dims = 2;
	geometry_put(&a, &m);
	assert_int_equal(geometry_get(&m, &b), 0);
	assert_false(b.has_nifti);
	assert_int_equal(b.dims, 2);
	meta_fini(&m);
}

static void absent_or_bad(void **state)
{
	(void)state;
	struct meta m = { 0 };
	struct geometry g;
	assert_int_equal(geometry_get(&m, &g), -1);
	assert_string_equal(g.units, "vox");
	assert_true(g.spacing[0] == 1 && g.affine[0] == 1 && g.affine[15] == 1);
	for (int i = 0; i < 3; i++) {
		struct geometry bad = make(1, 1, 1);
		if (i == 0)
			bad.spacing[1] = 0;
		else if (i == 1)
			bad.spacing[2] = NAN;
		else
			bad.affine[3] = INFINITY;
		geometry_put(&bad, &m);
		assert_int_equal(geometry_get(&m, &g), -1);
		assert_true(g.spacing[1] == 1 && g.spacing[2] == 1 && g.affine[3] == 0);
	}
	meta_fini(&m);
}

static void distance(void **state)
{
	(void)state;
	const int64_t size[3] = { 11, 21, 31 };
	struct geometry a = make(10, 1, 0.5), b = a;
	assert_true(geometry_distance(&a, &b, size) == 0);
	b.affine[3] += 1; /* 1 mm along x: two voxels of the smallest spacing */
	assert_true(fabs(geometry_distance(&a, &b, size) - 2) < 1e-12);
	b = a;
	b.affine[10] = 10.01; /* the far corner moves by 10 slices * 0.01 mm */
	assert_true(fabs(geometry_distance(&a, &b, size) - 0.2) < 1e-9);
	b = a;
	b.affine[0] = -0.5; /* a flipped axis moves 30 voxels of 2 * 0.5 mm */
	assert_true(fabs(geometry_distance(&a, &b, size) - 60) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(through_meta), cmocka_unit_test(absent_or_bad),
		cmocka_unit_test(distance) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
