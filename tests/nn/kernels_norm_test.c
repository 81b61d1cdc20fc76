/*
 * kernels_norm_test.c: statistics of the batch, of parts of it and of each image, and norm_act with its gradient, against naive
 * loops in double. Inputs are small binary fractions, so that activations are exact, values tie often and the reference finds the same maxima.
 */
#include "kernels_test.h"

#include "base/rng.h"

struct shape {
	int64_t n, c, d, h, w;
	int pool;
};

static const struct shape shapes[] = {
	{ 2, 16, 1, 8, 8, 2 }, { 2, 20, 1, 7, 9, 2 }, { 1, 33, 3, 5, 7, 2 }, { 2, 5, 5, 6, 7, 3 }, { 1, 18, 4, 4, 4, 3 },
	{ 1, 4, 1, 3, 1100, 2 }, { 1, 2, 2, 2, 300, 3 }, { 2, 16, 1, 8, 8, 0 }, { 1, 17, 3, 5, 7, 0 }, { 2, 3, 1, 70, 130, 0 },
	{ 2, 3, 1, 70, 130, 2 }, { 3, 1, 1, 1, 1, 0 }, { 1, 1, 1, 3, 1, 2 }, { 4, 18, 1, 6, 7, 2 }, { 4, 3, 1, 70, 130, 0 },
};

enum { MAX_N = 4, MAX_C = 33 };

struct fixture {
	struct norm_act p;
	struct fmap dy, dpool, dz;
	real gamma[MAX_C], beta[MAX_C];
	double mean[MAX_N * MAX_C], rstd[MAX_N * MAX_C];
};

/* Where the statistics of channel c of image n lie. */
static int64_t at(const struct fmap *z, struct sharing s, int64_t n, int64_t c) { return sharing_set(s, n) * z->c + c; }

/* All images share them, or each has its own; of four the first has, and the others share. */
static struct sharing sharing(int64_t n, bool apart)
{
	return !apart ? (struct sharing){ n, 1 } : (struct sharing){ 1, n == 4 ? 2 : n };
}

/* How many pixels are in the mean of that image. */
static double pixels(const struct fmap *z, struct sharing s, int64_t n)
{
	return (double)(sharing_count(s, z->n, sharing_set(s, n)) * fmap_space(z));
}

static void map_fill_grid(struct fmap *f, uint64_t seed)
{
	EACH(f, n, c, d, h, w)
		map_set(f, n, c, d, h, w, round(noise(seed, map_at(f, n, c, d, h, w)) * 48) / 16);
}

/* types: bit 0 for z and dz, bit 1 for y and pool, bit 2 for the gradients: bf16. */
static void make(struct fixture *x, const struct shape *s, int types, double drop, bool apart)
{
	static const uint32_t key[] = { 77, 5 };
	enum ftype tz = types & 1 ? F_BF16 : F_REAL, ty = types & 2 ? F_BF16 : F_REAL, tg = types & 4 ? F_BF16 : F_REAL;
	int64_t pd = s->pool == 3 ? s->d / 2 : s->d, ph = s->h / 2, pw = s->w / 2;

	*x = (struct fixture){ .p = { .dims = s->pool, .gamma = x->gamma, .beta = x->beta, .mean = x->mean, .rstd = x->rstd,
		.share = sharing(s->n, apart), .slope = 0.25, .drop = drop, .key = key, .layer = 3 } };
	map_make(&x->p.z, tz, 16, s->n, s->c, s->d, s->h, s->w, 0, 0);
	map_make(&x->p.y, ty, 16, s->n, s->c, s->d, s->h, s->w, 0, 96);
	map_make(&x->dy, tg, 16, s->n, s->c, s->d, s->h, s->w, 0, 48);
	map_make(&x->dz, tz, 16, s->n, s->c, s->d, s->h, s->w, 0, 0);
	map_fill_grid(&x->p.z, 1);
	map_fill_grid(&x->dy, 2);
	if (s->pool) {
		map_make(&x->p.pool, ty, 16, s->n, s->c, pd, ph, pw, 0, 0);
		map_make(&x->dpool, tg, 16, s->n, s->c, pd, ph, pw, 0, 16);
		map_fill_grid(&x->dpool, 3);
	}
	for (int c = 0; c < s->c; c++) {
		x->gamma[c] = (real)((c % 3 + 1) * (c % 4 == 3 ? -0.5 : 0.5));
		x->beta[c] = (real)((c % 7 - 3) / 8.0);
	}
	for (int i = 0; i < s->n * s->c; i++) {
		x->mean[i] = (i % 5 - 2) / 8.0;
		x->rstd[i] = i % 2 ? 0.5 : 2;
	}
}

