/*
 * library.h: what engine.c wants of a library that computes convolutions: ways to compute a pass, to be timed. cudnn.c has
 * them of cuDNN; gemm.c of cuBLASLt, for kernels of 1, which are products of matrices.
 */
#ifndef PM_CUDA_LIBRARY_H
#define PM_CUDA_LIBRARY_H

#include "cuda/engine.h"

enum pass { FORWARD, DATA, WEIGHTS, PASSES };

/* What follows the convolution. WIDEN does nothing but have cuDNN take an engine that stores f32 of bf16 maps. */
enum tail { NO_TAIL, BIAS, WIDEN };

enum { ALIGNMENT = 16, PLANS_MOST = 8 }; /* bytes: of all arrays, at least; plans that are timed for a pass */

/* How a pass may be put to a library. */
struct form {
	const char *name;
	const struct library *library;
	enum tail tail;
	bool only_bf16;
	bool narrow; /* the gradient of weights comes as bf16, for cuda_widen */
};

/* What a pass works on, see engine.h. Backward, two are gradients, and there is no b. */
struct args {
	void *x, *w, *b, *y;
};

/* A way to compute a pass. */
struct plan {
	void *way; /* the library's own */
	int64_t workspace;
	char name[640]; /* what is remembered. Room for all kinds of cuDNN's knobs with values of six digits */
};

struct library {
	const char *name;
	size_t (*version)(void);
	const char *(*why)(void); /* did it refuse last, on one line */
	/* A pass of a shape in a form, to be planned; NULL where the library cannot do it. */
	void *(*open)(const struct engine_shape *s, enum pass pass, const struct form *form);
	void (*close)(void *task);
	/*
	 * Plans for arrays that lie like those of a, best guess first, at most PLANS_MOST; only the one of that name, unless it is NULL.
	 * Returns how many. All give the same results in each run, unless device_fast().
	 */
	int (*plans)(void *task, const struct args *a, int64_t workspace_most, const char *name, struct plan *plan);
	void (*drop)(struct plan *p); /* may be all zero */
	bool (*run)(void *task, const struct plan *p, const struct args *a, void *workspace);
};

extern const struct library library_cudnn, library_cublas;

const char *engine_at(void); /* for messages: what is being done */

#endif
