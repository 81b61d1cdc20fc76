/*
 * kernels_conv_test.c: the convolutions of every instruction set, forward and both ways back, against a direct convolution
 * in double of the same inputs as they are stored; and the same bytes from any number of threads.
 */
#include "kernels_test.h"

#include "cpu/conv.h"

enum kind { TILES, POINT, FIRST }; /* the kernels of wino.c, point.c and first.c */
enum { PLAIN, ACT, SHIFT_ONLY };   /* acts: none, with a scale, without one */
enum { Y, DX, DW, DB, RESULTS };

struct shape {
	int64_t n, cin, cout, d, h, w;
	int deep, kernel, dilation; /* deep: taps along the depth */
	int act;
	bool far; /* the result is 100 and a little */
};

struct problem {
	enum kind kind;
	const struct shape *s;
	int64_t in, out, taps, space; /* physical channels; taps in all */
	struct fmap x, dy;
	struct act act;
	real *w, *bias, *scale, *shift;
	double *want[RESULTS];
	double *mean, *var; /* of y before the bias; in one array */
};

struct result {
	struct fmap f[RESULTS]; /* dw and db: plain rows, of physical channels */
	double *moments;
	struct norm_act behind; /* dx is its gradient: mean, rstd and sums are one array */
};

/* Errors are relative to the largest value; storage in bf16 adds half a step of each value's own. */
static const double F32 = 5e-6, BF16 = 1.0 / 256;
static double worst[RESULTS + 1]; /* to be printed: the largest errors, and that of a variance */
static size_t at_shape;

/* The channels of a map with the padding ones. */
static int64_t physical(const struct fmap *f) { return fmap_blocks(f) * f->lanes; }
static size_t map_bytes(const struct fmap *f) { return (size_t)(f->n * f->stride) * ftype_size(f->type); }

/* Padding channels have no values of their own. */
static real *channels_make(int64_t all, int64_t c, double mean, double spread, uint64_t seed)
{
	real *v = xcalloc((size_t)all, sizeof *v);
	for (int64_t i = 0; i < c; i++)
		v[i] = (real)(mean + spread * noise(seed, i));
	return v;
}

/* Elements lie between the images, as in half of a concatenation. */
static void problem_make(struct problem *p, enum kind kind, const struct shape *s, enum ftype type)
{
	*p = (struct problem){ .kind = kind, .s = s, .taps = (int64_t)s->deep * s->kernel * s->kernel, .space = s->d * s->h * s->w };
	map_make(&p->x, type, kind == FIRST ? 1 : PM_LANES, s->n, s->cin, s->d, s->h, s->w, 0, 48);
	map_make(&p->dy, type, PM_LANES, s->n, s->cout, s->d, s->h, s->w, 0, 16);
	map_fill(&p->x, 1);
	map_fill(&p->dy, 2);
	p->in = physical(&p->x);
	p->out = physical(&p->dy);
	p->w = xcalloc((size_t)(p->out * p->in * p->taps), sizeof *p->w);
	for (int64_t o = 0; o < s->cout; o++)
		for (int64_t i = o * p->in * p->taps; i < (o * p->in + s->cin) * p->taps; i++)
			p->w[i] = (real)(noise(3, i) * (s->far ? 0.01 : 1));
	p->bias = channels_make(p->out, s->cout, s->far ? 100 : 0, 1, 4);
	p->scale = channels_make(p->in, s->cin, 0, 2, 5);
	p->shift = channels_make(p->in, s->cin, 0.5, 1, 6);
	p->act = (struct act){ s->act == ACT ? p->scale : NULL, p->shift, 0.01 };
	p->x.act = s->act ? &p->act : NULL;
}

static void problem_free(struct problem *p)
{
	void *all[] = { p->x.data, p->dy.data, p->w, p->bias, p->scale, p->shift, p->mean };
	for (size_t i = 0; i < PM_COUNT(all); i++)
		free(all[i]);
	for (int i = 0; i < RESULTS; i++)
		free(p->want[i]);
}

/* [n][physical channel][d][h][w], after the act, which is for pixels alone: what lies outside the image is 0 behind it. */
static double *as_double(const struct fmap *f)
{
	int64_t space = fmap_space(f), all = physical(f);
	double *v = xcalloc((size_t)(f->n * all * space), sizeof *v);

	EACH(f, n, c, d, h, w) {
		double x = map_get(f, n, c, d, h, w);
		if (f->act) {
			x = x * (f->act->scale ? (double)f->act->scale[c] : 1) + (double)f->act->shift[c];
			x = x > 0 ? x : x * f->act->slope;
		}
		v[(n * all + c) * space + (d * f->h + h) * f->w + w] = x;
	}
	return v;
}

