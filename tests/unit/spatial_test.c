/* Crop, pad, flip, exchange, zoom, smoothing, percentiles: values of scipy.ndimage and numpy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "tensor/spatial.h"

static const int64_t wave_size[3] = { 1, 5, 6 };

static void wave(float x[30])
{
	for (int i = 0; i < 30; i++)
		x[i] = (float)sin(0.7 * i);
}

static double sum(const float *x, int n)
{
	double s = 0;

	for (int i = 0; i < n; i++)
		s += (double)x[i];
	return s;
}

static void near_all(const float *x, const double *want, int n, double tolerance)
{
	for (int i = 0; i < n; i++)
		assert_float_equal((double)x[i], want[i], tolerance);
}

static void zoom_golden(void **state)
{
	(void)state;
	const int64_t to[3] = { 1, zoom_length(5, 7. / 5), zoom_length(6, 4. / 6) };
	float x[30], y[28];

	wave(x);
	assert_int_equal(to[1], 7);
	assert_int_equal(to[2], 4);
	zoom(y, to, x, wave_size, 1, PM_F32, 1);
	assert_float_equal(sum(y, 28), 0.8350855, 1e-6);
	near_all(y + 4, (double[]){ -0.5810505, -0.2083172, 0.3825151, 0.5418511 }, 4, 1e-6);
	zoom(y, to, x, wave_size, 1, PM_F32, 0);
	assert_float_equal(sum(y, 28), 2.0190431, 1e-6);
	near_all(y + 4, (double[]){ -0.8715758, -0.6312666, 0.0168139, 0.9881682 }, 4, 1e-6);
}

static void zoom_line(void **state)
{
	(void)state;
	const int64_t from[3] = { 1, 1, 5 }, to[3] = { 1, 1, 7 }, one[3] = { 1, 1, 1 };
	const float line[5] = { 0, 1, 2, 3, 4 };
	const int16_t words[10] = { 0, 1, 2, 3, 4, 10, 11, 12, 13, 14 };
	float y[7];
	int16_t w[14];

	zoom(y, to, line, from, 1, PM_F32, 1);
	near_all(y, (double[]){ 0, 2. / 3, 4. / 3, 2, 8. / 3, 10. / 3, 4 }, 7, 1e-6);
	zoom(w, to, words, from, 2, PM_I16, 0);
	assert_memory_equal(w, ((int16_t[]){ 0, 1, 1, 2, 3, 3, 4, 10, 11, 11, 12, 13, 13, 14 }), sizeof(w));
	zoom(y, one, line, from, 1, PM_F32, 1);
	assert_float_equal((double)y[0], 0, 0);
	zoom(y, to, line + 3, one, 1, PM_F32, 1);
	near_all(y, (double[]){ 3, 3, 3, 3, 3, 3, 3 }, 7, 0);
}

/* Along depth too: a linear ramp stays one. */
static void zoom_volume(void **state)
{
	(void)state;
	const int64_t from[3] = { 4, 3, 5 }, to[3] = { 7, 5, 9 };
	float x[60], y[315];

	for (int i = 0; i < 60; i++)
		x[i] = (float)(i / 15 * 6 + i / 5 % 3 * 2 + i % 5 * 10);
	zoom(y, to, x, from, 1, PM_F32, 1);
	for (int i = 0; i < 315; i++)
		assert_float_equal((double)y[i], (double)(i / 45 * 3 + i / 9 % 5 + i % 9 * 5), 1e-4);
}

/* Half to even, never nothing. */
static void lengths(void **state)
{
	(void)state;
	assert_int_equal(zoom_length(5, 0.5), 2);
	assert_int_equal(zoom_length(7, 0.5), 4);
	assert_int_equal(zoom_length(10, 1.25), 12);
	assert_int_equal(zoom_length(3, 0.01), 1);
}

static void gaussian_golden(void **state)
{
	(void)state;
	const double sigma[3] = { 1.3, 1.3, 1.3 };
	float x[30];

	wave(x);
	gaussian(x, wave_size, sigma);
	assert_float_equal(sum(x, 30), 1.7016837, 1e-6);
	near_all(x + 12, (double[]){ -0.0192873, -0.0074191, 0.0096933, 0.0234625, 0.0292603, 0.0295162 }, 6, 1e-6);
}

