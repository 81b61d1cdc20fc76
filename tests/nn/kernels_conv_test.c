/*
 * kernels_conv_test.c: the convolutions of every instruction set, forward and both ways back, against a direct convolution
 * in double of the same inputs as they are stored; and the same bytes from any number of threads.
 */
#include "kernels_test.h"

#include "cpu/conv.h"

enum kind { TILES, POINT, FIRST }; /* the kernels of wino.c, point.c and first.c */
enum { PLAIN, ACT, SHIFT_ONLY };   /* acts: none, with a scale, without one */

struct shape {
	int64_t n, cin, cout, d, h, w;
	int deep, kernel, dilation; /* deep: taps along the depth */
	int act;
	bool far; /* the result is 100 and a little */
};

/* Results, the wanted ones or a kernel's. Arrays of channels are physical: padded to whole blocks with zeros. */
struct naive {
	double *y, *dx, *dw, *db, *moments;
};

struct result {
	struct fmap y, dx;
	real *dw, *db;
	double *moments; /* as the kernels give them: of the channels of y alone */
};

struct problem {
	enum kind kind;
	const struct shape *s;
	int64_t in, out, taps, space; /* physical channels, taps in all */
	struct fmap x, dy;
	enum ftype to; /* the type of y and dx */
	struct act act;
	real *w, *bias, *scale, *shift;
	struct naive want;
};

enum { Y, DX, DW, DB, VAR, ERRORS };
static double worst[ERRORS]; /* to be printed: the largest error of results in f32, over the largest value */

static int64_t blocks_up(int64_t c) { return (c + PM_LANES - 1) / PM_LANES * PM_LANES; }

/* Padding channels get no values of their own. */
static real *channels_make(int64_t physical, int64_t c, double mean, double spread, uint64_t seed)
{
	real *v = xcalloc((size_t)physical, sizeof *v);
	for (int64_t i = 0; i < c; i++)
		v[i] = (real)(mean + spread * noise(seed, i));
	return v;
}

static real *weights_make(const struct problem *p)
{
	real *w = xcalloc((size_t)(p->out * p->in * p->taps), sizeof *w);
	for (int64_t o = 0; o < p->s->cout; o++)
		for (int64_t i = o * p->in * p->taps; i < (o * p->in + p->s->cin) * p->taps; i++)
			w[i] = (real)(noise(3, i) * (p->s->far ? 0.01 : 1));
	return w;
}

/* Maps are apart from image to image, as halves of a concatenation are. */
static void problem_make(struct problem *p, enum kind kind, const struct shape *s, enum ftype from)
{
	int lanes = kind == FIRST ? 1 : PM_LANES;

	*p = (struct problem){ .kind = kind, .s = s, .in = lanes == 1 ? s->cin : blocks_up(s->cin), .out = blocks_up(s->cout),
		.taps = (int64_t)s->deep * s->kernel * s->kernel, .space = s->d * s->h * s->w };
	map_make(&p->x, from, lanes, s->n, s->cin, s->d, s->h, s->w, 0, 48);
	map_make(&p->dy, from, PM_LANES, s->n, s->cout, s->d, s->h, s->w, 0, 16);
	map_fill(&p->x, 1);
	map_fill(&p->dy, 2);
	p->w = weights_make(p);
	p->bias = channels_make(p->out, s->cout, s->far ? 100 : 0, 1, 4);
	p->scale = channels_make(p->in, s->cin, 0, 2, 5);
	p->shift = channels_make(p->in, s->cin, 0.5, 1, 6);
	p->act = (struct act){ s->act == ACT ? p->scale : NULL, p->shift, 0.01 };
	p->x.act = s->act ? &p->act : NULL;
}

static void problem_free(struct problem *p)
{
	map_free(&p->x);
	map_free(&p->dy);
	free(p->w);
	free(p->bias);
	free(p->scale);
	free(p->shift);
	free(p->want.y);
	free(p->want.dx);
	free(p->want.dw);
	free(p->want.db);
	free(p->want.moments);
}