/* The pixels where a tap that looks `ahead` pixels ahead sees something: first <= i < end. */
static int64_t seen_first(int64_t ahead) { return ahead < 0 ? -ahead : 0; }
static int64_t seen_end(int64_t size, int64_t ahead) { return ahead > 0 ? size - ahead : size; }

/* One tap between a channel of x and one of y: y and dx grow by what it adds, its own gradient is returned. */
static double tap_add(const struct shape *s, int64_t tap, double w, const double *x, const double *dy, double *y, double *dx)
{
	int64_t kk = (int64_t)s->kernel * s->kernel, z1 = (tap / kk - s->deep / 2) * s->dilation;
	int64_t y1 = (tap % kk / s->kernel - s->kernel / 2) * s->dilation, x1 = (tap % s->kernel - s->kernel / 2) * s->dilation;
	int64_t first = seen_first(x1), end = seen_end(s->w, x1), ahead = (z1 * s->h + y1) * s->w + x1;
	double sum = 0;

	for (int64_t d = seen_first(z1); d < seen_end(s->d, z1); d++)
		for (int64_t h = seen_first(y1); h < seen_end(s->h, y1); h++)
			for (int64_t at = (d * s->h + h) * s->w, i = at + first; i < at + end; i++) {
				y[i] += w * x[i + ahead];
				dx[i + ahead] += w * dy[i];
				sum += x[i + ahead] * dy[i];
			}
	return sum;
}

/* The statistics of y, and its bias, which comes last because it must make no difference to the variance. */
static void want_finish(struct problem *p, const double *dy)
{
	double m = (double)(p->s->n * p->space);

	for (int64_t c = 0; c < p->s->cout; c++) {
		double squares = 0;
		for (int64_t n = 0; n < p->s->n; n++)
			for (int64_t i = (n * p->out + c) * p->space; i < (n * p->out + c + 1) * p->space; i++) {
				p->mean[c] += p->want[Y][i] / m;
				squares += p->want[Y][i] * p->want[Y][i] / m;
				p->want[Y][i] += (double)p->bias[c];
				p->want[DB][c] += dy[i];
			}
		p->var[c] = squares - p->mean[c] * p->mean[c];
	}
}

static void want_make(struct problem *p)
{
	const struct shape *s = p->s;
	int64_t counts[] = { s->n * p->out * p->space, s->n * p->in * p->space, p->out * p->in * p->taps, p->out };
	double *x = as_double(&p->x), *dy = as_double(&p->dy);

	for (int i = 0; i < RESULTS; i++)
		p->want[i] = xcalloc((size_t)counts[i], sizeof(double));
	p->mean = xcalloc((size_t)(2 * s->cout), sizeof(double));
	p->var = p->mean + s->cout;
	for (int64_t n = 0; n < s->n; n++)
		for (int64_t o = 0; o < s->cout; o++)
			for (int64_t c = 0; c < s->cin; c++)
				for (int64_t t = 0; t < p->taps; t++) {
					int64_t k = (o * p->in + c) * p->taps + t, from = (n * p->in + c) * p->space, to = (n * p->out + o) * p->space;
					p->want[DW][k] += tap_add(s, t, (double)p->w[k], x + from, dy + to, p->want[Y] + to, p->want[DX] + from);
				}
	want_finish(p, dy);
	free(x);
	free(dy);
}

static void result_make(struct result *r, const struct problem *p, enum ftype type)
{
	const struct shape *s = p->s;

	map_make(&r->f[Y], type, PM_LANES, s->n, s->cout, s->d, s->h, s->w, 0, 96);
	map_make(&r->f[DX], type, p->x.lanes, s->n, s->cin, s->d, s->h, s->w, 0, 32);
	map_make(&r->f[DW], F_REAL, 1, 1, p->out * p->in * p->taps, 1, 1, 1, 0, 0);
	map_make(&r->f[DB], F_REAL, 1, 1, p->out, 1, 1, 1, 0, 0);
	r->moments = xcalloc((size_t)(2 * s->cout), sizeof *r->moments);
	double *of = xcalloc((size_t)(4 * s->cin), sizeof *of);
	for (int64_t c = 0; c < s->cin; c++) {
		of[c] = 0.3 * noise(8, c);
		of[s->cin + c] = 1.5 + noise(9, c);
	}
	r->behind = (struct norm_act){ .gamma = p->scale, .beta = p->shift, .mean = of, .rstd = of + s->cin, .slope = 0.01,
		.sums = of + 2 * s->cin, .share = { s->n, 1 } };
	map_make(&r->behind.z, type, p->x.lanes, s->n, s->cin, s->d, s->h, s->w, 0, 32);
	map_fill(&r->behind.z, 10);
	r->f[DX].behind = &r->behind;
}

