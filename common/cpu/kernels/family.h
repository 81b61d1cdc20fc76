/*
 * family.h: what the files of kernels share. All of them are compiled once per instruction set, PM_ISA, which is put
 * behind every name.
 */
#ifndef PM_FAMILY_H
#define PM_FAMILY_H

#include <omp.h>

#include "base/base.h"
#include "cpu/kernels.h"

#define PM_PASTE2(f, isa) f##_##isa
#define PM_PASTE(f, isa) PM_PASTE2(f, isa)
#define NAME(f) PM_PASTE(f, PM_ISA)

extern const struct kernels NAME(kernels);
extern const struct regions NAME(regions);
extern const struct points NAME(points);

void NAME(wino_pack)(real *u, const real *w, const struct filters *s, bool back);
void NAME(wino_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y, double *moments);
void NAME(wino_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db);
void NAME(point_pack)(real *u, const real *w, const struct filters *s, bool back);
void NAME(point_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y);
void NAME(point_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db);
void NAME(first_pack)(real *u, const real *w, int64_t out, int64_t taps);
void NAME(first_conv)(const struct fmap *x, const real *u, const struct conv_shape *s, const real *shift, struct fmap *y, double *moments);
void NAME(first_grad)(const struct fmap *x, const struct fmap *dy, const struct conv_shape *s, real *dw, real *db);
void NAME(norm_stats)(const struct fmap *z, const struct sharing *share, double *mean, double *var);
void NAME(norm_act)(const struct norm_act *p);
void NAME(norm_act_bwd)(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed,
	real *dgamma, real *dbeta, struct fmap *dz);
void NAME(relayout)(struct fmap *y, const struct fmap *x, bool add);
void NAME(space)(struct fmap *y, const struct fmap *x, int dims, bool inverse);
void NAME(resample)(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add);
void NAME(unary)(enum unary f, double a, real *y, const real *x, int64_t n, bool add);
void NAME(binary)(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add);
void NAME(sum)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
void NAME(spread)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
void NAME(softmax)(real *y, const real *x, int64_t n, int64_t k, int64_t v);
void NAME(softmax_bwd)(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v);
void NAME(ce)(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
void NAME(ce_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, const real *a,
	int64_t n, int64_t k, int64_t v);
void NAME(overlap)(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
void NAME(overlap_bwd)(real *dz, const real *dsum, const real *z, const struct target *t,
	int64_t n, int64_t k, int64_t v);
void NAME(argmax)(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v);
double NAME(sum_squares)(const real *x, int64_t n);
void NAME(adam)(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p);
void NAME(sgd)(real *w, const real *g, real *v, int64_t n, const struct sgd *p);
void NAME(ema)(real *y, const real *x, int64_t n, const double *keep);

/* Fixed pieces of work, whatever the number of threads: ceil(n / size) of them. */
static inline int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }
static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Below this many elements a second thread costs more than it brings. */
enum { ALONE = 16384 };

/* The first element of a row of channel c, and the same of block b: channels of b are first.. with count of them. */
static inline int64_t channel_at(const struct fmap *f, int64_t c)
{
	int64_t whole = c < f->split || !f->split ? 0 : (f->split + f->lanes - 1) / f->lanes;
	int64_t i = whole ? c - f->split : c;
	return (whole + i / f->lanes) * fmap_space(f) * f->lanes + i % f->lanes;
}

struct channels {
	int64_t first;
	int count;
};

static inline struct channels block_channels(const struct fmap *f, int64_t b)
{
	int64_t left = f->split ? (f->split + f->lanes - 1) / f->lanes : 0;
	int64_t first = b < left ? b * f->lanes : f->split + (b - left) * f->lanes;
	int64_t end = b < left ? f->split : f->c;
	return (struct channels){ first, (int)least(f->lanes, end - first) };
}

#endif