/* [n][physical channel][d][h][w]; what lies outside the image is 0 whatever the act, so that act is for pixels alone. */
static double *as_double(const struct fmap *f, int64_t physical)
{
	int64_t space = fmap_space(f);
	double *v = xcalloc((size_t)(f->n * physical * space), sizeof *v);

	EACH(f, n, c, d, h, w)
	{
		double x = map_get(f, n, c, d, h, w);
		if (f->act) {
			x = x * (f->act->scale ? (double)f->act->scale[c] : 1) + (double)f->act->shift[c];
			x = x > 0 ? x : x * f->act->slope;
		}
		v[(n * physical + c) * space + (d * f->h + h) * f->w + w] = x;
	}
	return v;
}

/* Where a tap that looks `shift` pixels ahead has something to see: first <= i < end. */
static int64_t seen_first(int64_t shift) { return shift < 0 ? -shift : 0; }
static int64_t seen_end(int64_t size, int64_t shift) { return shift > 0 ? size - shift : size; }

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

/* Mean and variance of y, and the bias, which comes last: it makes no difference to the variance. */
static void want_finish(struct problem *p, const double *dy)
{
	const struct shape *s = p->s;
	double m = (double)(s->n * p->space);

	for (int64_t c = 0; c < s->cout; c++) {
		double sum = 0, squares = 0;
		for (int64_t n = 0; n < s->n; n++)
			for (int64_t i = (n * p->out + c) * p->space; i < (n * p->out + c + 1) * p->space; i++) {
				sum += p->want.y[i];
				squares += p->want.y[i] * p->want.y[i];
				p->want.y[i] += (double)p->bias[c];
				p->want.db[c] += dy[i];
			}
		p->want.moments[c] = sum / m;
		p->want.moments[s->cout + c] = squares / m - sum / m * (sum / m);
	}
}

static void want_make(struct problem *p)
{
	const struct shape *s = p->s;
	double *x = as_double(&p->x, p->in), *dy = as_double(&p->dy, p->out);
	struct naive *q = &p->want;

	q->y = xcalloc((size_t)(s->n * p->out * p->space), sizeof(double));
	q->dx = xcalloc((size_t)(s->n * p->in * p->space), sizeof(double));
	q->dw = xcalloc((size_t)(p->out * p->in * p->taps), sizeof(double));
	q->db = xcalloc((size_t)p->out, sizeof(double));
	q->moments = xcalloc((size_t)(2 * s->cout), sizeof(double));
	for (int64_t n = 0; n < s->n; n++)
		for (int64_t o = 0; o < s->cout; o++)
			for (int64_t c = 0; c < s->cin; c++)
				for (int64_t t = 0; t < p->taps; t++) {
					int64_t k = (o * p->in + c) * p->taps + t, from = (n * p->in + c) * p->space, to = (n * p->out + o) * p->space;
					q->dw[k] += tap_add(s, t, (double)p->w[k], x + from, dy + to, q->y + to, q->dx + from);
				}
	want_finish(p, dy);
	free(x);
	free(dy);
}

/* Full of what a kernel must overwrite. */
static void result_make(struct result *r, const struct problem *p)
{
	const struct shape *s = p->s;
	size_t filters = (size_t)(p->out * p->in * p->taps) * sizeof(real);

	map_make(&r->y, p->to, PM_LANES, s->n, s->cout, s->d, s->h, s->w, 0, 96);
	map_make(&r->dx, p->to, PM_LANES, s->n, s->cin, s->d, s->h, s->w, 0, 32);
	map_fill(&r->y, 7);
	map_fill(&r->dx, 8);
	r->dw = memset(xmalloc(filters), 0xff, filters);
	r->db = memset(xmalloc((size_t)p->out * sizeof(real)), 0xff, (size_t)p->out * sizeof(real));
	r->moments = memset(xmalloc((size_t)s->cout * 16), 0xff, (size_t)s->cout * 16);
}

