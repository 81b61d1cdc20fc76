/* null.c: the backend that computes nothing: a run on it declares parameters, checks shapes and measures memory. */
#include "cpu/conv.h"

#include <stdlib.h>
#include <string.h>

/* A handle that nobody may follow, but that is not NULL. */
static char nowhere[1];

static void *alloc(size_t bytes) { (void)bytes; return nowhere; }
static void release(void *p, size_t bytes) { (void)p, (void)bytes; }
static void put(void *dst, const void *src, size_t bytes) { (void)dst, (void)src, (void)bytes; }
static void get(void *dst, const void *src, size_t bytes) { (void)src; memset(dst, 0, bytes); }
static void zero(void *dst, size_t bytes) { (void)dst, (void)bytes; }
static bool all_finite(const real *x, int64_t n) { (void)x, (void)n; return true; }
static struct conv *conv_open(const struct conv_shape *s) { (void)s; return (struct conv *)nowhere; }
static void conv_close(struct conv *c) { (void)c; }
static double sum_squares(const real *x, int64_t n) { (void)x, (void)n; return 0; }

/* The rest of the table does nothing with its arguments. */
#define NOTHING(name, ...) static void name(__VA_ARGS__) {}
#pragma GCC diagnostic ignored "-Wunused-parameter"
NOTHING(conv_fwd, struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *p, uint64_t v, struct fmap *y, double *m)
NOTHING(conv_bwd_data, struct conv *c, const struct fmap *dy, const real *w, struct pack *p, uint64_t v, struct fmap *dx)
NOTHING(conv_bwd_weights, struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
NOTHING(norm_stats, const struct fmap *z, const struct sharing *share, double *mean, double *var)
NOTHING(norm_batch, const double *mean, double *var, int64_t c, int64_t count, double eps, real *rm, real *rv)
NOTHING(norm_fixed, double *mean, double *rstd, int64_t c, double eps, const real *rm, const real *rv)
NOTHING(norm_act, const struct norm_act *p)
NOTHING(norm_defer, const struct norm_act *p, real *scale, real *shift)
NOTHING(norm_act_bwd, const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed, real *dg, real *db, struct fmap *dz)
NOTHING(relayout, struct fmap *y, const struct fmap *x, bool add)
NOTHING(space, struct fmap *y, const struct fmap *x, int dims, bool inverse)
NOTHING(resample, struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add)
NOTHING(tile_cut, real *tile, const float *image, int64_t c, const struct tile *t)
NOTHING(tile_add, real *planes, const real *tile, int64_t k, const struct tile *t, double scale)
NOTHING(unary, enum unary f, double a, real *y, const real *x, int64_t n, bool add)
NOTHING(binary, enum binary f, real *y, const real *a, const real *b, int64_t n, bool add)
NOTHING(along, real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
NOTHING(max, real *y, const real *x, int64_t outer, int64_t mid, int64_t inner)
NOTHING(uniform, real *y, int64_t n, const uint32_t *key, uint32_t layer)
NOTHING(softmax, real *y, const real *x, int64_t n, int64_t k, int64_t v)
NOTHING(softmax_bwd, real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v)
NOTHING(onehot, real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v)
NOTHING(ce, real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
NOTHING(ce_bwd, real *dz, const real *ds, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
NOTHING(overlap, real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
NOTHING(overlap_bwd, real *dz, const real *ds, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
NOTHING(argmax, uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v)
NOTHING(count, double *count_, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
NOTHING(score, double *sum, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
NOTHING(smallest, real *m, const real *x, const real *among, int64_t n, double share)
NOTHING(noise, real *y, const real *x, int64_t n, double sigma, double most, const uint32_t *key, uint32_t layer)
NOTHING(box, real *y, const real *at, int64_t n, const int64_t size[3])
NOTHING(blur, real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner)
NOTHING(turn, real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back)
NOTHING(ema, real *y, const real *x, int64_t n, const double *keep)
NOTHING(clip, real *g, int64_t n, double most, double *norm)
NOTHING(adam, real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p)
NOTHING(sgd, real *w, const real *g, real *v, int64_t n, const struct sgd *p)
NOTHING(extreme, real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most)
NOTHING(extreme_bwd, real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most, bool add)
NOTHING(slope, enum slope f, real *y, const real *x, int64_t count, const int64_t size[3])
NOTHING(slope_bwd, enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add)
NOTHING(strips, real *y, const real *x, const real *in, int64_t rows, int64_t n, int64_t width)
NOTHING(strips_bwd, real *dx, const real *dy, const real *in, int64_t rows, int64_t n, int64_t width, bool add)
NOTHING(messages, struct fmap *m, const struct fmap *p, const struct fmap *image, const struct affinity *a)
NOTHING(crop, real *y, const real *x, const real *from, int64_t views, int64_t n, int64_t c, const int64_t size[3], const int64_t to[3])
NOTHING(gather, real *y, const real *x, const real *at, const struct lookup *s)
NOTHING(gather_bwd, real *dx, const real *dy, const real *at, const struct lookup *s)
NOTHING(multiply, real *y, const real *a, const real *b, const struct matrices *p, bool add)

static const struct regions regions = {
	.extreme = extreme, .extreme_bwd = extreme_bwd, .slope = slope, .slope_bwd = slope_bwd,
	.strips = strips, .strips_bwd = strips_bwd, .messages = messages,
};

static const struct points points = { crop, gather, gather_bwd, multiply };
static const struct draws draws = { uniform, noise };
static const struct views views = { box, blur, turn };

const struct backend backend_null = {
	.name = "null", .acts = true, .alloc = alloc, .free = release, .put = put, .get = get, .zero = zero, .own = true, .conv_open = conv_open,
	.conv_close = conv_close, .conv_fwd = conv_fwd, .conv_bwd_data = conv_bwd_data, .conv_bwd_weights = conv_bwd_weights,
	.norm_stats = norm_stats, .norm_batch = norm_batch, .norm_fixed = norm_fixed, .norm_act = norm_act, .norm_defer = norm_defer,
	.norm_act_bwd = norm_act_bwd, .tile_cut = tile_cut, .tile_add = tile_add, .all_finite = all_finite,
	.relayout = relayout, .space = space, .resample = resample, .unary = unary, .binary = binary, .sum = along, .spread = along,
	.max = max, .softmax = softmax, .softmax_bwd = softmax_bwd, .onehot = onehot, .ce = ce, .ce_bwd = ce_bwd,
	.overlap = overlap, .overlap_bwd = overlap_bwd, .argmax = argmax, .count = count, .score = score, .smallest = smallest,
	.sum_squares = sum_squares, .clip = clip, .adam = adam, .sgd = sgd, .ema = ema,
	.draws = &draws, .views = &views, .regions = &regions, .points = &points,
};
