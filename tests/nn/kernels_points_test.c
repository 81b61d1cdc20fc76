/* kernels_points_test.c: boxes, voxels and products against naive loops in double; the same bytes for any number of threads. */
#include "kernels_test.h"

enum { MOST = 40000 };

static real a[MOST], b[MOST], y[2][MOST], at[MOST];

static void make(real *x, int64_t n, int seed)
{
	assert_true(n <= MOST);
	for (int64_t i = 0; i < n; i++)
		x[i] = (real)noise(seed, i);
}

static void begin(void)
{
	for (int i = 0; i < MOST; i++)
		y[0][i] = y[1][i] = (real)0.5;
}

/* y[0] by three threads, y[1] by one. */
#define TWICE(i, call) \
	begin(); \
	for (int i = 0; i < 2; i++) { \
		threads(i ? 1 : 3); \
		call; \
		threads(0); \
	} \
	assert_memory_equal(y[0], y[1], sizeof y[0]);

static void products(void **state)
{
	static const int64_t size[][4] = { { 1, 1, 1, 1 }, { 2, 3, 5, 7 }, { 1, 4, 40, 33 }, { 3, 65, 9, 64 } };
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int how = 0; how < 8; how++) {
				const int64_t count = size[s][0], rows = size[s][1], inner = size[s][2], columns = size[s][3];
				struct matrices p = { count, rows, inner, columns, { inner, 1 }, { columns, 1 } };
				if (how & 1)
					p.a[0] = 1, p.a[1] = rows;
				if (how & 2)
					p.b[0] = 1, p.b[1] = inner;
				make(a, count * rows * inner, 1);
				make(b, count * inner * columns, 2);
				TWICE(i, k->points->multiply(y[i], a, b, &p, how & 4))
				for (int64_t i = 0; i < count * rows * columns; i++) {
					const int64_t m = i / columns / rows;
					double sum = how & 4 ? 0.5 : 0;
					for (int64_t j = 0; j < inner; j++)
						sum += (double)a[m * rows * inner + i / columns % rows * p.a[0] + j * p.a[1]] *
							(double)b[m * inner * columns + j * p.b[0] + i % columns * p.b[1]];
					near((double)y[0][i], sum, TOLERANCE);
				}
			}
}

/* Maps of a grid and of one of half its size, in the last and the first channels. */
static void voxels(void **state)
{
	enum { N = 2, C = 3, POINTS = 50, ALL = 8 };
	const int64_t full[3] = { 2, 6, 10 };
	(void)state;

	FOR_KERNELS(k)
		for (int half = 0; half < 2; half++) {
			const struct lookup s = { N, C, { 2 >> half, 6 >> half, 10 >> half }, { 2, 6, 10 }, POINTS, ALL, half ? 0 : ALL - C };
			const int64_t map = s.size[0] * s.size[1] * s.size[2];
			double want[N * C * 120];
			for (int i = 0; i < N * POINTS * 3; i++)
				at[i] = (real)(((i / 3) * (7 + i % 3) + i / 40) % full[i % 3]);
			make(a, N * C * map, 1);
			make(b, N * ALL * POINTS, 2);
			for (int i = 0; i < N * C * map; i++)
				want[i] = 0.5;
			TWICE(i, k->points->gather(y[i], a, at, &s))
			for (int64_t i = 0; i < N * ALL * POINTS; i++) {
				const int64_t n = i / POINTS / ALL, c = i / POINTS % ALL - s.first;
				const real *from = at + (n * POINTS + i % POINTS) * 3;
				const int64_t v = (((int64_t)from[0] >> half) * s.size[1] + ((int64_t)from[1] >> half)) * s.size[2] + ((int64_t)from[2] >> half);
				const bool ours = c >= 0 && c < C;
				assert_true(y[0][i] == (ours ? a[(n * C + c) * map + v] : (real)0.5));
				if (ours)
					want[(n * C + c) * map + v] += (double)b[i];
			}
			TWICE(i, k->points->gather_bwd(y[i], b, at, &s))
			for (int i = 0; i < N * C * map; i++)
				near((double)y[0][i], want[i], TOLERANCE);
		}
}

static void boxes(void **state)
{
	enum { VIEWS = 4, N = 2, C = 3 };
	const int64_t size[3] = { 3, 7, 9 }, to[3] = { 2, 4, 5 };
	(void)state;

	make(a, N * C * 3 * 7 * 9, 1);
	for (int i = 0; i < VIEWS * 3; i++)
		at[i] = (real)((i * 5 + 1) % (size[i % 3] - to[i % 3] + 1));
	FOR_KERNELS(k) {
		TWICE(i, k->points->crop(y[i], a, at, VIEWS, N, C, size, to))
		for (int i = 0; i < VIEWS * C * 40; i++) {
			const int v = i / 40 / C;
			const int64_t z = i / 20 % 2 + (int64_t)at[v * 3], row = i / 5 % 4 + (int64_t)at[v * 3 + 1], column = i % 5 + (int64_t)at[v * 3 + 2];
			assert_true(y[0][i] == a[(((v % N * C + i / 40 % C) * 3 + z) * 7 + row) * 9 + column]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(products), cmocka_unit_test(voxels), cmocka_unit_test(boxes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
