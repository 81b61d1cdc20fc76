/* Metrics: a worked example, the definitions by brute force, and the awkward masks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "compat/library.h"

enum { MAX = 2048 };

static double value(const char *spec, struct pair *p)
{
	struct err e;
	void *conf;
	const struct plugin *plugin = spec_parse(&metric_kind, spec, &conf, &e);
	assert_non_null(plugin);
	double v = ((const struct metric *)(const void *)plugin)->eval(conf, p);
	free(conf);
	return v;
}

static double measure(const char *spec, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3])
{
	struct pair p;
	pair_init(&p, pred, truth, size, spacing);
	double v = value(spec, &p);
	pair_fini(&p);
	return v;
}

#define NEAR(want, got) do { \
	double want_ = (want), got_ = (got); \
	if (!(fabs(want_ - got_) <= 2e-7 * fabs(want_))) \
		fail_msg("%s is %.10g, not %.10g", #got, got_, want_); \
} while (0)

static void fill(uint8_t *m, const int64_t size[3], const int box[6])
{
	for (int64_t z = box[0]; z < box[1]; z++)
		for (int64_t y = box[2]; y < box[3]; y++)
			memset(m + (z * size[1] + y) * size[2] + box[4], 1, (size_t)(box[5] - box[4]));
}

/* Two boxes and a stray voxel at the image's corner. */
static void example(void **state)
{
	(void)state;
	const int64_t size[3] = { 6, 16, 16 };
	const double spacing[3] = { 3, 1, .5 };
	uint8_t s[1536] = { 1 }, g[1536] = { 0 };
	fill(s, size, (int[6]){ 1, 5, 3, 10, 4, 12 });
	fill(g, size, (int[6]){ 1, 4, 4, 11, 4, 13 });
	struct pair p;
	pair_init(&p, s, g, size, spacing);
	assert_int_equal(p.tp, 144);
	assert_int_equal(p.fp, 81);
	assert_int_equal(p.fn, 45);
	assert_int_equal(p.tn, 1266);
	NEAR(288. / 414, value("dice", &p));
	NEAR(144. / 270, value("iou", &p));
	NEAR(144. / 189, value("sensitivity", &p));
	NEAR(1266. / 1347, value("specificity", &p));
	NEAR(144. / 225, value("precision", &p));
	NEAR(1410. / 1536, value("accuracy", &p));
	NEAR(36. / 189, value("rve", &p));
	NEAR(225 * 1.5, value("volume", &p));
	NEAR(.865321279, value("assd", &p));
	NEAR(3 + .8 * (sqrt(10) - 3), value("hd95", &p)); /* of 165 sorted distances, number 155.8 */
	NEAR(sqrt(9 + 16 + 4), value("hd", &p));
	NEAR(value("hd95", &p), value("hd:percentile=95", &p));
	pair_fini(&p);
}

static bool inside(const uint8_t *m, const int64_t size[3], int64_t z, int64_t y, int64_t x)
{
	return z >= 0 && z < size[0] && y >= 0 && y < size[1] && x >= 0 && x < size[2] && m[(z * size[1] + y) * size[2] + x];
}