/* Lines are taken many at once: a wide volume against the same one filtered axis by axis, transposed. */
static void gaussian_wide(void **state)
{
	(void)state;
	const int64_t size[3] = { 3, 7, 100 }, turned[3] = { 100, 7, 3 };
	const double sigma[3] = { 0.5, 1, 2 }, back[3] = { 2, 1, 0.5 };
	float x[2100], y[2100];
	struct rng r;

	rng_init(&r, 1, "gaussian", 0, "", 0);
	for (int i = 0; i < 2100; i++)
		x[i] = (float)rng_uniform(&r);
	for (int i = 0; i < 2100; i++)
		y[(i % 100) * 21 + (i / 100 % 7) * 3 + i / 700] = x[i];
	gaussian(x, size, sigma);
	gaussian(y, turned, back);
	for (int i = 0; i < 2100; i++)
		assert_float_equal((double)x[i], (double)y[(i % 100) * 21 + (i / 100 % 7) * 3 + i / 700], 1e-6);
}

static void reflect_pad(void **state)
{
	(void)state;
	const int64_t from[3] = { 1, 1, 3 }, to[3] = { 1, 1, 13 }, start[3] = { 0, 0, -5 };
	const uint8_t x[3] = { 0, 1, 2 }, want[13] = { 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1 };
	const int64_t one[3] = { 1, 1, 1 }, wide[3] = { 1, 2, 3 }, before[3] = { 0, -1, -1 };
	uint8_t y[13];

	crop_pad(y, to, x, from, start, 1, PM_U8, BORDER_REFLECT);
	assert_memory_equal(y, want, sizeof(want));
	crop_pad(y, wide, x + 2, one, before, 1, PM_U8, BORDER_REFLECT);
	assert_memory_equal(y, "\2\2\2\2\2\2", 6);
}

/* Any window of any image, for every width, against the definition. */
static void windows(void **state)
{
	(void)state;
	static const enum dtype types[] = { PM_U8, PM_I16, PM_F32, PM_F64 };
	struct rng r;

	rng_init(&r, 1, "windows", 0, "", 0);
	for (int trial = 0; trial < 400; trial++) {
		enum dtype t = types[trial % 4];
		int64_t from[3], to[3], start[3], channels = rng_int(&r, 1, 3), n = channels, m = channels;

		for (int a = 0; a < 3; a++) {
			from[a] = rng_int(&r, 1, 6);
			to[a] = rng_int(&r, 1, 9);
			start[a] = rng_int(&r, -8, 8);
			n *= from[a];
			m *= to[a];
		}
		struct tensor x = { t, 1, { n }, xmalloc((size_t)n * dtype_size(t)) };
		struct tensor y = { t, 1, { m }, xmalloc((size_t)m * dtype_size(t)) };

		for (int64_t i = 0; i < n; i++)
			tensor_set(&x, i, (double)(i % 100 + 1));
		crop_pad(y.data, to, x.data, from, start, channels, t, BORDER_ZERO);
		for (int64_t i = 0; i < m; i++) {
			int64_t at[3] = { i / (to[1] * to[2]) % to[0] + start[0], i / to[2] % to[1] + start[1], i % to[2] + start[2] };
			int64_t c = i / (to[0] * to[1] * to[2]), j = ((c * from[0] + at[0]) * from[1] + at[1]) * from[2] + at[2];
			bool in = at[0] >= 0 && at[0] < from[0] && at[1] >= 0 && at[1] < from[1] && at[2] >= 0 && at[2] < from[2];

			assert_float_equal(tensor_at(&y, i), in ? tensor_at(&x, j) : 0, 0);
		}
		free(x.data);
		free(y.data);
	}
}

static void flips(void **state)
{
	(void)state;
	static const enum dtype types[] = { PM_U8, PM_I16, PM_F32, PM_F64 };
	const int64_t size[3] = { 3, 4, 5 }, stride[3] = { 20, 5, 1 };

	for (int trial = 0; trial < 12; trial++) {
		enum dtype t = types[trial % 4];
		int axis = trial / 4;
		double data[120];
		struct tensor x = { t, 1, { 120 }, data };

		for (int64_t i = 0; i < 120; i++)
			tensor_set(&x, i, (double)i);
		flip_axis(data, size, axis, 2, t);
		for (int64_t i = 0; i < 120; i++) {
			int64_t at = i / stride[axis] % size[axis];

			assert_float_equal(tensor_at(&x, i), (double)(i + (size[axis] - 1 - 2 * at) * stride[axis]), 0);
		}
	}
}

