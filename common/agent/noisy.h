/* noisy.h: what methods that learn from wrong labels share: a wrong label is one that the network finds hard to believe. */
#ifndef PM_NOISY_H
#define PM_NOISY_H

#include "agent/agent.h"

/* The share of pixels that are learned from falls from 1 to keep between two iterations. */
struct kept {
	double keep;
	int64_t ramp_start, ramp_end; /* end 0: the last iteration */
};

extern const struct opt kept_opts[];

/* The main output on the labeled samples; others are not looked at. */
struct node *labeled_logits(struct run *r, int net);
/* Cross entropy of each pixel, [n,1,d,h,w], of probabilities p' = 0.999 p + 5e-4: never infinite. */
struct node *pixel_losses(struct run *r, struct node *logits);
/* 0 at pixels that nobody annotated or that have no weight: whether they are easy to believe does not matter. NULL: there are none. */
struct node *annotated(struct run *r);
/* The mean of e, by the weights of classes, where the mask is 1, of pixels by their weights; 0 where there are none. */
struct node *mean_where(struct run *r, struct node *e, struct node *mask);

#endif
