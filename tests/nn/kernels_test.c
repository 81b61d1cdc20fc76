/* kernels_test.c: layouts, plain arrays and optimizers of every instruction set against naive loops in double. */
#include "kernels_test.h"

#include <sys/wait.h>
#include <unistd.h>

static void fill_like(struct fmap *f, const struct fmap *g)
{
	map_make(f, g->type, g->lanes, g->n, g->c, g->d, g->h, g->w, g->split, g->stride - fmap_image(g));
	memcpy(f->data, g->data, (size_t)(g->n * g->stride) * ftype_size(g->type));
}

static void one_relayout(const struct kernels *k, struct fmap *x, struct fmap *y, bool add)
{
	struct fmap before;

	map_fill(x, 1);
	map_fill(y, 2);
	fill_like(&before, y);
	k->relayout(y, x, add);
	EACH(y, n, c, d, h, w)
	{
		double got = map_get(y, n, c, d, h, w), want = map_get(x, n, c, d, h, w);
		if (add)
			near(got, want + map_get(&before, n, c, d, h, w), of_type(y->type));
		else
			assert_true(got == (y->type == F_BF16 ? bf16(want) : want));
	}
	check_padding(y);
	map_free(&before);
	map_free(x);
	map_free(y);
}

static void relayout(void **state)
{
	static const struct { int64_t n, c, d, h, w, split; } size[] = {
		{ 2, 4, 1, 5, 7, 0 }, { 1, 33, 3, 4, 5, 0 }, { 2, 48, 1, 6, 8, 16 }, { 1, 21, 2, 3, 5, 5 }, { 3, 16, 1, 1, 1, 0 } };
	struct fmap x, y;
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int how = 0; how < 32; how++) {
				enum ftype tx = how & 1 ? F_BF16 : F_REAL, ty = how & 2 ? F_BF16 : F_REAL;
				int lx = how & 4 ? 16 : 1, ly = how & 8 ? 16 : 1;
				map_make(&x, tx, lx, size[s].n, size[s].c, size[s].d, size[s].h, size[s].w, lx == 16 ? size[s].split : 0, 64);
				map_make(&y, ty, ly, size[s].n, size[s].c, size[s].d, size[s].h, size[s].w, 0, 32);
				one_relayout(k, &x, &y, how & 16);
				map_make(&x, tx, lx, size[s].n, size[s].c, size[s].d, size[s].h, size[s].w, 0, 0);
				map_make(&y, ty, ly, size[s].n, size[s].c, size[s].d, size[s].h, size[s].w, ly == 16 ? size[s].split : 0, 64);
				one_relayout(k, &x, &y, how & 16);
			}
}

static void labels_to_reals(void **state)
{
	struct fmap x, y;
	(void)state;

	FOR_KERNELS(k) {
		map_make(&x, F_U8, 1, 2, 3, 1, 5, 7, 0, 0);
		map_make(&y, F_REAL, 16, 2, 3, 1, 5, 7, 0, 0);
		for (int64_t i = 0; i < x.n * x.stride; i++)
			((uint8_t *)x.data)[i] = (uint8_t)(i * 37);
		k->relayout(&y, &x, false);
		EACH(&y, n, c, d, h, w)
			assert_true(map_get(&y, n, c, d, h, w) == map_get(&x, n, c, d, h, w));
		check_padding(&y);
		map_free(&x);
		map_free(&y);
	}
}

