/* count.c: the sums of count.h, one function per entry of the table. */
#include "count.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct counts counted;

struct conv {
	double products, weights; /* how many */
};

static void move(double bytes) { counted.bytes += bytes; }
static void numbers(int64_t n) { move((double)n * sizeof(real)); }

static void map(const struct fmap *f)
{
	if (f->data)
		move((double)(f->n * fmap_image(f)) * (double)ftype_size(f->type));
}

static void target(const struct target *t, int64_t n, int64_t k, int64_t v)
{
	if (t->label)
		move((double)(n * v));
	else
		numbers(n * k * v);
	if (t->weight)
		numbers(n * v);
}

static struct conv *conv_open(const struct conv_shape *s)
{
	struct conv *c = xmalloc(sizeof *c);

	c->weights = (double)(s->cin * s->cout);
	for (int i = 0; i < s->dims; i++)
		c->weights *= s->up ? 2 : s->kernel;
	c->products = c->weights * (double)(s->n * s->size[0] * s->size[1] * s->size[2]);
	return c;
}

static void conv_close(struct conv *c) { free(c); }

/* A pass over two maps and the weights, so often. */
static void conv(const struct conv *c, const struct fmap *a, const struct fmap *b, int weights)
{
	counted.products += c->products;
	map(a);
	map(b);
	move(weights * c->weights * sizeof(real));
}

static void zero(void *dst, size_t bytes) { move((double)bytes), (void)dst; }
static void put(void *dst, const void *src, size_t bytes) { move((double)bytes), (void)dst, (void)src; }
static void get(void *dst, const void *src, size_t bytes) { move((double)bytes), memset(dst, 0, bytes), (void)src; }

#pragma GCC diagnostic ignored "-Wunused-parameter"
static void conv_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *p, uint64_t version, struct fmap *y,
	double *moments) { conv(c, x, y, 1); }
static void conv_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *p, uint64_t version, struct fmap *dx)
{
	conv(c, dy, dx, 1);
}
static void conv_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db) { conv(c, x, dy, 2); }

static void norm_stats(const struct fmap *z, const struct sharing *share, double *mean, double *var) { map(z); }
static void norm_act(const struct norm_act *p) { map(&p->z), map(&p->y), map(&p->pool); }
static void norm_act_bwd(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed, real *dgamma, real *dbeta,
	struct fmap *dz) { map(&p->z), map(dy), map(dpool), map(dz); }

/* x to y, or y + x. */
static void pass(const struct fmap *y, const struct fmap *x, bool add)
{
	map(x);
	for (int i = 0; i < 1 + add; i++)
		map(y);
}
static void relayout(struct fmap *y, const struct fmap *x, bool add) { pass(y, x, add); }
static void space(struct fmap *y, const struct fmap *x, int dims, bool inverse) { pass(y, x, false); }
static void resample(struct fmap *y, const struct fmap *x, const struct axis_map axis[3], bool add) { pass(y, x, add); }

static void unary(enum unary f, double a, real *y, const real *x, int64_t n, bool add) { numbers((2 + add) * n); }
static void binary(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add) { numbers((3 + add) * n); }
static void sum(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	numbers(outer * inner * (mid + 1 + add));
}
static void spread(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	numbers(outer * inner * (1 + mid * (1 + add)));
}
static void softmax(real *y, const real *x, int64_t n, int64_t k, int64_t v) { numbers(2 * n * k * v); }
static void softmax_bwd(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v) { numbers(4 * n * k * v); }
static void onehot(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v) { move((double)(n * v)), numbers(n * k * v); }

/* Losses: z and the truth; backwards also the gradient, which is added to. */
static void ce(real s[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	numbers(n * k * v);
	target(t, n, k, v);
}
static void ce_bwd(real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	numbers(3 * n * k * v);
	target(t, n, k, v);
}
static void overlap(real *s, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v) { ce(s, z, t, NULL, n, k, v); }
static void overlap_bwd(real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
{
	ce_bwd(dz, dsum, z, t, NULL, n, k, v);
}
static void argmax(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v) { numbers(n * k * v), move((double)(n * v)); }

static void score(double *s, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	numbers(n * k * v);
	move((double)(n * v));
}
static void clip(real *g, int64_t n, double most, double *norm) { numbers(3 * n); }
static double sum_squares(const real *x, int64_t n) { numbers(n); return 0; }
static void adam(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p) { numbers(7 * n); }
static void sgd(real *w, const real *g, real *v, int64_t n, const struct sgd *p) { numbers(5 * n); }

struct backend counting(const struct backend *like)
{
	struct backend be = backend_null; /* for what moves nothing to speak of */

	be.channels_last = like->channels_last, be.acts = like->acts, be.own = like->own;
	be.zero = zero, be.put = put, be.get = get;
	be.conv_open = conv_open, be.conv_close = conv_close;
	be.conv_fwd = conv_fwd, be.conv_bwd_data = conv_bwd_data, be.conv_bwd_weights = conv_bwd_weights;
	be.norm_stats = norm_stats, be.norm_act = norm_act, be.norm_act_bwd = norm_act_bwd;
	be.relayout = relayout, be.space = space, be.resample = resample;
	be.unary = unary, be.binary = binary, be.sum = sum, be.spread = spread;
	be.softmax = softmax, be.softmax_bwd = softmax_bwd, be.onehot = onehot;
	be.ce = ce, be.ce_bwd = ce_bwd, be.overlap = overlap, be.overlap_bwd = overlap_bwd, be.argmax = argmax;
	be.score = score, be.clip = clip, be.sum_squares = sum_squares, be.adam = adam, be.sgd = sgd;
	return be;
}