static bool is_edge(const uint8_t *m, const int64_t size[3], int64_t z, int64_t y, int64_t x, int connectivity)
{
	for (int k = 0; k < 27; k++) {
		const int64_t dz = k / 9 - 1, dy = k / 3 % 3 - 1, dx = k % 3 - 1;
		if (labs(dz) + labs(dy) + labs(dx) > connectivity || (dz && size[0] == 1) || (dy && size[1] == 1) || (dx && size[2] == 1))
			continue;
		if (!inside(m, size, z + dz, y + dy, x + dx))
			return inside(m, size, z, y, x);
	}
	return false;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* All distances from the surface of a to that of b, sorted. */
static int naive(double *out, const uint8_t *a, const uint8_t *b, const int64_t size[3], const double spacing[3],
	int connectivity)
{
	int64_t n = size[0] * size[1] * size[2], plane = size[1] * size[2];
	int count = 0;
	for (int64_t i = 0; i < n; i++) {
		if (!is_edge(a, size, i / plane, i / size[2] % size[1], i % size[2], connectivity))
			continue;
		double best = INFINITY;
		for (int64_t k = 0; k < n; k++) {
			int64_t z = k / plane, y = k / size[2] % size[1], x = k % size[2];
			if (!is_edge(b, size, z, y, x, connectivity))
				continue;
			double dz = (double)(z - i / plane) * spacing[0], dy = (double)(y - i / size[2] % size[1]) * spacing[1];
			double dx = (double)(x - i % size[2]) * spacing[2];
			best = fmin(best, sqrt(dz * dz + dy * dy + dx * dx));
		}
		out[count++] = best;
	}
	qsort(out, (size_t)count, sizeof *out, ascending);
	return count;
}

static double at_percent(const double *x, int n, double p)
{
	double at = p / 100 * (n - 1);
	int k = (int)at;
	return k == n - 1 ? x[k] : x[k] + (x[k + 1] - x[k]) * (at - k);
}

static const double spacings[][3] = { { 1, 1, 1 }, { 3, 1, .5 }, { 10, 1.5625, 1.5625 }, { .05, 1, 1 } };

static void compare(const uint8_t *s, const uint8_t *g, const int64_t size[3], const double spacing[3], int connectivity)
{
	static double forth[MAX], back[MAX];
	int a = naive(forth, s, g, size, spacing, connectivity), b = naive(back, g, s, size, spacing, connectivity);
	double there = 0, again = 0;
	for (int i = 0; i < a; i++)
		there += forth[i];
	for (int i = 0; i < b; i++)
		again += back[i];
	struct pair p;
	pair_init(&p, s, g, size, spacing);
	p.how.connectivity = connectivity;
	NEAR(fmax(at_percent(forth, a, 95), at_percent(back, b, 95)), value("hd95", &p));
	NEAR(fmax(forth[a - 1], back[b - 1]), value("hd", &p));
	NEAR((there + again) / (a + b), value("assd", &p));
	NEAR((there / a + again / b) / 2, value("masd", &p));
	NEAR(fmax(at_percent(forth, a, 30), at_percent(back, b, 30)), value("hd:percentile=30", &p));
	assert_int_equal(pair_surfaces(&p, VOXELS)[TO_TRUTH].n, a);
	assert_int_equal(pair_surfaces(&p, VOXELS)[TO_PRED].n, b);
	pair_fini(&p);
}

static void brute_force(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 4, "metric", 0, "", 0);
	for (int trial = 0; trial < 60; trial++) {
		int64_t size[3] = { rng_int(&r, 1, 5), rng_int(&r, 1, 10), rng_int(&r, 2, 12) };
		int64_t n = size[0] * size[1] * size[2];
		uint8_t s[MAX], g[MAX];
		double full = rng_uniform(&r);
		for (int64_t i = 0; i < n; i++) {
			s[i] = rng_uniform(&r) < full;
			g[i] = trial % 4 ? rng_uniform(&r) < .1 : s[i] && rng_uniform(&r) < .9;
		}
		s[rng_int(&r, 0, n - 1)] = g[rng_int(&r, 0, n - 1)] = 1;
		compare(s, g, size, spacings[trial % (int)PM_COUNT(spacings)], 1 + trial / 4 % 3);
	}
}

/* Rows of several words of bits, masks that begin anywhere in them, and surfaces far apart: one is almost empty. */
static void wide_rows(void **state)
{
	(void)state;
	struct rng r;
	rng_init(&r, 5, "metric", 0, "", 0);
	for (int trial = 0; trial < 120; trial++) {
		int64_t size[3] = { rng_int(&r, 1, 3), rng_int(&r, 1, 3), rng_int(&r, 1, 227) };
		int64_t n = size[0] * size[1] * size[2], from = rng_int(&r, 0, n - 1), to = rng_int(&r, from + 1, n);
		uint8_t s[MAX] = { 0 }, g[MAX] = { 0 };
		for (int64_t i = from; i < to; i++)
			s[i] = rng_uniform(&r) < .3;
		for (int64_t k = rng_int(&r, 1, 4); k > 0; k--)
			g[rng_int(&r, 0, n - 1)] = 1;
		s[from] = 1;
		compare(s, g, size, spacings[trial % (int)PM_COUNT(spacings)], 1 + trial % 3);
		compare(g, s, size, spacings[trial % (int)PM_COUNT(spacings)], 1 + trial % 3);
	}
}

static void empty_masks(void **state)
{
	(void)state;
	const int64_t size[3] = { 1, 2, 3 };
	const double one[3] = { 1, 1, 1 };
	const uint8_t none[6] = { 0 }, some[6] = { 0, 1, 1 };
	static const char *const undefined[] = { "dice", "iou", "sensitivity", "precision", "rve" };
	for (size_t i = 0; i < PM_COUNT(undefined); i++)
		assert_true(isnan(measure(undefined[i], none, none, size, one)));
	NEAR(0, measure("dice", none, some, size, one));
	NEAR(0, measure("dice", some, none, size, one));
	NEAR(0, measure("iou", none, some, size, one));
	NEAR(0, measure("sensitivity", none, some, size, one));
	assert_true(isnan(measure("sensitivity", some, none, size, one)));
	assert_true(isnan(measure("precision", none, some, size, one)));
	NEAR(1, measure("rve", none, some, size, one));
	assert_true(isnan(measure("rve", some, none, size, one)));
	NEAR(1, measure("specificity", none, none, size, one));
	NEAR(1, measure("accuracy", none, none, size, one));
	NEAR(4. / 6, measure("accuracy", none, some, size, one));
	NEAR(0, measure("volume", none, some, size, one));
}

