/* conv_test.c: the convolutions of backend_cpu against their plain twin, forward and both ways back, f32 and bf16. */
#include "base/base.h"
#include "base/rng.h"
#include "cpu/conv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fmap map(enum ftype type, int lanes, int64_t n, int64_t c, int64_t split, const int64_t size[3])
{
	struct fmap f = { .type = type, .lanes = lanes, .n = n, .c = c, .split = split, .d = size[0], .h = size[1], .w = size[2] };

	f.stride = fmap_image(&f);
	f.data = cpu_alloc((size_t)(n * f.stride) * ftype_size(type));
	return f;
}

static void drop(struct fmap *f) { cpu_free(f->data, (size_t)(f->n * f->stride) * ftype_size(f->type)); }

static double get(const struct fmap *f, int64_t i)
{
	return f->type == F_BF16 ? (double)bf16_get(((uint16_t *)f->data)[i]) : (double)((real *)f->data)[i];
}

/* Random values in every real channel; padding lanes stay zero. */
static void fill(struct fmap *f, struct rng *r)
{
	int64_t first = f->split ? (f->split + f->lanes - 1) / f->lanes : 0;

	for (int64_t i = 0; i < f->n * f->stride; i++) {
		int64_t block = i % f->stride / (fmap_space(f) * f->lanes), lane = i % f->lanes;
		bool real_one = block < first ? block * f->lanes + lane < f->split : f->split + (block - first) * f->lanes + lane < f->c;
		double v = real_one ? rng_normal(r) : 0;
		if (f->type == F_BF16)
			((uint16_t *)f->data)[i] = bf16_put((float)v);
		else
			((real *)f->data)[i] = (real)v;
	}
}

static void fill_real(real *x, int64_t n, struct rng *r)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = (real)(0.3 * rng_normal(r));
}

/* The largest difference, relative to the largest value. */
static double apart(const struct fmap *a, const struct fmap *b)
{
	double most = 1e-30, apart = 0;

	for (int64_t i = 0; i < a->n * a->stride; i++) {
		most = fmax(most, fabs(get(a, i)));
		apart = fmax(apart, fabs(get(a, i) - get(b, i)));
	}
	return apart / most;
}

static double apart_real(const real *a, const real *b, int64_t n)
{
	double most = 1e-30, apart = 0;

	for (int64_t i = 0; i < n; i++) {
		most = fmax(most, fabs((double)a[i]));
		apart = fmax(apart, fabs((double)a[i] - (double)b[i]));
	}
	return apart / most;
}

