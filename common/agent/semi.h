/* semi.h: what methods that learn from labeled and unlabeled samples share. */
#ifndef PM_SEMI_H
#define PM_SEMI_H

#include "agent/agent.h"

/* A second term of the loss whose weight grows: weight * exp(-5 (1 - r)^2), r from 0 to 1 between two iterations. */
struct ramped {
	double weight;
	int64_t ramp_start, ramp_end; /* end 0: the last iteration */
};

extern const struct opt ramped_opts[];
/* From 0 to 1 between two iterations; end 0: the last. */
double ramp(const struct run *r, int64_t start, int64_t end);
double ramped_weight(const struct run *r, const struct ramped *c);

/* The network on all samples; returns the number of outputs. */
int forward_all(struct run *r, int net, struct node *out[PM_OUTPUTS]);

/* The loss of the labeled samples, which come first in each output; over all outputs where there are several, the mean of branches. */
struct node *supervised(struct run *r, struct node *const *out, int n);

/* The unlabeled samples of a map of all; NULL where there are none. */
struct node *unlabeled(struct run *r, struct node *x);

#endif