static void drop_maps(struct fixture *x)
{
	map_free(&x->p.z);
	map_free(&x->p.y);
	map_free(&x->p.pool);
	map_free(&x->dy);
	map_free(&x->dpool);
	map_free(&x->dz);
}

/* What dropout multiplies with. */
static double kept(const struct norm_act *p, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	uint64_t q = (uint64_t)((d * p->z.h + h) * p->z.w + w);
	uint32_t ctr[4] = { (uint32_t)(q >> 2), (uint32_t)c, (uint32_t)n, p->layer }, out[4];

	if (p->drop == 0)
		return 1;
	philox4x32(ctr, p->key, out);
	return out[q & 3] >= p->drop * 4294967296.0 ? 1 / (1 - p->drop) : 0;
}

static double xhat(const struct fixture *x, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	const int64_t i = at(&x->p.z, x->p.share, n, c);
	return (map_get(&x->p.z, n, c, d, h, w) - x->mean[i]) * x->rstd[i];
}

static double normal(const struct fixture *x, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	return (double)x->gamma[c] * xhat(x, n, c, d, h, w) + (double)x->beta[c];
}

static double activation(const struct fixture *x, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	double a = normal(x, n, c, d, h, w), y = (a > 0 ? a : x->p.slope * a) * kept(&x->p, n, c, d, h, w);
	return x->p.y.type == F_BF16 ? bf16(y) : y;
}

static double maximum(const struct fixture *x, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w, int64_t place[3])
{
	int deep = x->p.dims == 3 ? 2 : 1;
	double best = -INFINITY;

	for (int i = 0; i < deep; i++)
		for (int j = 0; j < 2; j++)
			for (int k = 0; k < 2; k++) {
				double y = activation(x, n, c, deep * d + i, 2 * h + j, 2 * w + k);
				if (y > best) {
					best = y;
					place[0] = deep * d + i;
					place[1] = 2 * h + j;
					place[2] = 2 * w + k;
				}
			}
	return best;
}

static void forward(void **state)
{
	int64_t place[3];
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(shapes); s++)
			for (int how = 0; how < 32; how++) {
				struct fixture x;
				bool no_y = how & 8 && shapes[s].pool;
				make(&x, &shapes[s], how & 3, how & 4 ? 0.5 : 0, how & 16);
				struct norm_act p = x.p;
				if (no_y)
					p.y.data = NULL;
				k->norm_act(&p);
				EACH(&x.p.y, n, c, d, h, w)
					if (map_get(&x.p.y, n, c, d, h, w) != (no_y ? 0 : activation(&x, n, c, d, h, w)))
						fail_msg("%s: shape %zu, case %d: y differs", k->isa, s, how);
				check_padding(&x.p.y);
				if (shapes[s].pool) {
					EACH(&x.p.pool, n, c, d, h, w)
						if (map_get(&x.p.pool, n, c, d, h, w) != maximum(&x, n, c, d, h, w, place))
							fail_msg("%s: shape %zu, case %d: pool differs", k->isa, s, how);
					check_padding(&x.p.pool);
				}
				drop_maps(&x);
			}
}

