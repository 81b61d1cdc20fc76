/*
 * backend.h: what a device does for the tape. Plain C, and all that a kernel file may include of this folder.
 * Every function is deterministic: the same inputs and the same number of threads give the same bytes.
 */
#ifndef PM_BACKEND_H
#define PM_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef PM_REAL_DOUBLE
typedef double real; /* the build that checks gradients */
#else
typedef float real;
#endif

enum { PM_LANES = 16 };
enum ftype { F_REAL, F_BF16, F_U8 };

/*
 * An array [n,c,d,h,w] in the backend's memory, stored as [n][block][d][h][w][lanes]. lanes = PM_LANES: channels in
 * blocks of 16, the last lanes of a part-filled block are zero (the layout nChw16c); lanes = 1: plain row-major, as
 * logits, losses and labels are. Two halves of a concatenation each start a block of their own: split is the number of
 * channels of the first half, 0 for a whole one.
 */
struct fmap {
	void *data;
	enum ftype type;
	int lanes;
	int64_t n, c, d, h, w;
	int64_t split;
	int64_t stride; /* elements from one image to the next: more than its own size where it is half of a concatenation */
};

static inline int64_t fmap_blocks(const struct fmap *f)
{
	int64_t first = f->split ? (f->split + f->lanes - 1) / f->lanes : 0;
	return first + (f->c - f->split + f->lanes - 1) / f->lanes;
}

static inline int64_t fmap_space(const struct fmap *f) { return f->d * f->h * f->w; }
/* Elements of one image, the padding lanes included. */
static inline int64_t fmap_image(const struct fmap *f) { return fmap_blocks(f) * fmap_space(f) * f->lanes; }
static inline size_t ftype_size(enum ftype t) { return t == F_REAL ? sizeof(real) : t == F_BF16 ? 2 : 1; }

/* A convolution with stride 1 that keeps the size. up: the weights are those of a transposed one, kernel 2 stride 2. */
struct conv_shape {
	int64_t n, cin, split, cout, size[3];
	int dims, kernel, dilation;
	int in_lanes;          /* 16, or 1 for the images themselves (up to 3 channels) */
	enum ftype type, out_type;
	bool up;               /* weights [cin,cout,2..]; the result has 2^dims * cout channels, position-major */
};

/* Weights in the order a kernel wants them, kept until version (of the parameters) changes. */
struct pack {
	void *mem[2]; /* forward, backward */
	size_t bytes[2];
	uint64_t version[2];
	uint64_t owner[2]; /* number of the convolution that packed them; 0: none */
};

/*
 * Batch normalisation, leaky ReLU, dropout and max-pooling by 2 in one pass over z:
 * xhat = (z - mean) rstd;  a = gamma xhat + beta;  y = (a > 0 ? a : slope a) * keep / (1 - drop);  pool = max over 2^dims of y.
 * keep: word (q & 3) of philox({q >> 2, block << 4 | lane, image, layer}, key) >= drop * 2^32, q = index in d*h*w.
 */
struct norm_act {
	struct fmap z, y, pool; /* pool.data NULL: none; y.data may be NULL in inference where only the pooled map is used */
	int dims;
	const real *gamma, *beta; /* [c] */
	const double *mean, *rstd; /* [c] */
	double slope, drop;
	uint32_t key[2], layer;
};

/* The truth a loss compares with: labels (u8 [n,1,d,h,w]) or probabilities (real [n,k,d,h,w]); weight may be NULL. */
struct target {
	const uint8_t *label;
	const real *prob;
	const real *weight; /* [n,1,d,h,w] */
};

/* Output i of an axis is the sum over j < count[i] of weight[at[i] + j] * input[first[i] + j]. */
struct axis_map {
	int64_t in, out;
	const int32_t *first, *count, *at;
	const real *weight;
};

enum unary { U_SCALE, U_OFFSET, U_EXP, U_LOG, U_SQRT, U_SQUARE, U_RELU, U_STEP, U_ABS, U_SIGN, U_POWER };
enum binary { B_ADD, B_SUB, B_MUL, B_DIV };

