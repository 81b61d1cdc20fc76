/*
 * kernels.h: the CPU's kernels: convolutions, on physical channels (conv.h), and the rest with the contracts of struct
 * backend. They are compiled once per instruction set; the results of one set do not depend on the number of threads.
 */
#ifndef PM_KERNELS_H
#define PM_KERNELS_H

#include "nn/backend.h"

/* Filters 3x3 of physical channels (whole blocks), taps of them along the depth: 1, or 3 for 3x3x3. */
struct filters {
	int64_t out, in, taps;
};

struct kernels {
	const char *isa;
	/*
	 * Minimal filtering. Packed filters are 36 taps in out reals; back: those of the way to the data. y = sums + shift [out];
	 * moments as in struct backend. wino_grad writes dw [out][in][taps][3][3] and db.
	 */
	void (*wino_pack)(real *u, const real *w, const struct filters *s, bool back);
	void (*wino_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y, double *moments);
	void (*wino_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db);
	/* Kernel 1, packed filters out in reals; and the first convolution of a network (in_lanes 1), taps out reals. */
	void (*point_pack)(real *u, const real *w, const struct filters *s, bool back);
	void (*point_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y);
	void (*point_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db);
	void (*first_pack)(real *u, const real *w, int64_t out, int64_t taps);
	void (*first_conv)(const struct fmap *x, const real *u, const struct conv_shape *s, const real *shift, struct fmap *y, double *moments);
	void (*first_grad)(const struct fmap *x, const struct fmap *dy, const struct conv_shape *s, real *dw, real *db);
	void (*norm_stats)(const struct fmap *z, const struct sharing *share, double *mean, double *var);
	void (*norm_act)(const struct norm_act *p);
	void (*norm_act_bwd)(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed,
		real *dgamma, real *dbeta, struct fmap *dz);
	void (*relayout)(struct fmap *y, const struct fmap *x, bool add);
	void (*space)(struct fmap *y, const struct fmap *x, int dims, bool inverse);
	void (*resample)(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add);
	void (*unary)(enum unary f, double a, real *y, const real *x, int64_t n, bool add);
	void (*binary)(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add);
	void (*sum)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
	void (*spread)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
	void (*softmax)(real *y, const real *x, int64_t n, int64_t k, int64_t v);
	void (*softmax_bwd)(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v);
	void (*ce)(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
	void (*ce_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, const real *a,
		int64_t n, int64_t k, int64_t v);
	void (*overlap)(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
	void (*overlap_bwd)(real *dz, const real *dsum, const real *z, const struct target *t,
		int64_t n, int64_t k, int64_t v);
	void (*argmax)(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v);
	const struct regions *regions;
	const struct points *points;
	double (*sum_squares)(const real *x, int64_t n);
	void (*adam)(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p);
	void (*sgd)(real *w, const real *g, real *v, int64_t n, const struct sgd *p);
	void (*ema)(real *y, const real *x, int64_t n, const double *keep);
};

extern const struct kernels kernels_base, kernels_avx2, kernels_avx512, kernels_avx512bf16;

/*
 * The best table that this processor runs. PYMIC_ISA=base|avx2|avx512|avx512bf16 in the environment lowers it; a better
 * set than the processor has, or an unknown word, dies with PM_USAGE.
 */
const struct kernels *kernels(void);

/* At least so many bytes that last until the next call, from any thread: one kernel runs at a time. */
void *kernel_scratch(size_t bytes);

#endif