static void result_free(struct result *r)
{
	for (int i = 0; i < RESULTS; i++)
		map_free(&r->f[i]);
	map_free(&r->behind.z);
	free((void *)r->behind.mean);
	free(r->moments);
}

static void run(const struct kernels *k, const struct problem *p, struct result *r)
{
	const struct shape *s = p->s;
	struct filters way = { p->out, p->in, s->deep }, back = { p->in, p->out, s->deep };
	struct conv_shape shape = { .dims = s->deep > 1 ? 3 : 2, .kernel = s->kernel, .dilation = s->dilation };
	real *u = xmalloc((size_t)(p->out * p->in * (p->kind == TILES ? 36 * s->deep : p->taps)) * sizeof *u);
	real *zeros = xcalloc((size_t)p->in, sizeof *zeros), *dw = r->f[DW].data, *db = r->f[DB].data;

	if (p->kind == TILES) {
		k->wino_pack(u, p->w, &way, false);
		k->wino_conv(&p->x, u, &way, p->bias, &r->f[Y], r->moments);
		k->wino_pack(u, p->w, &back, true);
		k->wino_conv(&p->dy, u, &back, zeros, &r->f[DX], NULL);
		k->wino_grad(&p->x, &p->dy, &way, dw, db);
	} else if (p->kind == POINT) {
		k->point_pack(u, p->w, &way, false);
		k->point_conv(&p->x, u, &way, p->bias, &r->f[Y]);
		k->point_pack(u, p->w, &back, true);
		k->point_conv(&p->dy, u, &back, zeros, &r->f[DX]);
		k->point_grad(&p->x, &p->dy, &way, dw, db);
	} else {
		k->first_pack(u, p->w, p->out, p->in * p->taps);
		k->first_conv(&p->x, u, &shape, p->bias, &r->f[Y], r->moments);
		k->first_grad(&p->x, &p->dy, &shape, dw, db);
	}
	free(u);
	free(zeros);
}

static void check_values(const char *isa, const struct fmap *f, const double *want, int what)
{
	int64_t count = f->n * physical(f) * fmap_space(f);
	double most = 1e-30, *got = as_double(f);

	for (int64_t i = 0; i < count; i++)
		most = fmax(most, fabs(want[i]));
	for (int64_t i = 0; i < count; i++) {
		double error = (fabs(got[i] - want[i]) - (f->type == F_BF16 ? BF16 * fabs(want[i]) : 0)) / most;
		if (!(error <= F32)) /* not a number, too */
			fail_msg("%s, shape %zu, result %d, %lld of %lld: %.9g, not %.9g; the largest is %g", isa, at_shape, what, (long long)i,
				(long long)count, got[i], want[i], most);
		worst[what] = fmax(worst[what], error);
	}
	free(got);
	check_padding(f);
}

/* Variances to 1e-5. A mean (before the bias) that is large beside them costs digits, and of few pixels it may be that. */
static void check_moments(const char *isa, const struct problem *p, const double *mean, const double *var)
{
	bool few = p->s->n * p->space < 100;

	for (int64_t c = 0; c < p->s->cout; c++) {
		double square = p->var[c] + p->mean[c] * p->mean[c], error = fabs(var[c] - p->var[c]);
		if (!(fabs(mean[c] - p->mean[c] - (double)p->bias[c]) <= 1e-6 * fmax(1, sqrt(square)))
				|| !(error <= 1e-5 * p->var[c] + (few ? 1e-6 * square : 0)))
			fail_msg("%s, shape %zu, channel %lld: %.9g and %.9g, not %.9g + %g and %.9g", isa, at_shape, (long long)c, mean[c], var[c],
				p->mean[c], (double)p->bias[c], p->var[c]);
		worst[RESULTS] = fmax(worst[RESULTS], few ? 0 : error / p->var[c]);
	}
}

