/* ops.h: ops on plain maps [n,c,d,h,w] in f32: what losses and learning methods are written with. */
#ifndef PM_OPS_H
#define PM_OPS_H

#include "nn/backend.h"

struct graph;
struct node;

enum resample { RESAMPLE_NEAREST, RESAMPLE_LINEAR, RESAMPLE_ALIGNED, RESAMPLE_AVERAGE };
struct node *op_resample(struct graph *g, struct node *x, const int64_t size[3], enum resample how);
struct node *op_onehot(struct graph *g, struct node *label, int64_t k);
struct node *op_argmax(struct graph *g, struct node *x); /* labels u8 [n,1,...], the first of equals; no gradient */
struct node *op_softmax(struct graph *g, struct node *x);
struct node *op_ce(struct graph *g, struct node *z, struct node *target, struct node *weight, struct node *class_weight); /* [2] */
struct node *op_overlap(struct graph *g, struct node *z, struct node *target, struct node *weight);       /* [3,k] */
struct node *op_unary(struct graph *g, enum unary f, double a, struct node *x);
struct node *op_binary(struct graph *g, enum binary f, struct node *a, struct node *b); /* equal shapes, or b a scalar */
struct node *op_sum(struct graph *g, struct node *x, int axis); /* of n,c,d,h,w; the axis becomes 1 */
struct node *op_spread(struct graph *g, struct node *x, int axis, int64_t count); /* the inverse: an axis of 1 repeated */
struct node *op_total(struct graph *g, struct node *x);         /* a scalar */
struct node *op_part(struct graph *g, struct node *x, int64_t first, int64_t count); /* rows first.. of axis n, no copy */
struct node *op_constant(struct graph *g, const double *v, int64_t n, int64_t c);

/* --- ops_view.c; through op_turn and op_join alone gradients go --- */
/* An image, as networks read it or plain, plus sigma N(0,1) cut at +-most, plain; new in each step. */
struct node *op_noise(struct graph *g, struct node *x, double sigma, double most);
struct node *op_box(struct graph *g, struct node *box, const int64_t size[3]); /* [n,1,d,h,w]: 1 from box[n][0] to before box[n][1], d,h,w */
struct node *op_blur(struct graph *g, struct node *x, struct node *weight, int axis); /* each sample by its weights, an odd number */
struct node *op_turn(struct graph *g, struct node *x, struct node *quarters); /* numpy's rot90(x, quarters[n], axes h and w) of sample n */
struct node *op_join(struct graph *g, struct node *a, struct node *b); /* [a; b] on axis n */
struct node *op_to_maps(struct graph *g, struct node *x); /* a plain image as networks read it */

#endif
