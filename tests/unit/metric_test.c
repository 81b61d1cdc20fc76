/* Metrics: a worked example, the definitions by brute force, and the awkward masks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metric/metric.h"

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

static bool is_edge(const uint8_t *m, const int64_t size[3], int64_t z, int64_t y, int64_t x)
{
	for (int a = 0; a < 3; a++)
		for (int side = -1; side <= 1 && size[a] > 1; side += 2)
			if (!inside(m, size, z + (a == 0) * side, y + (a == 1) * side, x + (a == 2) * side))
				return inside(m, size, z, y, x);
	return false;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* All distances from the surface of a to that of b, sorted. */
static int naive(double *out, const uint8_t *a, const uint8_t *b, const int64_t size[3], const double spacing[3])
{
	int64_t n = size[0] * size[1] * size[2], plane = size[1] * size[2];
	int count = 0;
	for (int64_t i = 0; i < n; i++) {
		if (!is_edge(a, size, i / plane, i / size[2] % size[1], i % size[2]))
			continue;
		double best = INFINITY;
		for (int64_t k = 0; k < n; k++) {
			int64_t z = k / plane, y = k / size[2] % size[1], x = k % size[2];
			if (!is_edge(b, size, z, y, x))
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

static void compare(const uint8_t *s, const uint8_t *g, const int64_t size[3], const double spacing[3])
{
	static double forth[MAX], back[MAX];
	int a = naive(forth, s, g, size, spacing), b = naive(back, g, s, size, spacing);
	double sum = 0;
	for (int i = 0; i < a; i++)
		sum += forth[i];
	for (int i = 0; i < b; i++)
		sum += back[i];
	struct pair p;
	pair_init(&p, s, g, size, spacing);
	NEAR(fmax(at_percent(forth, a, 95), at_percent(back, b, 95)), value("hd95", &p));
	NEAR(fmax(forth[a - 1], back[b - 1]), value("hd", &p));
	NEAR(sum / (a + b), value("assd", &p));
	NEAR(fmax(at_percent(forth, a, 30), at_percent(back, b, 30)), value("hd:percentile=30", &p));
	assert_int_equal(p.n_to_truth, a);
	assert_int_equal(p.n_to_pred, b);
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
		compare(s, g, size, spacings[trial % (int)PM_COUNT(spacings)]);
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
		compare(s, g, size, spacings[trial % (int)PM_COUNT(spacings)]);
		compare(g, s, size, spacings[trial % (int)PM_COUNT(spacings)]);
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
	pair_surfaces(&p);
	assert_int_equal(p.n_to_truth, 60 - 1 * 2 * 3);
	assert_int_equal(p.n_to_pred, 1);
	pair_fini(&p);
	/* A 2-D image has no surface along D: the centre of a 5x5 square is 2 away from its edge. */
	memset(b, 0, sizeof b);
	b[12] = 1;
	pair_init(&p, a, b, flat, one);
	pair_surfaces(&p);
	assert_int_equal(p.n_to_truth, 16);
	NEAR(2, p.to_pred[0]);
	pair_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example), cmocka_unit_test(brute_force), cmocka_unit_test(wide_rows),
		cmocka_unit_test(empty_masks), cmocka_unit_test(awkward_masks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
