/* work.h: what the larger kernels are told: one struct, or one word, per kind of work. */
#ifndef PM_WORK_H
#define PM_WORK_H

#include "base/base.h"
#include "nn/fmap.h"

/* A convolution with stride 1 that keeps the size. up: the weights are those of a transposed one, kernel 2 stride 2. */
struct conv_shape {
	int64_t n, cin, split, cout, size[3];
	int dims, kernel, dilation;
	int in_lanes;          /* 16, or 1 for the images themselves (up to 3 channels) */
	int out_lanes;         /* 16, or 1 where kernel is 1 and out_type F_REAL: logits as losses want them */
	enum ftype type, out_type;
	bool up;               /* weights [cin,cout,2..]; the result has 2^dims * cout channels, position-major */
};

/* What follows a convolution: a normalisation, anything, a loss (which wants f32). */
enum conv_to { CONV_TO_NORM, CONV_TO_MAPS, CONV_TO_LOGITS };

/* Weights in the order a kernel wants them, kept until version (of the parameters) changes. */
struct pack {
	void *mem[2]; /* forward, backward */
	size_t bytes[2];
	uint64_t version[2];
	uint64_t owner[2]; /* number of the convolution that packed them; 0: none */
};

/*
 * Batch or instance normalisation, leaky ReLU, dropout and max-pooling by 2 in one pass over z:
 * xhat = (z - mean) rstd;  a = gamma xhat + beta;  y = (a > 0 ? a : slope a) * keep / (1 - drop);  pool = max over 2^dims of y.
 * keep: word (q & 3) of philox({q >> 2, block << 4 | lane, image, layer}, key) >= drop * 2^32, q = index in d*h*w.
 */
struct norm_act {
	struct fmap z, y, pool; /* pool.data NULL: none; y.data may be NULL in inference where only the pooled map is used */
	int dims;
	const real *gamma, *beta;  /* [c] */
	struct sharing share;
	const double *mean, *rstd; /* [sets][c] */
	double slope, drop;
	const uint32_t *key; /* [2], in the backend's memory: it changes from step to step */
	uint32_t layer;
	double *sums; /* [2][c]: of dy' and dy' (z - mean), dy' before the activation; read where who wrote dy has summed */
	bool summed;
};

/* The truth a loss compares with: labels (u8 [n,1,d,h,w]) or probabilities (real [n,k,d,h,w]); weight may be NULL. */
struct target {
	const uint8_t *label;
	const real *prob;
	const real *weight; /* [n,1,d,h,w] */
};

/* Dice of a class from counts of pixels; 1 where it is in neither. */
PM_ANYWHERE double hard_dice(double both, double truth, double predicted) { return (2 * both + 1e-5) / (truth + predicted + 1e-5); }

/* Output i of an axis is the sum over j < count[i] of weight[at[i] + j] * input[first[i] + j]. */
struct axis_map {
	int64_t in, out;
	const int32_t *first, *count, *at;
	const real *weight;
};

/*
 * One window of an image [c,d,h,w] along one axis, padded to a tile. Tables are the backend's memory. Of images and sums only
 * some planes along d are held, in a ring: plane z is the one in slot z % ring.
 */
struct tile_axis {
	int64_t size, start, window; /* of the image; where the window begins in it, and how long it is */
	int64_t tile, before;        /* the window padded on both sides, and how much in front */
	const int32_t *source;       /* [tile]: where in the image each element lies */
	const float *weight;         /* [window] */
	bool flip;                   /* of the mirrored image */
};

struct tile {
	struct tile_axis axis[3]; /* d, h, w */
	int64_t ring;
};

/* With a number a: x a, x + a, x^a. Without: e^x, ln x, the root, x^2, max(x, 0), x > 0, |x|, the sign (0 at 0). */
enum unary { U_SCALE, U_OFFSET, U_EXP, U_LOG, U_SQRT, U_SQUARE, U_RELU, U_STEP, U_ABS, U_SIGN, U_POWER };
enum binary { B_ADD, B_SUB, B_MUL, B_DIV };

/* What optimizers are told lies in the backend's memory. */
struct adam {
	double lr, beta1, beta2, eps, decay; /* decay: L2 in the gradient, or decoupled (AdamW) */
	bool decoupled;
	int64_t step; /* 1, 2, ... for the bias correction */
};

struct sgd {
	double lr, momentum, decay;
	bool nesterov, first; /* first: the velocity starts as the gradient */
};

#endif