static void space(void **state)
{
	(void)state;
	FOR_KERNELS(k)
		for (int how = 0; how < 16; how++) {
			int dims = how & 1 ? 3 : 2, lanes = how & 2 ? 16 : 1, deep = dims == 3 ? 2 : 1;
			enum ftype t = how & 4 ? F_BF16 : F_REAL;
			int64_t c = how & 8 ? 32 : 20, per = lanes == 16 ? 32 : c;
			struct fmap low, high, back;
			map_make(&low, t, lanes, 2, per << dims, 3, 3, 5, 0, 0);
			map_make(&high, t, lanes, 2, c, 3 * deep, 6, 10, 0, 16 * lanes);
			map_make(&back, t, lanes, 2, per << dims, 3, 3, 5, 0, 0);
			map_fill(&low, 3);
			EACH(&low, n, i, d, h, w) /* channels beyond c of a position are padding */
				if (i % per >= c)
					map_set(&low, n, i, d, h, w, 0);
			k->space(&high, &low, dims, false);
			EACH(&high, n, i, d, h, w) {
				int64_t pos = (d % deep * 2 + h % 2) * 2 + w % 2;
				assert_true(map_get(&high, n, i, d, h, w) == map_get(&low, n, pos * per + i, d / deep, h / 2, w / 2));
			}
			check_padding(&high);
			k->space(&back, &high, dims, true);
			EACH(&back, n, i, d, h, w)
				assert_true(map_get(&back, n, i, d, h, w) == map_get(&low, n, i, d, h, w));
			map_free(&low);
			map_free(&high);
			map_free(&back);
		}
}

/* An axis from in to out with a varying number of neighbours, as a transposed interpolation has. */
static struct axis_map axis(int64_t in, int64_t out, int32_t first[16], int32_t count[16], int32_t at[16], real weight[64])
{
	int32_t used = 0;
	for (int64_t i = 0; i < out; i++) {
		first[i] = (int32_t)(i * in / out);
		count[i] = (int32_t)(1 + i % 3);
		if (first[i] + count[i] > in)
			count[i] = (int32_t)in - first[i];
		at[i] = used;
		for (int32_t j = 0; j < count[i]; j++)
			weight[used++] = (real)(noise(9, i * 8 + j));
	}
	return (struct axis_map){ in, out, first, count, at, weight };
}

static void resample(void **state)
{
	static const int64_t size[][6] = { { 1, 4, 5, 1, 8, 10 }, { 3, 6, 7, 6, 3, 9 }, { 4, 4, 8, 2, 2, 4 } };
	int32_t index[3][3][16];
	real weight[3][64];
	(void)state;

	FOR_KERNELS(k)
		for (int how = 0; how < 48; how++) {
			const int64_t *s = size[how / 16];
			int lanes = how & 1 ? 16 : 1;
			enum ftype tx = how & 2 ? F_BF16 : F_REAL, ty = how & 4 ? F_BF16 : F_REAL;
			bool add = how & 8;
			struct axis_map map[3];
			struct fmap x, y, before;
			for (int a = 0; a < 3; a++)
				map[a] = axis(s[a], s[a + 3], index[a][0], index[a][1], index[a][2], weight[a]);
			map_make(&x, tx, lanes, 2, 20, s[0], s[1], s[2], 0, 16);
			map_make(&y, ty, lanes, 2, 20, s[3], s[4], s[5], 0, 48);
			map_fill(&x, 4);
			map_fill(&y, 5);
			fill_like(&before, &y);
			k->resample(&y, &x, map, add);
			EACH(&y, n, c, d, h, w) {
				double sum = add ? map_get(&before, n, c, d, h, w) : 0;
				for (int i = 0; i < map[0].count[d]; i++)
					for (int j = 0; j < map[1].count[h]; j++)
						for (int l = 0; l < map[2].count[w]; l++)
							sum += (double)weight[0][map[0].at[d] + i] * (double)weight[1][map[1].at[h] + j]
								* (double)weight[2][map[2].at[w] + l]
								* map_get(&x, n, c, map[0].first[d] + i, map[1].first[h] + j, map[2].first[w] + l);
				near(map_get(&y, n, c, d, h, w), sum, of_type(ty));
			}
			check_padding(&y);
			map_free(&x);
			map_free(&y);
			map_free(&before);
		}
}

enum { COUNT = 20011 };

