/*
 * params.h: the parameters of one network: one flat buffer, trainable ones first, then running statistics, so that
 * optimizers, clipping, averages and checkpoints are one loop or one copy. Names and shapes are those of PyMIC's state dict.
 */
#ifndef PM_PARAMS_H
#define PM_PARAMS_H

#include "nn/graph.h"

enum { PM_PARAM_RANK = 5 };

/*
 * FAN_IN: U(-b, b), b = 1 / sqrt(fan_in), PyTorch's default. Normal with variance 2 / fan_in (He et al., ICCV 2015), with
 * 2 / (fan_in + fan_out) (Glorot and Bengio, AISTATS 2010), and with standard deviation 0.02.
 */
enum init { INIT_FAN_IN, INIT_ZERO, INIT_ONE, INIT_HE, INIT_XAVIER, INIT_NORMAL };

struct param {
	char name[96];
	int rank;
	int64_t dim[PM_PARAM_RANK], count, offset;
	bool trainable;
	enum init init;
	int64_t fan_in;
	struct pack pack;
};

struct params {
	const struct backend *be;
	int n, cap;
	struct param **p;         /* in the order of declaration */
	int next;                 /* where the one after the last found stands: networks ask in the same order each time */
	int64_t trainable, total; /* elements, after params_freeze */
	real *value, *grad;       /* total and trainable elements, on the backend; NULL in the dry run */
	uint64_t version;         /* grows whenever values change: packed weights follow it */
};

/* Asks for a parameter where it is used; the dry run declares it, later runs find it. fan_in as PyTorch counts it. */
struct node *param(struct graph *g, struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim);
struct node *running(struct graph *g, struct params *ps, const char *name, enum init init, int64_t n);

/* After the dry run: allocates on be and draws the initial values, philox(seed; name). */
void params_freeze(struct params *ps, const struct backend *be, uint64_t seed);
void params_hold(struct params *ps, const struct backend *be); /* the same for values that will be read, without gradients */
/* Another set like a frozen one, the values as well, that is not trained: it has no gradients. */
void params_clone(struct params *ps, const struct params *from);
void params_copy(struct params *ps, const struct params *from); /* the values, of sets that are alike */
void params_touch(struct params *ps); /* the values were changed */
void params_zero_grad(struct params *ps);
struct param *params_find(struct params *ps, const char *name);
void params_fini(struct params *ps);

#endif