struct adam {
	double lr, beta1, beta2, eps, decay; /* decay: L2 in the gradient, or decoupled (AdamW) */
	bool decoupled;
	int64_t step; /* 1, 2, ... for the bias correction */
};

struct sgd {
	double lr, momentum, decay;
	bool nesterov, first; /* first: the velocity starts as the gradient */
};

struct conv; /* the backend's own */

struct backend {
	const char *name;
	bool runs; /* false: shapes and memory only, get gives zeros */
	void *(*alloc)(size_t bytes); /* huge pages; dies when there is no memory */
	void (*free)(void *, size_t bytes);
	void (*put)(void *dst, const void *host, size_t bytes);
	void (*get)(void *host, const void *src, size_t bytes);
	void (*zero)(void *dst, size_t bytes);

	struct conv *(*conv_open)(const struct conv_shape *s);
	void (*conv_close)(struct conv *);
	void (*conv_fwd)(struct conv *, const struct fmap *x, const real *w, const real *b, struct pack *, uint64_t version, struct fmap *y);
	void (*conv_bwd_data)(struct conv *, const struct fmap *dy, const real *w, struct pack *, uint64_t version, struct fmap *dx);
	void (*conv_bwd_weights)(struct conv *, const struct fmap *x, const struct fmap *dy, real *dw, real *db); /* adds to both */

	/* Mean and biased variance over n,d,h,w of each of the c channels; sums are kept in double per row. */
	void (*norm_stats)(const struct fmap *z, double *mean, double *var);
	/* Batch: var (count values each) becomes rstd, the running statistics move by 0.1. Fixed: both are read from those. */
	void (*norm_batch)(const double *mean, double *var, int64_t c, int64_t count, double eps, real *running_mean, real *running_var);
	void (*norm_fixed)(double *mean, double *rstd, int64_t c, double eps, const real *running_mean, const real *running_var);
	void (*norm_act)(const struct norm_act *p);
	/*
	 * dz from dy (data may be NULL: no gradient there) and dpool (likewise), through batch statistics unless fixed. A
	 * pooled maximum sends its gradient to its first place in row-major order. Adds to dgamma and dbeta.
	 */
	void (*norm_act_bwd)(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed,
		real *dgamma, real *dbeta, struct fmap *dz);

	void (*relayout)(struct fmap *y, const struct fmap *x, bool add); /* any lanes and type to any other */
	void (*space)(struct fmap *y, const struct fmap *x, int dims, bool inverse); /* [2^dims c] at size <-> [c] at 2 size */
	void (*resample)(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add); /* d, h, w */

	/* On plain maps; x and y of n elements. add: y += */
	void (*unary)(enum unary f, double a, real *y, const real *x, int64_t n, bool add);
	void (*binary)(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add);
	void (*sum)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);    /* over mid */
	void (*spread)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add); /* along mid */
	void (*softmax)(real *y, const real *x, int64_t n, int64_t k, int64_t v);
	void (*softmax_bwd)(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v); /* adds */

	void (*onehot)(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v); /* a label >= k: zeros */
	/* Logits z [n,k,v]. ce: sum[0] = sum of w a_y ce, sum[1] = sum of w (a: class weights or NULL). */
	void (*ce)(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
	void (*ce_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
	/* overlap: sum[3][k] = sums of w y p, w p, w y with p = softmax z; _bwd adds to dz. */
	void (*overlap)(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
	void (*overlap_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
	void (*argmax)(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v); /* the first maximum */

	double (*sum_squares)(const real *x, int64_t n);
	void (*adam)(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p);
	void (*sgd)(real *w, const real *g, real *v, int64_t n, const struct sgd *p);
};

/* oneDNN convolutions; im2col + OpenBLAS convolutions (the portable path and the twin of tests); no arithmetic at all. */
extern const struct backend backend_cpu, backend_plain, backend_null;

#endif