static void awkward_masks(void **state)
{
	(void)state;
	const int64_t size[3] = { 3, 4, 5 }, flat[3] = { 1, 5, 5 };
	const double spacing[3] = { 2, 3, 5 }, one[3] = { 1, 1, 1 };
	uint8_t a[60] = { 0 }, b[60] = { 0 };
	a[0] = b[59] = 1; /* two voxels at opposite corners */
	NEAR(sqrt(16 + 81 + 400), measure("hd", a, b, size, spacing));
	NEAR(sqrt(16 + 81 + 400), measure("hd95", a, b, size, spacing));
	NEAR(sqrt(16 + 81 + 400), measure("assd", a, b, size, spacing));
	NEAR(0, measure("assd", a, a, size, spacing));
	memset(a, 1, sizeof a); /* the whole volume: its surface is the border */
	NEAR(0, measure("hd", a, a, size, spacing));
	struct pair p;
	pair_init(&p, a, b, size, one);
	assert_int_equal(pair_surfaces(&p, VOXELS)[TO_TRUTH].n, 60 - 1 * 2 * 3);
	assert_int_equal(pair_surfaces(&p, VOXELS)[TO_PRED].n, 1);
	pair_fini(&p);
	/* A 2-D image has no surface along D: the centre of a 5x5 square is 2 away from its edge. */
	memset(b, 0, sizeof b);
	b[12] = 1;
	pair_init(&p, a, b, flat, one);
	assert_int_equal(pair_surfaces(&p, VOXELS)[TO_TRUTH].n, 16);
	NEAR(2, pair_surfaces(&p, VOXELS)[TO_PRED].distance[0]);
	pair_fini(&p);
}

static double area_of(const uint8_t *mask, const int64_t size[3], const double spacing[3])
{
	struct pair p;
	pair_init(&p, mask, mask, size, spacing);
	const double area = surface_area(pair_surfaces(&p, PATCHES), 0); /* all of it lies on itself */
	pair_fini(&p);
	return area;
}

/* Areas that are known: of a voxel, of slabs without the rounding of their edges, and of shapes from inside and outside. */
static void areas(void **state)
{
	(void)state;
	const int64_t size[3] = { 5, 6, 7 }, flat[3] = { 1, 6, 7 };
	const double spacing[3] = { 2, 3, 5 };
	const double slant = sqrt(15 * 15 + 10 * 10 + 6 * 6);
	uint8_t m[210] = { 0 };
	m[size[1] * size[2] + size[2] + 1] = 1;
	NEAR(8 * .125 * slant, area_of(m, size, spacing)); /* an octahedron */
	m[size[1] * size[2] + size[2] + 2] = 1;            /* and beside it another voxel: four rectangles between */
	NEAR(8 * .125 * slant + 4 * .5 * hypot(15, 10), area_of(m, size, spacing));
	memset(m, 0, sizeof m);
	m[size[2] + 1] = 1;
	NEAR(4 * .5 * hypot(3, 5), area_of(m, flat, spacing)); /* a rhombus; its thickness does not matter */
	m[size[2] + 2] = 1;
	NEAR(2 * 5 + 4 * .5 * hypot(3, 5), area_of(m, flat, spacing));
	m[2 * size[2] + 3] = 1; /* touches the second at a corner only: both are cut off there */
	NEAR(2 * 5 + 8 * .5 * hypot(3, 5), area_of(m, flat, spacing));
	struct rng r;
	rng_init(&r, 8, "areas", 0, "", 0);
	for (int trial = 0; trial < 50; trial++) {
		uint8_t one[8 * 27] = { 0 }, turned[8 * 27] = { 0 }, rest[8 * 27];
		for (int i = 0; i < 64; i++) { /* 4x4x4 in the middle of 6x6x6 */
			const int z = i / 16 + 1, y = i / 4 % 4 + 1, x = i % 4 + 1;
			one[(z * 6 + y) * 6 + x] = turned[(x * 6 + 5 - z) * 6 + y] = rng_uniform(&r) < .5;
		}
		const int64_t six[3] = { 6, 6, 6 };
		NEAR(area_of(one, six, spacing), area_of(turned, six, (double[3]){ 5, 2, 3 }));
		for (int i = 0; i < 216; i++)
			rest[i] = !one[i];
		double border = 0; /* what surrounds it, the image's own surface apart, is cut as it is */
		memset(turned, 1, sizeof turned);
		border = area_of(turned, six, spacing);
		NEAR(area_of(one, six, spacing) + border, area_of(rest, six, spacing));
	}
}

