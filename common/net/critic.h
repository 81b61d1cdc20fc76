/* critic.h: a network that judges predictions: was the image a labeled one? See critic.c. */
#ifndef PM_CRITIC_H
#define PM_CRITIC_H

#include "net/net.h"

struct critic {
	int dims;                   /* of the convolutions, 2 or 3 */
	const struct numbers *chns; /* of each level; each has half the size of the one before */
};

/* Plain probabilities p [n,k,d,h,w] of images x: logits [n,2,1,1,1]. */
struct node *critic_forward(struct graph *g, const struct critic *c, struct params *ps, struct node *p, struct node *x);

#endif