/* What the normalisation behind dx wants, from dx as it should be. */
static void check_sums(const char *isa, const struct problem *p, const struct result *r)
{
	const struct norm_act *b = &r->behind;
	double *z = as_double(&b->z);

	if (!b->summed)
		fail_msg("%s, shape %zu: nothing was summed", isa, at_shape);
	for (int64_t c = 0; c < p->s->cin; c++) {
		double sum[2] = { 0 }, size[2] = { 1e-30, 1e-30 };
		for (int64_t n = 0; n < p->s->n; n++)
			for (int64_t i = (n * p->in + c) * p->space; i < (n * p->in + c + 1) * p->space; i++) {
				double far = z[i] - b->mean[c], a = far * (double)b->gamma[c] * b->rstd[c] + (double)b->beta[c];
				double g = p->want[DX][i] * (a > 0 ? 1 : b->slope);
				sum[0] += g;
				sum[1] += g * far;
				size[0] += fabs(g);
				size[1] += fabs(g * far);
			}
		for (int k = 0; k < 2; k++)
			if (!(fabs(b->sums[k * p->s->cin + c] - sum[k]) <= 1e-5 * size[k]))
				fail_msg("%s, shape %zu, channel %lld: sum %d is %.9g, not %.9g", isa, at_shape, (long long)c, k, b->sums[k * p->s->cin + c],
					sum[k]);
	}
	free(z);
}

static bool same_results(const struct problem *p, const struct result *a, const struct result *b)
{
	bool same = !memcmp(a->moments, b->moments, (size_t)(2 * p->s->cout) * sizeof *a->moments);

	same &= !memcmp(a->behind.sums, b->behind.sums, (size_t)(2 * p->s->cin) * sizeof *a->moments);
	for (int i = 0; i < RESULTS; i++)
		same &= !memcmp(a->f[i].data, b->f[i].data, map_bytes(&a->f[i]));
	return same;
}

static void check_threads(const struct kernels *k, const struct problem *p, const struct result *r)
{
	static const int counts[] = { 2, 3, 5, 8, 11 };
	struct result other;

	for (size_t i = 0; i < PM_COUNT(counts); i++) {
		result_make(&other, p, r->f[Y].type);
		threads(counts[i]);
		run(k, p, &other);
		if (!same_results(p, r, &other))
			fail_msg("%s, shape %zu: %d threads make a difference", k->isa, at_shape, counts[i]);
		result_free(&other);
	}
	threads(0);
}

static void check_kernels(const struct kernels *k, const struct problem *p, enum ftype type)
{
	struct result r;

	result_make(&r, p, type);
	for (int f = 0; f < RESULTS; f++) /* to be overwritten, not added to; images have no gradient */
		if (f != DX || p->kind != FIRST)
			map_fill(&r.f[f], 7);
	memset(kernel_scratch(1 << 22), 0xff, 1 << 22); /* not numbers: nobody may count on what lies there */
	threads(1);
	run(k, p, &r);
	for (int f = 0; f < RESULTS; f++)
		if (f != DX || p->kind != FIRST)
			check_values(k->isa, &r.f[f], p->want[f], f);
	if (p->kind != POINT)
		check_moments(k->isa, p, r.moments, r.moments + p->s->cout);
	if (p->kind != FIRST)
		check_sums(k->isa, p, &r);
	if (type == p->x.type)
		check_threads(k, p, &r);
	result_free(&r);
}

/* From f32 to f32, from bf16 to either. */
static void check_shapes(enum kind kind, const struct shape *s, size_t count)
{
	struct problem p;

	memset(worst, 0, sizeof worst);
	for (at_shape = 0; at_shape < count; at_shape++)
		for (int from = F_REAL; from <= F_BF16; from++) {
			problem_make(&p, kind, &s[at_shape], (enum ftype)from);
			want_make(&p);
			for (int to = F_REAL; to <= from; to++)
				FOR_KERNELS(k)
					check_kernels(k, &p, (enum ftype)to);
			problem_free(&p);
		}
	print_message("# y %.1e dx %.1e dw %.1e db %.1e variance %.1e\n", worst[Y], worst[DX], worst[DW], worst[DB], worst[RESULTS]);
}