/* dy' of every element, in the layout of a plain map. */
static double *routed(const struct fixture *x, const struct fmap *dy, const struct fmap *dpool)
{
	const struct fmap *z = &x->p.z;
	struct fmap plain;
	int64_t place[3];

	map_make(&plain, F_REAL, 1, z->n, z->c, z->d, z->h, z->w, 0, 0);
	free(plain.data);
	double *g = xcalloc((size_t)(z->n * plain.stride), sizeof *g);
	if (dy->data)
		EACH(z, n, c, d, h, w)
			g[map_at(&plain, n, c, d, h, w)] = map_get(dy, n, c, d, h, w);
	if (dpool->data)
		EACH(dpool, n, c, d, h, w) {
			maximum(x, n, c, d, h, w, place);
			g[map_at(&plain, n, c, place[0], place[1], place[2])] += map_get(dpool, n, c, d, h, w);
		}
	EACH(z, n, c, d, h, w) {
		g[map_at(&plain, n, c, d, h, w)] *= (normal(x, n, c, d, h, w) > 0 ? 1 : x->p.slope) * kept(&x->p, n, c, d, h, w);
	}
	return g;
}

static void one_backward(const struct kernels *k, const struct shape *s, int how)
{
	const struct fmap none = { .data = NULL };
	bool fixed = how & 16;
	real dgamma[MAX_C], dbeta[MAX_C], dgamma1[MAX_C], dbeta1[MAX_C];
	struct fixture x;

	make(&x, s, how & 7, how & 8 ? 0.5 : 0, how & 128);
	const struct fmap *dy = how & 32 ? &none : &x.dy, *dpool = how & 64 || !s->pool ? &none : &x.dpool;
	size_t bytes = (size_t)(s->n * x.dz.stride) * ftype_size(x.dz.type);
	struct fmap dz1 = x.dz;
	dz1.data = xcalloc(bytes, 1);
	for (int c = 0; c < s->c; c++)
		dgamma[c] = dbeta[c] = dgamma1[c] = dbeta1[c] = 1;
	threads(3);
	k->norm_act_bwd(&x.p, dy, dpool, fixed, dgamma, dbeta, &x.dz);
	threads(1);
	k->norm_act_bwd(&x.p, dy, dpool, fixed, dgamma1, dbeta1, &dz1);
	threads(0);
	assert_memory_equal(x.dz.data, dz1.data, bytes);
	assert_memory_equal(dgamma, dgamma1, (size_t)s->c * sizeof *dgamma);
	assert_memory_equal(dbeta, dbeta1, (size_t)s->c * sizeof *dbeta);
	free(dz1.data);

	double *g = routed(&x, dy, dpool), sum[MAX_N * MAX_C] = { 0 }, dot[MAX_N * MAX_C] = { 0 };
	int64_t space = fmap_space(&x.p.z);
	struct fmap plain = { .lanes = 1, .n = s->n, .c = s->c, .d = s->d, .h = s->h, .w = s->w, .stride = s->c * space };
	EACH(&x.p.z, n, c, d, h, w) {
		double v = g[map_at(&plain, n, c, d, h, w)];
		sum[at(&x.p.z, x.p.share, n, c)] += v;
		dot[at(&x.p.z, x.p.share, n, c)] += v * xhat(&x, n, c, d, h, w);
	}
	for (int c = 0; c < s->c; c++) {
		double all = 0, slope = 0;
		for (int64_t i = c; i < MAX_N * MAX_C; i += s->c) {
			all += sum[i];
			slope += dot[i];
		}
		near((double)dbeta[c], 1 + all, TOLERANCE);
		near((double)dgamma[c], 1 + slope, TOLERANCE);
	}
	EACH(&x.dz, n, c, d, h, w) {
		int64_t i = at(&x.p.z, x.p.share, n, c);
		const double m = pixels(&x.p.z, x.p.share, n);
		double v = g[map_at(&plain, n, c, d, h, w)];
		if (!fixed)
			v -= sum[i] / m + xhat(&x, n, c, d, h, w) * dot[i] / m;
		near(map_get(&x.dz, n, c, d, h, w), (double)x.gamma[c] * x.rstd[i] * v, of_type(x.dz.type));
	}
	check_padding(&x.dz);
	free(g);
	drop_maps(&x);
}