static double unary_of(enum unary f, double a, double x)
{
	switch (f) {
	case U_SCALE: return a * x;
	case U_OFFSET: return x + a;
	case U_EXP: return exp(x);
	case U_LOG: return log(x);
	case U_SQRT: return sqrt(x);
	case U_SQUARE: return x * x;
	case U_RELU: return x > 0 ? x : 0;
	case U_STEP: return x > 0;
	case U_ABS: return fabs(x);
	case U_SIGN: return (x > 0) - (x < 0);
	default: return pow(x, a);
	}
}

static void unary(void **state)
{
	static real x[COUNT], y[COUNT];
	(void)state;

	FOR_KERNELS(k)
		for (int f = U_SCALE; f <= U_POWER; f++)
			for (int add = 0; add < 2; add++) {
				bool positive = f == U_LOG || f == U_SQRT || f == U_POWER;
				for (int i = 0; i < COUNT; i++) {
					x[i] = (real)(noise(6, i) * 20);
					x[i] = positive ? (real)exp((double)x[i] * 3) : i % 50 ? x[i] : 0;
					y[i] = 3;
				}
				k->unary(f, 1.25, y, x, COUNT, add);
				for (int i = 0; i < COUNT; i++) {
					double want = unary_of(f, f == U_POWER ? (double)(real)1.25 : 1.25, (double)x[i]);
					if (add)
						near((double)y[i], want + 3, TOLERANCE);
					else if (fabs((double)y[i] - want) > RELATIVE * fabs(want) + 1e-37)
						fail_msg("%s: unary %d of %.9g is %.9g, not %.9g", k->isa, f, (double)x[i], (double)y[i], want);
				}
			}
}

static void exp_log_edges(void **state)
{
	(void)state;
	FOR_KERNELS(k) {
		real x[5] = { -INFINITY, INFINITY, NAN, -2000, 2000 }, y[5];
		k->unary(U_EXP, 0, y, x, 5, false);
		assert_true(y[0] == 0 && isinf(y[1]) && isnan(y[2]) && y[3] == 0 && isinf(y[4]));
		real z[5] = { 0, INFINITY, NAN, -1, 1 };
		k->unary(U_LOG, 0, y, z, 5, false);
		assert_true(isinf(y[0]) && y[0] < 0 && isinf(y[1]) && isnan(y[2]) && isnan(y[3]) && y[4] == 0);
		real tiny[1] = { (real)1e-40 };
		k->unary(U_LOG, 0, y, tiny, 1, false);
		near((double)y[0], log((double)tiny[0]), TOLERANCE);
	}
}

static void binary(void **state)
{
	static real a[COUNT], b[COUNT], y[COUNT];
	(void)state;

	FOR_KERNELS(k)
		for (int f = B_ADD; f <= B_DIV; f++)
			for (int add = 0; add < 2; add++) {
				for (int i = 0; i < COUNT; i++) {
					a[i] = (real)noise(7, i);
					b[i] = (real)(noise(8, i) + 2);
					y[i] = 1;
				}
				k->binary(f, y, a, b, COUNT, add);
				for (int i = 0; i < COUNT; i++) {
					double p = (double)a[i], q = (double)b[i];
					double want = f == B_ADD ? p + q : f == B_SUB ? p - q : f == B_MUL ? p * q : p / q;
					near((double)y[i], want + add, TOLERANCE);
				}
			}
}