static const struct shape tiles_2d_shapes[] = {
	{ 3, 16, 16, 1, 1, 1, 1, 3, 1, PLAIN, 0 }, { 2, 16, 48, 1, 2, 3, 1, 3, 1, ACT, 0 }, { 2, 48, 16, 1, 5, 7, 1, 3, 1, SHIFT_ONLY, 0 },
	{ 1, 32, 80, 1, 17, 2, 1, 3, 1, PLAIN, 0 }, { 2, 20, 40, 1, 4, 8, 1, 3, 1, ACT, 0 }, { 1, 80, 48, 1, 1, 33, 1, 3, 1, ACT, 0 },
	{ 2, 48, 32, 1, 33, 33, 1, 3, 1, ACT, 0 }, { 2, 16, 16, 3, 3, 5, 1, 3, 1, ACT, 0 }, { 2, 16, 16, 1, 17, 33, 1, 3, 1, PLAIN, true },
	{ 450, 32, 64, 1, 2, 5, 1, 3, 1, PLAIN, 0 }, /* 9 chunks, more than shares of the gradient */
	{ 1, 96, 96, 1, 7, 9, 1, 3, 1, PLAIN, 0 }, { 270, 32, 288, 1, 2, 5, 1, 3, 1, ACT, 0 }, /* grad_by_filters: one chunk, two */
};

static const struct shape tiles_3d_shapes[] = {
	{ 1, 16, 16, 1, 5, 7, 3, 3, 1, PLAIN, 0 }, { 2, 16, 48, 2, 3, 1, 3, 3, 1, ACT, 0 }, { 1, 32, 16, 9, 17, 17, 3, 3, 1, ACT, 0 },
	{ 2, 48, 32, 10, 7, 5, 3, 3, 1, SHIFT_ONLY, 0 }, { 1, 16, 80, 17, 2, 33, 3, 3, 1, PLAIN, 0 }, { 2, 20, 5, 3, 4, 8, 3, 3, 1, ACT, 0 },
	{ 2, 64, 64, 10, 5, 3, 3, 3, 1, ACT, 0 }, { 85, 64, 64, 9, 1, 5, 3, 3, 1, PLAIN, 0 }, /* grad_by_filters: two chunks, four */
	{ 2, 32, 16, 9, 7, 17, 3, 3, 1, PLAIN, true },
};

static const struct shape point_shapes[] = {
	{ 1, 16, 16, 1, 1, 1, 1, 1, 1, PLAIN, 0 }, { 2, 16, 48, 1, 5, 7, 1, 1, 1, ACT, 0 }, { 2, 48, 32, 1, 17, 33, 1, 1, 1, SHIFT_ONLY, 0 },
	{ 1, 80, 48, 9, 5, 7, 1, 1, 1, ACT, 0 }, { 3, 32, 80, 1, 7, 33, 1, 1, 1, PLAIN, 0 }, { 2, 20, 40, 2, 3, 5, 1, 1, 1, ACT, 0 },
	{ 18, 16, 32, 1, 15, 17, 1, 1, 1, ACT, 0 }, { 2, 16, 16, 1, 17, 33, 1, 1, 1, PLAIN, true },
};

static const struct shape first_shapes[] = {
	{ 3, 1, 16, 1, 1, 1, 1, 3, 1, PLAIN, 0 }, { 2, 1, 16, 1, 17, 33, 1, 3, 1, PLAIN, 0 }, { 1, 3, 32, 1, 5, 7, 1, 5, 1, PLAIN, 0 },
	{ 2, 3, 20, 1, 9, 25, 1, 3, 2, PLAIN, 0 }, { 1, 1, 48, 1, 33, 17, 1, 5, 2, PLAIN, 0 }, { 1, 1, 16, 1, 2, 300, 1, 3, 1, PLAIN, 0 },
	{ 2, 1, 32, 5, 7, 3, 3, 3, 1, PLAIN, 0 }, { 1, 3, 16, 3, 5, 33, 3, 3, 2, PLAIN, 0 }, { 1, 3, 80, 6, 5, 7, 5, 5, 1, PLAIN, 0 },
	{ 2, 1, 20, 2, 3, 50, 5, 5, 2, PLAIN, 0 }, { 2, 3, 16, 1, 17, 33, 1, 3, 1, PLAIN, true }, { 1, 1, 16, 9, 7, 17, 3, 3, 1, PLAIN, true },
};

#define TEST(kind, name) \
	static void name(void **state) { (void)state; check_shapes(kind, name##_shapes, PM_COUNT(name##_shapes)); }

TEST(TILES, tiles_2d)
TEST(TILES, tiles_3d)
TEST(POINT, point)
TEST(FIRST, first)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles_2d), cmocka_unit_test(tiles_3d), cmocka_unit_test(point), cmocka_unit_test(first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