static void compare(const struct conv_shape *s)
{
	struct rng r;
	const struct backend *be[2] = { &backend_plain, &backend_cpu };
	int64_t taps = s->up ? 2 : s->kernel, count = s->cin * s->cout * taps * taps * (s->dims == 3 ? taps : 1);
	int64_t c = s->up ? (s->cout + 15) / 16 * 16 << s->dims : s->cout;
	real *w = xcalloc((size_t)count, sizeof *w), *b = xcalloc((size_t)s->cout, sizeof *b), *dw[2], *db[2];
	struct fmap x = map(s->type, s->in_lanes, s->n, s->cin, s->split, s->size), y[2], dx[2];
	struct fmap dy = map(s->out_lanes == 1 ? F_REAL : s->type, s->out_lanes, s->n, c, 0, s->size);
	double bound = s->type == F_BF16 ? 1e-2 : 2e-6;

	rng_init(&r, 3, "conv_test", 0, "", 0);
	fill(&x, &r);
	fill(&dy, &r);
	fill_real(w, count, &r);
	fill_real(b, s->cout, &r);
	if (s->type == F_BF16) /* the twin keeps weights in f32 */
		for (int64_t i = 0; i < count; i++)
			w[i] = (real)bf16_get(bf16_put((float)w[i]));
	for (int k = 0; k < 2; k++) {
		struct pack pack = { 0 };
		struct conv *conv = be[k]->conv_open(s);
		y[k] = map(s->out_type, s->out_lanes, s->n, c, 0, s->size);
		dx[k] = map(s->type, s->in_lanes, s->n, s->cin, s->split, s->size);
		dw[k] = xcalloc((size_t)count, sizeof **dw);
		db[k] = xcalloc((size_t)s->cout, sizeof **db);
		be[k]->conv_fwd(conv, &x, w, b, &pack, 1, &y[k], NULL);
		if (s->in_lanes == 16)
			be[k]->conv_bwd_data(conv, &dy, w, &pack, 1, &dx[k]);
		be[k]->conv_bwd_weights(conv, &x, &dy, dw[k], db[k]);
		be[k]->conv_close(conv);
		for (int i = 0; i < 2; i++)
			if (pack.mem[i])
				cpu_free(pack.mem[i], pack.bytes[i]);
	}
	double e[4] = { apart(&y[0], &y[1]), apart(&dx[0], &dx[1]), apart_real(dw[0], dw[1], count), apart_real(db[0], db[1], s->cout) };
	print_message("# %dD k%d %lld(%lld)->%lld lanes %d %s%s%s: y %.1e dx %.1e dw %.1e db %.1e\n", s->dims, s->kernel, (long long)s->cin,
		(long long)s->split, (long long)s->cout, s->in_lanes, s->type == F_BF16 ? "bf16" : "f32", s->out_type == s->type ? "" : " full",
		s->up ? " up" : "", e[0], e[1], e[2], e[3]);
	for (int i = 0; i < 4; i++)
		assert_true(e[i] < (i < 2 ? bound : 2e-5));
	for (int k = 0; k < 2; k++) {
		drop(&y[k]);
		drop(&dx[k]);
		free(dw[k]);
		free(db[k]);
	}
	drop(&x);
	drop(&dy);
	free(w);
	free(b);
}

static void test_twins(void **state)
{
	static const struct conv_shape shapes[] = {
		{ .cin = 1, .cout = 16, .kernel = 3, .in_lanes = 1 }, { .cin = 3, .cout = 5, .kernel = 3, .in_lanes = 1 },
		{ .cin = 16, .cout = 32, .kernel = 3, .in_lanes = 16 }, { .cin = 32, .split = 16, .cout = 16, .kernel = 3, .in_lanes = 16 },
		{ .cin = 10, .split = 4, .cout = 7, .kernel = 3, .in_lanes = 16 }, { .cin = 40, .cout = 20, .kernel = 1, .in_lanes = 16 },
		{ .cin = 16, .cout = 4, .kernel = 1, .in_lanes = 16 },
		{ .cin = 16, .cout = 20, .kernel = 1, .in_lanes = 16, .out_lanes = 1 }, { .cin = 12, .cout = 9, .kernel = 1, .in_lanes = 16, .up = true },
		{ .cin = 16, .cout = 16, .kernel = 3, .in_lanes = 16, .dilation = 2 },
	};

	(void)state;
	for (size_t i = 0; i < PM_COUNT(shapes); i++)
		for (int dims = 2; dims <= 3; dims++)
			for (int bf16 = 0; bf16 < 3; bf16++) {
				struct conv_shape s;
				memset(&s, 0, sizeof s);
				s = shapes[i];
				s.n = 2;
				s.dims = dims;
				s.dilation = s.dilation ? s.dilation : 1;
				s.size[0] = dims == 3 ? 5 : 1;
				s.size[1] = 9;
				s.size[2] = 12;
				s.type = bf16 ? F_BF16 : F_REAL;
				s.out_type = bf16 == 1 && s.out_lanes != 1 ? F_BF16 : F_REAL;
				s.out_lanes = s.out_lanes ? s.out_lanes : PM_LANES;
				compare(&s);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_twins) };

	if (sizeof(real) == sizeof(double)) {
		puts("1..1\nok 1 # skip the double build has one convolution only");
		return 0;
	}
	return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
