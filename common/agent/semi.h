/* semi.h: what methods that learn from labeled and unlabeled samples share. */
#ifndef PM_SEMI_H
#define PM_SEMI_H

#include "agent/agent.h"

/* A second term of the loss whose weight grows: weight * exp(-5 (1 - r)^2), r from 0 to 1 between two iterations. */
#define RAMPED \
	double weight; \
	int64_t ramp_start, ramp_end /* end 0: the last iteration */
struct ramped {
	RAMPED;
};

/* For settings T that begin with RAMPED. */
#define RAMPED_OPTIONS(T, default_weight, default_end) \
	OPT_NUMBER(T, weight, 0, "X", default_weight, 0, 1e6, "of what is learned beyond the labels, once it has grown"), \
	OPT_NUMBER(T, ramp_start, 0, "N", "0", 0, 1e12, "iteration at which it begins to grow"), \
	OPT_NUMBER(T, ramp_end, 0, "N", default_end, 0, 1e12, "iteration at which it has grown; 0: the last")

extern const struct opt ramped_opts[];
double grown(const struct run *r, int64_t start, int64_t end); /* from 0 to 1 between two iterations; end 0: the last */
double ramp(const struct run *r, const struct ramped *c); /* from exp(-5) to 1 */
double ramped_weight(const struct run *r, const struct ramped *c);
int64_t tell_weight(const struct run *r, float *out); /* that alone, of an agent whose settings begin with struct ramped */
int64_t tell_weights(const struct run *r, double second, float *out); /* and another one that grows likewise */

struct node *told(struct run *r, int64_t first, int64_t count); /* [count] of what has been told */
struct node *weighted(struct run *r, struct node *x, int64_t which); /* x times number `which` of those */
struct node *beyond(struct run *r, struct node *taught, struct node *more); /* taught + number 0 times more, which may be NULL */
/* Says which logits are the run's; returns the loss. */
struct node *main_output(struct run *r, struct node *logits, struct node *loss);

void remember(struct run *r, struct node *x); /* in the next step's r->memory */

/* What is made between them passes no gradient on, and its memory is free after its last use. */
static inline void still_begin(struct graph *g) { g->grad = false; }
static inline void still_end(struct graph *g) { g->grad = true; }

/* --- mask [n,1,...] of 0 and 1; no gradient --- */
struct node *pasted(struct graph *g, struct node *mask, struct node *a, struct node *b); /* plain maps: a where it is 1, else b */
struct node *labels_where(struct graph *g, struct node *label, int64_t k, struct node *mask); /* of k classes; else one that is no class */

/* --- distances of probabilities [n,k,...]; q is a constant --- */
struct node *square_gap(struct graph *g, struct node *p, struct node *q); /* the mean of (p - q)^2 over all elements */
struct node *divergence(struct graph *g, struct node *p, struct node *q); /* the mean over pixels of (KL(p|q) + KL(q|p)) / 2, both ways */

/*
 * The network on these samples; on labeled ones with others behind them, which --norm-apart keeps apart; on all; on the labeled
 * ones alone. Returns the number of outputs.
 */
int forward_on(struct run *r, int net, struct node *image, struct node *out[PM_OUTPUTS]);
int forward_both(struct run *r, int net, struct node *image, struct node *out[PM_OUTPUTS]);
int forward_all(struct run *r, int net, struct node *out[PM_OUTPUTS]);
int forward_labeled(struct run *r, int net, struct node *out[PM_OUTPUTS]);

/* The loss of t's samples, which are rows first.. of each output: over n scales of one branch, the mean of all branches. */
struct node *branch_loss(struct run *r, struct node *const *out, int n, int64_t first, const struct truth *t);
struct node *branches_loss(struct run *r, int net, struct node *const *out, int n, int64_t first, const struct truth *t);
struct truth truth_rows(struct run *r, int64_t first, int64_t count); /* of labeled samples */
struct node *supervised(struct run *r, int net, struct node *const *out, int n); /* of all of them, which come first in each output */

/* The labeled samples of a map of all, and the unlabeled ones; NULL where there are none of those. */
struct node *labeled(struct run *r, struct node *x);
struct node *unlabeled(struct run *r, struct node *x);

#endif
