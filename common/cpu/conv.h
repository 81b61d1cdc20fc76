/*
 * conv.h: the convolutions of the CPU: kernels of our own, oneDNN's where those are faster or have none, and, where that
 * has none either, and as the twin in tests, im2col + OpenBLAS. All see physical channels: padded to whole blocks of
 * PM_LANES, gaps between the halves of a concatenation included.
 */
#ifndef PM_CONV_H
#define PM_CONV_H

#include "nn/backend.h"

struct conv {
	struct conv_shape s;
	uint64_t number;         /* no other convolution of this process has it */
	int64_t ic, oc, kk;      /* physical channels, taps of the kernel */
	bool exact;              /* physical weights are the parameters as they stand */
	real *weights, *bias;    /* [oc][ic][kk], [oc]: physical, where they must be rebuilt */
	int own;                 /* which kernels of our own, 0: none */
	real *zeros, *dweights, *dbias; /* for those: a bias of zeros; physical gradients */
	struct conv_dnnl *dnnl;  /* else; NULL: im2col */
};

void conv_init(struct conv *c, const struct conv_shape *s);
void conv_fini(struct conv *c);

/* Physical weights and bias from the parameters, and gradients back: added to dw and db. */
const real *conv_weights(struct conv *c, const real *w);
const real *conv_bias(struct conv *c, const real *b);
void conv_weights_back(const struct conv *c, const real *physical, real *dw);
void conv_bias_back(const struct conv *c, const real *physical, real *db);

struct conv *conv_plain_open(const struct conv_shape *s);
void conv_plain_close(struct conv *c);
void conv_plain_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *, uint64_t version, struct fmap *y,
	double *moments);
void conv_plain_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *, uint64_t version, struct fmap *dx);
void conv_plain_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db);

struct conv *conv_dnnl_open(const struct conv_shape *s);
void conv_dnnl_close(struct conv *c);
void conv_dnnl_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *, uint64_t version, struct fmap *y,
	double *moments);
void conv_dnnl_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *, uint64_t version, struct fmap *dx);
void conv_dnnl_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db);

struct conv *conv_own_open(const struct conv_shape *s);
void conv_own_close(struct conv *c);
void conv_own_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *, uint64_t version, struct fmap *y,
	double *moments);
void conv_own_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *, uint64_t version, struct fmap *dx);
void conv_own_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db);

/*
 * Room for packed weights in a slot (0 forward, 1 backward) of a pack; true when they must be packed anew, which the caller
 * then does.
 */
bool pack_stale(struct pack *p, int slot, size_t bytes, const struct conv *c, uint64_t version);

void *cpu_alloc(size_t bytes); /* zeroed, huge pages where it is large */
void cpu_free(void *p, size_t bytes);

static inline float bf16_get(uint16_t b)
{
	union { uint32_t u; float f; } v = { (uint32_t)b << 16 };
	return v.f;
}

/* Round to nearest even; NaN stays NaN. */
static inline uint16_t bf16_put(float f)
{
	union { float f; uint32_t u; } v = { f };
	if (f != f)
		return 0x7fc0;
	return (uint16_t)((v.u + 0x7fff + (v.u >> 16 & 1)) >> 16);
}

#endif
