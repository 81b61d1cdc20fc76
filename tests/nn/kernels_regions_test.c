/* kernels_regions_test.c: extremes, slopes, strips and affinities against naive loops in double; the same bytes for any number of threads. */
#include "kernels_test.h"

enum { MOST = 120000 };

static real x[MOST], y[2][MOST], dy[MOST];
static double want[MOST];

/* Values that are often equal to their neighbours', and what was there before a gradient is added. */
static void make(int64_t n)
{
	assert_true(n <= MOST);
	for (int64_t i = 0; i < n; i++) {
		x[i] = (real)(round(noise(1, i) * 4) / 4);
		dy[i] = (real)noise(2, i);
	}
}

static void begin(int64_t n, bool add)
{
	for (int64_t i = 0; i < n; i++) {
		y[0][i] = y[1][i] = add ? (real)0.5 : (real)NAN;
		want[i] = add ? 0.5 : 0;
	}
}

/* Both threads' results are the same, and what is wanted. */
static void check(int64_t n)
{
	assert_memory_equal(y[0], y[1], (size_t)n * sizeof *x);
	for (int64_t i = 0; i < n; i++)
		near((double)y[0][i], want[i], TOLERANCE);
}

/* y[0] by three threads, y[1] by one. */
#define TWICE(i, call) \
	for (int i = 0; i < 2; i++) { \
		threads(i ? 1 : 3); \
		call; \
		threads(0); \
	}

static void extremes(void **state)
{
	static const int64_t size[][3] = {
		{ 1, 1, 1 }, { 3, 1, 4 }, { 1, 2, 1 }, { 4, 33, 1 }, { 2, 5, 7 }, { 3, 2, 40 }, { 40, 700, 1 }, { 7, 30, 130 },
	};
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int how = 0; how < 4; how++) {
				const int64_t outer = size[s][0], mid = size[s][1], inner = size[s][2], n = outer * mid * inner;
				const bool most = how & 1, sum = how & 2;
				make(n);
				begin(n, false);
				TWICE(i, k->regions->extreme(y[i], x, outer, mid, inner, most));
				for (int64_t i = 0; i < n; i++) {
					const int64_t m = i / inner % mid;
					double v = (double)x[i];
					for (int64_t near = m ? -1 : 0; near <= (m + 1 < mid); near++)
						v = most ? fmax(v, (double)x[i + near * inner]) : fmin(v, (double)x[i + near * inner]);
					want[i] = v;
				}
				check(n);
				begin(n, sum);
				TWICE(i, k->regions->extreme_bwd(y[i], dy, x, outer, mid, inner, most, sum));
				for (int64_t i = 0; i < n; i++) { /* to the first of the three */
					const int64_t m = i / inner % mid;
					int64_t first = m ? i - inner : i;
					for (int64_t at = first; at <= i + (m + 1 < mid ? inner : 0); at += inner)
						if (most ? x[at] > x[first] : x[at] < x[first])
							first = at;
					want[first] += (double)dy[i];
				}
				check(n);
			}
}

/* The slope at one pixel, and where and how much it grows with each of the four values that it is made of. */
static double slope_by_hand(enum slope f, int64_t i, const int64_t size[3], int64_t at[4], double grows[4])
{
	const int64_t step[3] = { size[1] * size[2], size[2], 1 };
	double e[3] = { 0 }, sum = 1e-8, value = 0;
	bool within = true;

	at[3] = i;
	grows[3] = 0;
	for (int a = 0; a < 3; a++) {
		const bool last = i / step[a] % size[a] == size[a] - 1;
		at[a] = last ? i : i + step[a];
		e[a] = (double)x[at[a]] - (double)x[i];
		within &= !last || size[a] == 1;
		sum += e[a] * e[a];
	}
	for (int a = 0; a < 3; a++) {
		const double sign = (e[a] > 0) - (e[a] < 0);
		value += f == SLOPE_ABS ? fabs(e[a]) : f == SLOPE_SQUARE ? e[a] * e[a] : 0;
		grows[a] = f == SLOPE_ABS ? sign : f == SLOPE_SQUARE ? 2 * e[a] : within ? e[a] / sqrt(sum) : 0;
		grows[3] -= grows[a];
	}
	return f == SLOPE_LENGTH ? (within ? sqrt(sum) : 0) : value;
}

static void slopes(void **state)
{
	static const int64_t size[][4] = {
		{ 1, 1, 1, 1 }, { 2, 1, 1, 9 }, { 2, 1, 7, 1 }, { 3, 4, 1, 1 }, { 3, 1, 5, 19 }, { 2, 3, 4, 33 }, { 6, 1, 90, 100 },
	};
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int how = 0; how < 6; how++) {
				const int64_t *d = size[s] + 1, v = d[0] * d[1] * d[2], n = size[s][0] * v;
				const enum slope f = (enum slope)(how / 2);
				int64_t at[4];
				double grows[4];
				make(n);
				begin(n, false);
				TWICE(i, k->regions->slope(f, y[i], x, size[s][0], d));
				for (int64_t i = 0; i < n; i++)
					want[i] = slope_by_hand(f, i, d, at, grows);
				check(n);
				begin(n, how & 1);
				TWICE(i, k->regions->slope_bwd(f, y[i], dy, x, size[s][0], d, how & 1));
				for (int64_t i = 0; i < n; i++) {
					slope_by_hand(f, i, d, at, grows);
					for (int a = 0; a < 4; a++)
						want[at[a]] += grows[a] * (double)dy[i];
				}
				check(n);
			}
}