static void result_free(struct result *r)
{
	map_free(&r->y);
	map_free(&r->dx);
	free(r->dw);
	free(r->db);
	free(r->moments);
}

static void run(const struct kernels *k, const struct problem *p, struct result *r)
{
	const struct shape *s = p->s;
	struct filters way = { p->out, p->in, s->deep }, back = { p->in, p->out, s->deep };
	struct conv_shape first = { .dims = s->deep > 1 ? 3 : 2, .kernel = s->kernel, .dilation = s->dilation };
	real *u = xmalloc((size_t)(p->out * p->in * (p->kind == TILES ? 36 * s->deep : p->taps)) * sizeof *u);
	real *zeros = xcalloc((size_t)p->in, sizeof *zeros);

	if (p->kind == TILES) {
		k->wino_pack(u, p->w, &way, false);
		k->wino_conv(&p->x, u, &way, p->bias, &r->y, r->moments);
		k->wino_pack(u, p->w, &back, true);
		k->wino_conv(&p->dy, u, &back, zeros, &r->dx, NULL);
		k->wino_grad(&p->x, &p->dy, &way, r->dw, r->db);
	} else if (p->kind == POINT) {
		k->point_pack(u, p->w, &way, false);
		k->point_conv(&p->x, u, &way, p->bias, &r->y);
		k->point_pack(u, p->w, &back, true);
		k->point_conv(&p->dy, u, &back, zeros, &r->dx);
		k->point_grad(&p->x, &p->dy, &way, r->dw, r->db);
	} else {
		k->first_pack(u, p->w, p->out, p->in * p->taps);
		k->first_conv(&p->x, u, &first, p->bias, &r->y, r->moments);
		k->first_grad(&p->x, &p->dy, &first, r->dw, r->db);
	}
	free(u);
	free(zeros);
}

/* Errors are relative to the largest value; storage in bf16 adds a half step of each value's own. */
static const double F32 = 5e-6, BF16 = 1.0 / 256;

static double largest(const double *v, int64_t n)
{
	double most = 1e-30;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(v[i]));
	return most;
}

static void check_map(const struct fmap *f, const double *want, int64_t physical, int what)
{
	int64_t space = fmap_space(f);
	double most = largest(want, f->n * physical * space), error = 0;

	EACH(f, n, c, d, h, w)
	{
		double v = want[(n * physical + c) * space + (d * f->h + h) * f->w + w], got = map_get(f, n, c, d, h, w);
		error = fmax(error, (fabs(got - v) - (f->type == F_BF16 ? BF16 * fabs(v) : 0)) / most);
		if (!(error <= F32)) /* not a number, too */
			fail_msg("result %d, pixel %lld,%lld,%lld,%lld,%lld: %.9g, not %.9g; the largest is %g", what, (long long)n, (long long)c,
				(long long)d, (long long)h, (long long)w, got, v, most);
	}
	worst[what] = fmax(worst[what], error);
	check_padding(f);
}

static void check_reals(const real *got, const double *want, int64_t n, int what)
{
	double most = largest(want, n);

	for (int64_t i = 0; i < n; i++) {
		double error = fabs((double)got[i] - want[i]) / most;
		if (!(error <= F32))
			fail_msg("result %d, element %lld: %.9g, not %.9g; the largest is %g", what, (long long)i, (double)got[i], want[i], most);
		worst[what] = fmax(worst[what], error);
	}
}

/* Variances to 1e-5, but what a mean (without the bias) large beside them costs: of few pixels that may be all. */
static void check_moments(const struct problem *p, const double *got)
{
	const double *mean = p->want.moments, *var = mean + p->s->cout;

	for (int64_t c = 0; c < p->s->cout; c++) {
		double square = var[c] + mean[c] * mean[c], v = got[p->s->cout + c], error = fabs(v - var[c]);
		bool many = p->s->n * p->space > 100;
		near(got[c], mean[c] + (double)p->bias[c], 1e-6 * fmax(1, sqrt(square)));
		if (!(error <= 1e-5 * var[c] + (many ? 0 : 1e-6 * square)))
			fail_msg("channel %lld: variance %.9g, not %.9g, mean %g", (long long)c, v, var[c], mean[c]);
		if (many)
			worst[VAR] = fmax(worst[VAR], error / var[c]);
	}
}

