/* loss.h: losses on logits. One file here and one line in list.h per loss. Written with ops: the gradient comes free. */
#ifndef PM_LOSS_H
#define PM_LOSS_H

#include "base/opt.h"
#include "nn/graph.h"

/* What a loss is given besides the logits [n,k,d,h,w]. */
struct truth {
	struct node *target;       /* labels u8 [n,1,d,h,w] or probabilities [n,k,d,h,w] */
	struct node *weight;       /* [n,1,d,h,w], or NULL */
	struct node *class_weight; /* [k], or NULL */
	struct node *image;        /* of the same samples, in the size of the batch; NULL: there is none */
};

struct loss {
	struct plugin p;
	bool unsupervised; /* looks at no label: methods may use it where there is none */
	struct node *(*eval)(struct graph *g, const void *conf, struct node *logits, const struct truth *t); /* a scalar */
};

extern const struct loss *const losses[]; /* ends with NULL */
extern const struct loss loss_ce, loss_entropy, loss_tv, loss_mumford_shah, loss_gated_crf; /* what methods use by name */
extern const struct kind loss_kind;

/* "dice+ce:weight=0.5": the weighted sum. */
struct loss_sum {
	int n;
	struct spec part[8];
};
struct node *loss_eval(struct graph *g, const struct loss_sum *l, struct node *logits, const struct truth *t);

/*
 * Deep supervision: sum of w_i loss(out_i, target at its size) / sum of w_i. mode 0: the logits are resized to the target
 * (linear, not aligned); 1: the one-hot target to the logits, linear; 2: the same by adaptive average pooling (PyMIC's
 * default). weights NULL: 2^-i. Pixel weights are resized the same way.
 */
struct node *loss_deep(struct graph *g, const struct loss_sum *l, struct node *const *out, int n, const struct truth *t,
	int mode, const double *weights);

#endif