static void near_surfaces(void **state)
{
	(void)state;
	const int64_t size[3] = { 1, 8, 9 };
	const double spacing[3] = { 1, 2, 3 };
	uint8_t a[72] = { 0 }, b[72] = { 0 };
	fill(a, size, (int[6]){ 0, 1, 1, 4, 1, 4 });
	fill(b, size, (int[6]){ 0, 1, 1, 4, 2, 5 }); /* moved by a column: 3 */
	NEAR(1, measure("nsd:tolerance=3", a, b, size, spacing));
	const double slant = .5 * hypot(2, 3), length = 4 * slant + 4 * 3 + 4 * 2;
	/* Within 2: all corners along the two rows that the squares share, the ends of the rows being cut. */
	NEAR((length - 2 * 2 - 2 * slant) / length, measure("nsd:tolerance=2", a, b, size, spacing));
	struct pair p;
	pair_init(&p, a, b, size, spacing);
	p.structure = 1;
	NEAR(1, value("nsd:tolerance=0x3", &p));
	p.how.elements = PATCHES;
	NEAR(3, value("hd", &p));
	NEAR(value("masd", &p), value("assd", &p));
	assert_true(value("assd", &p) < 3 && value("assd", &p) > 0);
	pair_fini(&p);
	/* First the outer rows, of three each; then the rings, which share four of eight; then all. */
	NEAR(4. / 8, measure("boundary_iou:distance=2", a, b, size, spacing));
	NEAR(4. / 12, measure("boundary_iou:distance=3", a, b, size, spacing));
	NEAR(6. / 12, measure("boundary_iou:distance=4", a, b, size, spacing));
	NEAR(measure("iou", a, b, size, spacing), measure("boundary_iou:distance=1000", a, b, size, spacing));
	NEAR(4. / 8, measure("boundary_iou", a, b, size, spacing)); /* 2 % of the diagonal is less than a voxel */
	uint8_t line[2][400] = { { 0 } };
	memset(line[0] + 100, 1, 100);
	memset(line[1] + 110, 1, 90); /* 2 % of 399 are 7 voxels from each end: those behind 199 are both's */
	NEAR(7. / 21, measure("boundary_iou", line[0], line[1], (int64_t[3]){ 1, 1, 400 }, spacing));
}

static void centre_lines(void **state)
{
	(void)state;
	const int64_t size[3] = { 5, 5, 20 };
	const double one[3] = { 1, 1, 1 };
	uint8_t tube[500] = { 0 }, wire[500] = { 0 }, half[500] = { 0 };
	fill(tube, size, (int[6]){ 1, 4, 1, 4, 2, 18 });
	fill(wire, size, (int[6]){ 2, 3, 2, 3, 2, 18 });
	fill(half, size, (int[6]){ 2, 3, 2, 3, 2, 10 });
	NEAR(1, measure("cldice", tube, wire, size, one)); /* thick and thin are the same line */
	NEAR(2. / 3, measure("cldice", half, wire, size, one));
	NEAR(2. / 3, measure("cldice", wire, half, size, one));
}

static void lesions(void **state)
{
	(void)state;
	const int64_t size[3] = { 1, 5, 8 };
	const double one[3] = { 1, 1, 1 };
	const uint8_t truth[40] = {
		1, 1, 0, 0, 0, 0, 1, 1,
		1, 1, 0, 0, 0, 0, 1, 0,
		0, 0, 1, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 1, 1, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
	};
	const uint8_t pred[40] = {
		1, 1, 0, 0, 0, 0, 0, 1,
		1, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0, 1, 0, 0, 0, 0, 0, 0,
	};
	/* Four lesions of which two are hit, IoU 3/4 and 1/3; one of three is invented. */
	NEAR(2 * 2. / (2 * 2 + 1 + 2), measure("lesion_f1", pred, truth, size, one));
	NEAR(2 * 1. / (2 * 1 + 2 + 3), measure("lesion_f1:iou=0.5", pred, truth, size, one));
	NEAR(.75 / (1 + 2. / 2 + 3. / 2), measure("pq", pred, truth, size, one));
	/* With corners the single voxel belongs to the square. */
	NEAR(2 * 2. / (2 * 2 + 1 + 1), measure("lesion_f1:connectivity=3", pred, truth, size, one));
	NEAR(.6 / (1 + 2. / 2 + 2. / 2), measure("pq:connectivity=2", pred, truth, size, one));
	struct pair p;
	pair_init(&p, pred, truth, size, one);
	p.how.connectivity = 2;
	NEAR(2 * 2. / (2 * 2 + 1 + 1), value("lesion_f1", &p));
	NEAR(2 * 2. / (2 * 2 + 1 + 2), value("lesion_f1:connectivity=1", &p));
	pair_fini(&p);
}