static void check_same(const struct problem *p, const struct result *a, const struct result *b)
{
	assert_memory_equal(a->y.data, b->y.data, (size_t)(a->y.n * a->y.stride) * ftype_size(p->to));
	assert_memory_equal(a->dx.data, b->dx.data, (size_t)(a->dx.n * a->dx.stride) * ftype_size(p->to));
	assert_memory_equal(a->dw, b->dw, (size_t)(p->out * p->in * p->taps) * sizeof(real));
	assert_memory_equal(a->db, b->db, (size_t)p->out * sizeof(real));
	assert_memory_equal(a->moments, b->moments, (size_t)p->s->cout * 16);
}

static void check_kernels(const struct kernels *k, const struct problem *p)
{
	static const int counts[] = { 2, 3, 5, 8 };
	struct result r, other;

	result_make(&r, p);
	memset(kernel_scratch(1 << 22), 0xff, 1 << 22); /* a kernel must not count on what it finds there */
	threads(1);
	run(k, p, &r);
	check_map(&r.y, p->want.y, p->out, Y);
	if (p->kind != FIRST)
		check_map(&r.dx, p->want.dx, p->in, DX);
	check_reals(r.dw, p->want.dw, p->out * p->in * p->taps, DW);
	check_reals(r.db, p->want.db, p->out, DB);
	if (p->kind != POINT)
		check_moments(p, r.moments);
	for (size_t i = 0; i < PM_COUNT(counts); i++) {
		result_make(&other, p);
		threads(counts[i]);
		run(k, p, &other);
		check_same(p, &r, &other);
		result_free(&other);
	}
	threads(0);
	result_free(&r);
}

static void check_shapes(enum kind kind, const struct shape *s, size_t count)
{
	struct problem p;

	memset(worst, 0, sizeof worst);
	for (size_t i = 0; i < count; i++)
		for (int from = F_REAL; from <= F_BF16; from++) {
			problem_make(&p, kind, &s[i], (enum ftype)from);
			want_make(&p);
			for (int to = F_REAL; to <= F_BF16; to++)
				FOR_KERNELS(k) {
					p.to = (enum ftype)to;
					print_message("# shape %zu, type %d to %d, %s\n", i, from, to, k->isa);
					check_kernels(k, &p);
				}
			problem_free(&p);
		}
	print_message("# y %.1e dx %.1e dw %.1e db %.1e variance %.1e\n", worst[Y], worst[DX], worst[DW], worst[DB], worst[VAR]);
}

#define CHECK(kind, shapes) check_shapes(kind, shapes, PM_COUNT(shapes))

static void tiles_2d(void **state)
{
	static const struct shape shapes[] = {
		{ 3, 16, 16, 1, 1, 1, 1, 3, 1, PLAIN, 0 }, { 2, 16, 48, 1, 2, 3, 1, 3, 1, ACT, 0 }, { 2, 48, 16, 1, 5, 7, 1, 3, 1, SHIFT_ONLY, 0 },
		{ 1, 32, 80, 1, 17, 2, 1, 3, 1, PLAIN, 0 }, { 2, 20, 40, 1, 4, 8, 1, 3, 1, ACT, 0 }, { 1, 80, 48, 1, 1, 33, 1, 3, 1, ACT, 0 },
		{ 2, 48, 32, 1, 33, 33, 1, 3, 1, ACT, 0 }, { 2, 16, 16, 3, 3, 5, 1, 3, 1, ACT, 0 },
		{ 12, 16, 16, 1, 33, 33, 1, 3, 1, PLAIN, 0 }, /* more chunks than shares of the gradient */
		{ 1, 96, 96, 1, 7, 9, 1, 3, 1, PLAIN, 0 }, { 72, 16, 576, 1, 5, 5, 1, 3, 1, ACT, 0 }, /* grad_by_filters: one chunk, two */
		{ 2, 16, 16, 1, 17, 33, 1, 3, 1, PLAIN, true },
	};
	(void)state;
	CHECK(TILES, shapes);
}