static void sum_spread(void **state)
{
	static const int64_t size[][3] = { { 1, COUNT, 1 }, { 3, 5, 1001 }, { 20, 1000, 1 }, { 7, 3, 4 }, { 1, 2, 9000 } };
	static real x[COUNT], y[COUNT], z[COUNT], again[COUNT];
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(size); s++)
			for (int add = 0; add < 2; add++) {
				int64_t outer = size[s][0], mid = size[s][1], inner = size[s][2];
				for (int i = 0; i < COUNT; i++) {
					x[i] = (real)(noise(10, i) + 1);
					y[i] = again[i] = z[i] = 2;
				}
				threads(3);
				k->sum(y, x, outer, mid, inner, add);
				threads(1);
				k->sum(again, x, outer, mid, inner, add);
				threads(0);
				assert_memory_equal(y, again, sizeof y);
				k->spread(z, y, outer, mid, inner, add);
				for (int64_t o = 0; o < outer; o++)
					for (int64_t i = 0; i < inner; i++) {
						double want = add ? 2 : 0;
						for (int64_t m = 0; m < mid; m++)
							want += (double)x[(o * mid + m) * inner + i];
						near((double)y[o * inner + i], want, TOLERANCE);
						for (int64_t m = 0; m < mid; m++)
							near((double)z[(o * mid + m) * inner + i], (double)y[o * inner + i] + (add ? 2 : 0), TOLERANCE);
					}
				double squares = 0;
				for (int64_t i = 0; i < COUNT; i++)
					squares += (double)x[i] * (double)x[i];
				near(k->sum_squares(x, COUNT), squares, 1e-12);
			}
}

static void optimizers(void **state)
{
	enum { N = 37 };
	real w[N], g[N], m[N], v[N];
	double rw[N], rm[N], rv[N];
	(void)state;

	FOR_KERNELS(k)
		for (int how = 0; how < 6; how++) {
			for (int i = 0; i < N; i++) {
				w[i] = (real)noise(11, i);
				rw[i] = (double)w[i];
				m[i] = v[i] = 0;
				rm[i] = rv[i] = 0;
			}
			for (int step = 1; step <= 4; step++) {
				struct adam a = { .lr = 0.02, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .decay = 0.1,
					.decoupled = how == 1, .step = step };
				struct sgd s = { .lr = 0.05, .momentum = how == 2 ? 0 : 0.9, .decay = how == 5 ? 0 : 0.01,
					.nesterov = how == 4, .first = step == 1 };
				for (int i = 0; i < N; i++)
					g[i] = (real)(noise(12, i + step * N) + 0.1);
				if (how < 2)
					k->adam(w, g, m, v, N, &a);
				else
					k->sgd(w, g, how == 2 ? NULL : v, N, &s);
				for (int i = 0; i < N; i++) {
					double d = (double)g[i];
					if (how < 2) {
						if (a.decoupled)
							rw[i] *= 1 - a.lr * a.decay;
						else
							d += a.decay * rw[i];
						rm[i] = a.beta1 * rm[i] + (1 - a.beta1) * d;
						rv[i] = a.beta2 * rv[i] + (1 - a.beta2) * d * d;
						rw[i] -= a.lr * (rm[i] / (1 - pow(a.beta1, step))) / (sqrt(rv[i] / (1 - pow(a.beta2, step))) + a.eps);
					} else {
						d += s.decay * rw[i];
						rv[i] = step == 1 ? d : s.momentum * rv[i] + d;
						rw[i] -= s.lr * (s.nesterov ? d + s.momentum * rv[i] : s.momentum > 0 ? rv[i] : d);
					}
					near((double)w[i], rw[i], TOLERANCE);
				}
			}
		}
}

/* The exit status of a program that runs with PYMIC_ISA=isa: 0 when it got the kernels called want. */
static int choice(const char *isa, const char *want)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(98);
		setenv("PYMIC_ISA", isa, 1);
		_exit(strcmp(kernels()->isa, want) ? 99 : 0);
	}
	assert_true(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Before any other test: the choice is made once. */
static void instruction_set(void **state)
{
	(void)state;
	assert_int_equal(choice("base", "base"), 0);
	assert_int_equal(choice("sse9", ""), PM_USAGE);
	assert_int_equal(choice(kernels()->isa, kernels()->isa), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instruction_set),
		cmocka_unit_test(relayout), cmocka_unit_test(labels_to_reals), cmocka_unit_test(space), cmocka_unit_test(resample),
		cmocka_unit_test(unary), cmocka_unit_test(exp_log_edges), cmocka_unit_test(binary), cmocka_unit_test(sum_spread),
		cmocka_unit_test(optimizers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
