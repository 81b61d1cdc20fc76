/*
 * backend.h: what a device does for the tape. Plain C; with work.h and fmap.h all that a kernel file may include of this
 * folder. Every function is deterministic: the same inputs and the same number of threads give the same bytes.
 */
#ifndef PM_BACKEND_H
#define PM_BACKEND_H

#include "nn/draws.h"
#include "nn/points.h"
#include "nn/recorder.h"
#include "nn/regions.h"
#include "nn/views.h"
#include "nn/work.h"

struct conv; /* the backend's own */
struct augmentation; /* nn/augmentation.h */

struct backend {
	const char *name;
	bool runs; /* false: shapes and memory only, get gives zeros */
	bool channels_last; /* how maps lie, see fmap.h */
	bool acts; /* convolutions of kernel 1 apply x->act as they read */
	bool own; /* those of 3x3 do too, and give the same for any number of threads: they are our own, no library's */
	void *(*alloc)(size_t bytes); /* zeroed; dies when there is no memory */
	void (*free)(void *, size_t bytes), (*zero)(void *dst, size_t bytes);
	void (*put)(void *dst, const void *host, size_t bytes), (*get)(void *host, const void *src, size_t bytes);
	size_t (*available)(void), (*overhead)(void); /* bytes that alloc could still give; that context and copies take; NULL on processors */

	struct conv *(*conv_open)(const struct conv_shape *s);
	void (*conv_close)(struct conv *);
	/* moments: NULL, or mean and biased variance of each channel of y, [2][c], before or after y is rounded to its type. */
	void (*conv_fwd)(struct conv *, const struct fmap *x, const real *w, const real *b, struct pack *, uint64_t version, struct fmap *y,
		double *moments);
	void (*conv_bwd_data)(struct conv *, const struct fmap *dy, const real *w, struct pack *, uint64_t version, struct fmap *dx);
	void (*conv_bwd_weights)(struct conv *, const struct fmap *x, const struct fmap *dy, real *dw, real *db); /* adds to both */

	/* Mean and biased variance over n,d,h,w of each of the c channels, instance: of each image's, [n][c]; sums are kept in double per row. */
	void (*norm_stats)(const struct fmap *z, const struct sharing *share, double *mean, double *var);
	/* Batch: var (count values each) becomes rstd, the running statistics (NULL: none) move by 0.1. Fixed: both are read from those. */
	void (*norm_batch)(const double *mean, double *var, int64_t c, int64_t count, double eps, real *running_mean, real *running_var);
	void (*norm_fixed)(double *mean, double *rstd, int64_t c, double eps, const real *running_mean, const real *running_var);
	void (*norm_act)(const struct norm_act *p);
	/* The same without dropout and pooling, for those who read z: scale and shift of its physical channels. */
	void (*norm_defer)(const struct norm_act *p, real *scale, real *shift);
	/*
	 * dz from dy (data may be NULL: no gradient there) and dpool (likewise), through batch statistics unless fixed. A
	 * pooled maximum sends its gradient to its first place in row-major order. Adds to dgamma and dbeta. dz may be dy.
	 */
	void (*norm_act_bwd)(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed,
		real *dgamma, real *dbeta, struct fmap *dz);

	void (*relayout)(struct fmap *y, const struct fmap *x, bool add); /* any lanes and type to any other */
	/* x [2^dims c] at size to y [c] at twice the size, or inverse; each of the 2^dims positions starts a block of its own. */
	void (*space)(struct fmap *y, const struct fmap *x, int dims, bool inverse);
	void (*resample)(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add); /* d, h, w */

	/* image [c,ring,h,w] -> a tile [c,..]; a tile [k,..], flipped back, times its weights and scale, is added to planes [ring,k,h,w]. */
	void (*tile_cut)(real *tile, const float *image, int64_t c, const struct tile *t);
	void (*tile_add)(real *planes, const real *tile, int64_t k, const struct tile *t, double scale);
	bool (*all_finite)(const real *x, int64_t n);

	/* On plain maps; x and y of n elements. add: y += */
	void (*unary)(enum unary f, double a, real *y, const real *x, int64_t n, bool add);
	void (*binary)(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add);
	void (*sum)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);    /* over mid */
	void (*spread)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add); /* along mid */
	void (*max)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner); /* over mid */
	void (*softmax)(real *y, const real *x, int64_t n, int64_t k, int64_t v);
	void (*softmax_bwd)(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v); /* adds */

	void (*onehot)(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v); /* a label >= k: zeros */
	/* Logits z [n,k,v]; a: class weights or NULL. sum[0] = sum of w a_y ce, sum[1] = sum of w, 0 where a label is >= k. _bwd adds to dz. */
	void (*ce)(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
	void (*ce_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
	/* overlap: sum[3][k] = sums of w y p, w p, w y with p = softmax z; _bwd adds to dz. */
	void (*overlap)(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
	void (*overlap_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
	void (*argmax)(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v); /* the first maximum */
	/* Added to count[k][3]: pixels of each class in both, in truth, as first maxima of z; where a label is a class. */
	void (*count)(double *count, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v);
	/* For the log, added to sum[1 + k]: the loss, and hard_dice of each class of the first maxima of z, where a label is a class. */
	void (*score)(double *sum, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v);

	/* mask: 1 at the smallest_count(share, m) smallest of the m elements of x where `among` is not 0 (NULL: n), the first of equals; else 0. */
	void (*smallest)(real *mask, const real *x, const real *among, int64_t n, double share);
	double (*sum_squares)(const real *x, int64_t n);
	void (*clip)(real *g, int64_t n, double most, double *norm); /* *norm: of g, which is scaled down to most where it is more */
	void (*adam)(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p);
	void (*sgd)(real *w, const real *g, real *v, int64_t n, const struct sgd *p);
	void (*ema)(real *y, const real *x, int64_t n, const double *keep); /* y = keep y + (1 - keep) x, keep in the backend's memory */
	const struct draws *draws; const struct views *views; const struct regions *regions; const struct points *points;
	const struct recorder *recorder; const struct augmentation *augmentation; /* NULL on processors, which need none */
};

/* oneDNN convolutions; im2col + OpenBLAS convolutions (the portable path and the twin of tests); no arithmetic at all. */
extern const struct backend backend_cpu, backend_plain, backend_null;

#endif