static void backward(void **state)
{
	(void)state;
	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(shapes); s++)
			for (int how = 0; how < 256; how++)
				if ((s < 5 && how % 128 < 16) || how % 8 == 0 || how % 8 == 7)
					one_backward(k, &shapes[s], how);
}

/* The gradient may overwrite the one that came in. */
static void backward_in_place(void **state)
{
	(void)state;
	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(shapes); s++) {
			struct fixture x;
			real dgamma[MAX_C] = { 0 }, dbeta[MAX_C] = { 0 };
			make(&x, &shapes[s], 7, 0, false);
			struct fmap dz = x.dy;
			k->norm_act_bwd(&x.p, &x.dy, &x.dpool, false, dgamma, dbeta, &x.dz);
			k->norm_act_bwd(&x.p, &x.dy, &x.dpool, false, dgamma, dbeta, &dz);
			EACH(&dz, n, c, d, h, w)
				assert_true(map_get(&dz, n, c, d, h, w) == map_get(&x.dz, n, c, d, h, w));
			drop_maps(&x);
		}
}

/* To 1e-6 relative, also where the mean is a hundred times the deviation and where an image begins with empty rows. */
static void statistics(void **state)
{
	static const struct shape size[] = {
		{ 2, 20, 1, 9, 7, 0 }, { 3, 16, 1, 96, 100, 0 }, { 2, 33, 5, 6, 7, 0 }, { 1, 1, 1, 1, 1, 0 },
		{ 4, 20, 1, 9, 7, 0 } };
	(void)state;

	FOR_KERNELS(k)
		for (int how = 0; how < 8 * (int)PM_COUNT(size); how++) {
			enum { MOST = MAX_N * MAX_C };
			const struct shape *s = &size[how / 8];
			const struct sharing share = sharing(s->n, how & 4);
			double mean[MOST], var[MOST], mean1[MOST], var1[MOST], rm[MOST] = { 0 }, rv[MOST] = { 0 };
			struct fmap z;
			map_make(&z, how & 1 ? F_BF16 : F_REAL, 16, s->n, s->c, s->d, s->h, s->w, 0, 32);
			EACH(&z, n, c, d, h, w)
				map_set(&z, n, c, d, h, w, how & 2 ? 100 + 1.7 * noise(4, map_at(&z, n, c, d, h, w))
					: h < 3 ? 0 : 2 + noise(5, map_at(&z, n, c, d, h, w)));
			threads(3);
			k->norm_stats(&z, &share, mean, var);
			threads(1);
			k->norm_stats(&z, &share, mean1, var1);
			threads(0);
			const int64_t all = share.sets * s->c;
			assert_memory_equal(mean, mean1, (size_t)all * sizeof *mean);
			assert_memory_equal(var, var1, (size_t)all * sizeof *var);
			EACH(&z, n, c, d, h, w)
				rm[at(&z, share, n, c)] += map_get(&z, n, c, d, h, w) / pixels(&z, share, n);
			EACH(&z, n, c, d, h, w)
				rv[at(&z, share, n, c)] += pow(map_get(&z, n, c, d, h, w) - rm[at(&z, share, n, c)], 2) / pixels(&z, share, n);
			for (int c = 0; c < all; c++)
				if (fabs(mean[c] - rm[c]) > 1e-6 * fabs(rm[c]) || fabs(var[c] - rv[c]) > 1e-6 * rv[c] + 1e-12)
					fail_msg("%s: case %d, channel %d: %.9g and %.9g, not %.9g and %.9g", k->isa, how, c,
						mean[c], var[c], rm[c], rv[c]);
			map_free(&z);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics), cmocka_unit_test(forward), cmocka_unit_test(backward), cmocka_unit_test(backward_in_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