/* The first element of the strip of element i of rows of n. */
static int64_t strip_by_hand(const real *in, int64_t i, int64_t n, int64_t width)
{
	int64_t begin = i;

	while (begin % n && in[begin - 1] > 0)
		begin--;
	return i - (i - begin) % width;
}

static void strips(void **state)
{
	static const int64_t size[][2] = { { 1, 1 }, { 3, 2 }, { 4, 37 }, { 300, 130 } };
	static real in[MOST];
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int64_t width = 1; width < 6; width++)
				for (int sum = 0; sum < 2; sum++) {
					const int64_t rows = size[s][0], n = size[s][1], all = rows * n;
					make(all);
					for (int64_t i = 0; i < all; i++)
						in[i] = i % 13 > 1 && noise(3, i) > -0.8 ? (real)(1 + i % 2) : 0;
					begin(all, false);
					TWICE(i, k->regions->strips(y[i], x, in, rows, n, width));
					for (int64_t i = 0; i < all; i++)
						if (in[i] > 0)
							want[strip_by_hand(in, i, n, width)] += (double)x[i];
					check(all);
					begin(all, sum);
					TWICE(i, k->regions->strips_bwd(y[i], dy, in, rows, n, width, sum));
					for (int64_t i = 0; i < all; i++)
						want[i] += in[i] > 0 ? (double)dy[strip_by_hand(in, i, n, width)] : 0;
					check(all);
				}
}

/* What the pixel at z, y, x of image i hears of class c. */
static double heard(const struct fmap *p, const struct fmap *image, const struct affinity *a, int64_t i, int64_t c, int64_t z, int64_t row,
	int64_t column)
{
	double sum = 0;

	for (int64_t h = row - a->radius; h <= row + a->radius; h++)
		for (int64_t w = column - a->radius; w <= column + a->radius; w++) {
			const int64_t far[2] = { h < row ? row - h : h - row, w < column ? column - w : w - column };
			double e2 = 0;
			if (h < 0 || w < 0 || h >= p->h || w >= p->w || (!far[0] && !far[1]))
				continue;
			for (int64_t b = 0; b < image->c; b++)
				e2 += pow(map_get(image, i, b, z, h, w) - map_get(image, i, b, z, row, column), 2);
			sum += map_get(p, i, c, z, h, w) *
				(a->near[0][far[0]] * a->near[0][far[1]] * exp(-a->contrast * e2) + a->near[1][far[0]] * a->near[1][far[1]]);
		}
	return sum;
}

static void affinities(void **state)
{
	static const int64_t size[][7] = { /* n, classes, channels, d, h, w, radius */
		{ 1, 1, 1, 1, 1, 1, 1 }, { 2, 3, 1, 1, 7, 37, 5 }, { 1, 4, 3, 2, 9, 16, 2 }, { 2, 6, 2, 1, 5, 20, 15 }, { 1, 2, 1, 3, 24, 5, 3 },
	};
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++) {
			const int64_t *d = size[s];
			struct affinity a = { .radius = (int)d[6], .contrast = 3 };
			struct fmap p, image, m[2];
			for (int i = 0; i <= a.radius; i++) {
				a.near[0][i] = exp(-0.02 * i * i);
				a.near[1][i] = 0.5 * exp(-0.1 * i * i);
			}
			map_make(&p, F_REAL, 1, d[0], d[1], d[3], d[4], d[5], 0, 0);
			map_make(&image, F_REAL, 1, d[0], d[2], d[3], d[4], d[5], 0, 0);
			map_fill(&p, 3);
			map_fill(&image, 4);
			for (int i = 0; i < 2; i++)
				map_make(&m[i], F_REAL, 1, d[0], d[1], d[3], d[4], d[5], 0, 0);
			TWICE(i, k->regions->messages(&m[i], &p, &image, &a));
			assert_memory_equal(m[0].data, m[1].data, (size_t)(m->n * m->stride) * sizeof(real));
			EACH(&p, n, c, z, h, w)
				near(map_get(m, n, c, z, h, w), heard(&p, &image, &a, n, c, z, h, w), TOLERANCE);
			map_free(&p);
			map_free(&image);
			map_free(&m[0]);
			map_free(&m[1]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extremes), cmocka_unit_test(slopes), cmocka_unit_test(strips), cmocka_unit_test(affinities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