static int ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Every pair of axes, for every width of element, beyond a tile. */
static void swaps(void **state)
{
	(void)state;
	const int64_t size[3] = { 3, 19, 35 };
	static const enum dtype types[] = { PM_U8, PM_I16, PM_F32, PM_F64 };
	static char src[2 * 3 * 19 * 35 * 8], dst[sizeof src];
	struct rng g;

	rng_init(&g, 3, "swaps", 0, "", 0);
	for (size_t i = 0; i < sizeof src; i++)
		src[i] = (char)rng_u32(&g);
	for (int way = 0; way < 4 * 2 * 2 * 8; way++) { /* type, axes, which are mirrored */
		const int t = way / 32, a = way / 16 % 2, b = a + 1 + (a == 0 && way / 8 % 2);
		const bool mirrored[3] = { way & 1, way & 2, way & 4 };
		const size_t bytes = dtype_size(types[t]);
		int64_t to[3] = { size[0], size[1], size[2] };

		to[a] = size[b];
		to[b] = size[a];
		swap_axes(dst, src, size, a, b, mirrored, 2, types[t]);
		for (int64_t i = 0; i < 2 * 3 * 19 * 35; i++) {
			int64_t at[3] = { i / (to[1] * to[2]) % to[0], i / to[2] % to[1], i % to[2] };

			for (int k = 0; k < 3; k++)
				at[k] = mirrored[k] ? to[k] - 1 - at[k] : at[k];
			int64_t was[3] = { at[0], at[1], at[2] };
			was[a] = at[b];
			was[b] = at[a];
			const int64_t from = ((i / (3 * 19 * 35) * size[0] + was[0]) * size[1] + was[1]) * size[2] + was[2];
			assert_memory_equal(dst + (size_t)i * bytes, src + (size_t)from * bytes, bytes);
		}
	}
}

static void percentiles(void **state)
{
	(void)state;
	float line[5] = { 4, 0, 3, 1, 2 }, one[1] = { 7 };
	struct rng r;

	assert_float_equal(percentile(line, 5, 50), 2, 0);
	assert_float_equal(percentile(line, 5, 10), 0.4, 1e-6);
	assert_float_equal(percentile(line, 5, 100), 4, 0);
	assert_float_equal(percentile(one, 1, 33), 7, 0);
	rng_init(&r, 1, "percentiles", 0, "", 0);
	for (int trial = 0; trial < 300; trial++) {
		float x[64], sorted[64];
		int n = (int)rng_int(&r, 1, 64), k;
		double p = rng_uniform(&r) * 100, at = p / 100 * (n - 1);

		for (int i = 0; i < n; i++)
			sorted[i] = x[i] = (float)rng_int(&r, 0, trial % 2 ? 5 : 100000);
		qsort(sorted, (size_t)n, sizeof(float), ascending);
		k = (int)at;
		double next = (double)sorted[k + (k < n - 1)];

		assert_float_equal(percentile(x, n, p), ((double)sorted[k] + (at - k) * (next - (double)sorted[k])), 1e-2);
	}
}

static void boxes(void **state)
{
	(void)state;
	const int64_t size[3] = { 3, 4, 5 };
	uint8_t mask[60] = { 0 };
	int64_t lo[3], hi[3];

	assert_false(bounding_box(mask, size, lo, hi));
	mask[20 + 2 * 5 + 1] = 1;
	mask[40 + 1 * 5 + 3] = 9;
	assert_true(bounding_box(mask, size, lo, hi));
	assert_memory_equal(lo, ((int64_t[]){ 1, 1, 1 }), sizeof(lo));
	assert_memory_equal(hi, ((int64_t[]){ 3, 3, 4 }), sizeof(hi));

	struct rng r;

	rng_init(&r, 1, "boxes", 0, "", 0);
	for (int trial = 0; trial < 200; trial++) {
		int64_t low[3] = { 3, 4, 5 }, high[3] = { 0 };

		memset(mask, 0, sizeof(mask));
		for (int64_t points = rng_int(&r, 1, 4); points > 0; points--) {
			int64_t at[3] = { rng_int(&r, 0, 2), rng_int(&r, 0, 3), rng_int(&r, 0, 4) };

			mask[at[0] * 20 + at[1] * 5 + at[2]] = 1;
			for (int a = 0; a < 3; a++) {
				low[a] = at[a] < low[a] ? at[a] : low[a];
				high[a] = at[a] >= high[a] ? at[a] + 1 : high[a];
			}
		}
		assert_true(bounding_box(mask, size, lo, hi));
		assert_memory_equal(lo, low, sizeof(lo));
		assert_memory_equal(hi, high, sizeof(hi));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zoom_golden), cmocka_unit_test(zoom_line), cmocka_unit_test(zoom_volume), cmocka_unit_test(lengths),
		cmocka_unit_test(gaussian_golden), cmocka_unit_test(gaussian_wide), cmocka_unit_test(reflect_pad), cmocka_unit_test(windows),
		cmocka_unit_test(flips), cmocka_unit_test(swaps), cmocka_unit_test(percentiles), cmocka_unit_test(boxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