static double as(const char *library, const char *spec, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3])
{
	struct err e;
	struct pair p;
	void *conf;
	const struct library *l = (const void *)spec_parse(&library_kind, library, &conf, &e);
	assert_non_null(l);
	const struct metric *m = (const void *)spec_parse(&l->metrics, spec, &conf, &e);
	assert_non_null(m);
	pair_init(&p, pred, truth, size, spacing);
	double v = m->eval(conf, &p);
	pair_fini(&p);
	free(conf);
	return v;
}

/* The example of above, as others see it; tests/peers_eval.py asks them. */
static void other_libraries(void **state)
{
	(void)state;
	const int64_t size[3] = { 6, 16, 16 };
	const double spacing[3] = { 3, 1, .5 };
	static const uint8_t none[1536];
	uint8_t s[1536] = { 1 }, g[1536] = { 0 };
	fill(s, size, (int[6]){ 1, 5, 3, 10, 4, 12 });
	fill(g, size, (int[6]){ 1, 4, 4, 11, 4, 13 });
	NEAR(288.00001 / 414.00001, as("pymic", "dice", s, g, size, spacing));
	NEAR(144.00001 / 270.00001, as("pymic", "iou", s, g, size, spacing));
	NEAR(.865321279, as("pymic", "assd", s, g, size, spacing));
	NEAR(3.16227766, as("pymic", "hd95", s, g, size, spacing));
	NEAR(36. / 189, as("pymic", "rve", s, g, size, spacing));
	NEAR(283.5, as("pymic", "volume", s, g, size, spacing));
	NEAR(1e-5 / 189.00001, as("pymic", "dice", none, g, size, spacing));
	NEAR(20, as("pymic", "assd", none, g, size, spacing));
	NEAR(50, as("pymic", "hd95", none, g, size, spacing));
	NEAR(100, as("pymic", "hd95_uncapped", none, g, size, spacing));
	NEAR(0, as("pymic", "hd95", none, none, size, spacing));
	NEAR(0, as("pymic", "assd", none, none, size, spacing));
	NEAR(1, as("pymic", "dice", none, none, size, spacing));
	NEAR(1, as("medpy", "dice", none, none, size, spacing));
	NEAR(0, as("medpy-0.4", "dice", none, none, size, spacing));
	NEAR(measure("masd", s, g, size, spacing), as("medpy-0.4", "assd", s, g, size, spacing));
	assert_true(isnan(as("medpy", "hd95", none, g, size, spacing)));
	assert_true(isnan(as("monai", "dice", s, none, size, spacing)));
	assert_true(isnan(as("monai", "hd95", none, g, size, spacing)));
	assert_true(isinf(as("monai", "hd", none, g, size, spacing)));
	assert_true(isnan(as("monai", "assd", none, none, size, spacing)));
	NEAR(0, as("monai", "nsd", none, g, size, spacing));
	assert_true(isinf(as("deepmind", "hd95", none, none, size, spacing)));
	assert_true(isnan(as("deepmind", "masd", none, g, size, spacing)));
	assert_true(isnan(as("nnunet", "dice", none, none, size, spacing)));
	NEAR(0, as("nnunet", "iou", none, g, size, spacing));
	NEAR(0, as("ssl4mis", "hd95", none, g, size, spacing));
	NEAR(0, as("ssl4mis", "dice", none, none, size, spacing));
	NEAR(as("medpy", "hd95", s, g, size, spacing), as("ssl4mis", "hd95", s, g, size, spacing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example), cmocka_unit_test(brute_force), cmocka_unit_test(wide_rows),
		cmocka_unit_test(empty_masks), cmocka_unit_test(awkward_masks), cmocka_unit_test(areas), cmocka_unit_test(near_surfaces),
		cmocka_unit_test(centre_lines), cmocka_unit_test(lesions), cmocka_unit_test(other_libraries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