static void tiles_3d(void **state)
{
	static const struct shape shapes[] = {
		{ 1, 16, 16, 1, 5, 7, 3, 3, 1, PLAIN, 0 }, { 2, 16, 48, 2, 3, 1, 3, 3, 1, ACT, 0 }, { 1, 32, 16, 9, 17, 17, 3, 3, 1, ACT, 0 },
		{ 2, 48, 32, 10, 7, 5, 3, 3, 1, SHIFT_ONLY, 0 }, { 1, 16, 80, 17, 2, 33, 3, 3, 1, PLAIN, 0 }, { 2, 20, 5, 3, 4, 8, 3, 3, 1, ACT, 0 },
		{ 2, 64, 64, 10, 5, 3, 3, 3, 1, ACT, 0 }, { 54, 16, 192, 9, 2, 5, 3, 3, 1, PLAIN, 0 }, /* grad_by_filters: two chunks, four */
		{ 2, 32, 16, 9, 7, 17, 3, 3, 1, PLAIN, true },
	};
	(void)state;
	CHECK(TILES, shapes);
}

static void point(void **state)
{
	static const struct shape shapes[] = {
		{ 1, 16, 16, 1, 1, 1, 1, 1, 1, PLAIN, 0 }, { 2, 16, 48, 1, 5, 7, 1, 1, 1, ACT, 0 }, { 2, 48, 32, 1, 17, 33, 1, 1, 1, SHIFT_ONLY, 0 },
		{ 1, 80, 48, 9, 5, 7, 1, 1, 1, ACT, 0 }, { 3, 32, 80, 1, 7, 33, 1, 1, 1, PLAIN, 0 }, { 2, 20, 40, 2, 3, 5, 1, 1, 1, ACT, 0 },
		{ 12, 16, 32, 1, 15, 17, 1, 1, 1, ACT, 0 }, { 2, 16, 16, 1, 17, 33, 1, 1, 1, PLAIN, true },
	};
	(void)state;
	CHECK(POINT, shapes);
}

static void first(void **state)
{
	static const struct shape shapes[] = {
		{ 3, 1, 16, 1, 1, 1, 1, 3, 1, PLAIN, 0 }, { 2, 1, 16, 1, 17, 33, 1, 3, 1, PLAIN, 0 }, { 1, 3, 32, 1, 5, 7, 1, 5, 1, PLAIN, 0 },
		{ 2, 3, 20, 1, 9, 25, 1, 3, 2, PLAIN, 0 }, { 1, 1, 48, 1, 33, 17, 1, 5, 2, PLAIN, 0 }, { 1, 1, 16, 1, 2, 300, 1, 3, 1, PLAIN, 0 },
		{ 2, 1, 32, 5, 7, 3, 3, 3, 1, PLAIN, 0 }, { 1, 3, 16, 3, 5, 33, 3, 3, 2, PLAIN, 0 }, { 1, 3, 80, 6, 5, 7, 5, 5, 1, PLAIN, 0 },
		{ 2, 1, 20, 2, 3, 50, 5, 5, 2, PLAIN, 0 }, { 2, 3, 16, 1, 17, 33, 1, 3, 1, PLAIN, true }, { 1, 1, 16, 9, 7, 17, 3, 3, 1, PLAIN, true },
	};
	(void)state;
	CHECK(FIRST, shapes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles_2d), cmocka_unit_test(tiles_3d), cmocka_unit_test(point), cmocka_unit_test(first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
