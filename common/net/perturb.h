/* perturb.h: what is done to feature maps [n,c,d,h,w] so that a decoder has less to go by. Only in training: drawn in each step. */
#ifndef PM_PERTURB_H
#define PM_PERTURB_H

#include "nn/graph.h"

/* Whole channels of a sample vanish with probability p, the others grow by 1 / (1 - p). p: a number, lo == hi, or drawn between. */
struct node *drop_channels(struct graph *g, struct node *x, double lo, double hi);
/* [x; that of x], on axis n; p below 1. */
struct node *with_dropped(struct graph *g, struct node *x, double p);
/* Of the first half of the samples each channel vanishes, or is doubled, with probability 1/2; of its partner in the second half the other. */
struct node *in_halves(struct graph *g, struct node *x);

/* Places vanish where the mean of the channels is not below a share, drawn from 0.7 to 0.9, of its maximum in the sample. */
struct node *drop_strongest(struct graph *g, struct node *x);

/* x (1 + e), e between -range and range, the same for all samples. */
struct node *noisy(struct graph *g, struct node *x, double range);

#endif
