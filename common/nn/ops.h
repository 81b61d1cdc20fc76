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
/* 1 at that share of the elements where `among` is not 0 (NULL: of all), the smallest, else 0; no gradient. */
struct node *op_smallest(struct graph *g, struct node *x, struct node *among, double share);
struct node *op_softmax(struct graph *g, struct node *x);
struct node *op_ce(struct graph *g, struct node *z, struct node *target, struct node *weight, struct node *class_weight); /* [2] */
struct node *op_overlap(struct graph *g, struct node *z, struct node *target, struct node *weight);       /* [3,k] */
struct node *op_unary(struct graph *g, enum unary f, double a, struct node *x);
struct node *op_binary(struct graph *g, enum binary f, struct node *a, struct node *b); /* equal shapes, or b a scalar */
struct node *op_sum(struct graph *g, struct node *x, int axis); /* of n,c,d,h,w; the axis becomes 1 */
struct node *op_max(struct graph *g, struct node *x, int axis); /* no gradient */
struct node *op_spread(struct graph *g, struct node *x, int axis, int64_t count); /* the inverse: an axis of 1 repeated */
struct node *op_detach(struct graph *g, struct node *x); /* the same values as a constant, no copy */
struct node *op_leaf(struct graph *g, struct node *x);   /* the same values as if they were a parameter: see graph_slope */
struct node *op_total(struct graph *g, struct node *x);         /* a scalar */
struct node *op_part(struct graph *g, struct node *x, int64_t first, int64_t count); /* rows first.. of axis n, no copy */
/* Numbers of [0, 1), other ones in each op and step: philox(seed; step, op). */
struct node *op_uniform(struct graph *g, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w);
struct node *op_constant(struct graph *g, const double *v, int64_t n, int64_t c);
struct node *op_held(struct graph *g, const real *held, int64_t n); /* [n], which lie in the backend's memory; NULL in a dry run */
/* ops_regions.c. Of each pixel and its up to 3^3 - 1 neighbours the least or the greatest value. */
struct node *op_extreme(struct graph *g, struct node *x, bool most);
struct node *op_slope(struct graph *g, struct node *x, enum slope f, int dims); /* dims 2: of each slice by itself */
/* Along the one axis of space on which x and `in`, a constant, are longer than 1: see struct regions. */
struct node *op_strips(struct graph *g, struct node *x, struct node *in, int64_t width);
/*
 * The sum over pixels i and j of a slice of affinity(i, j) (1 - sum_c p_c(i) p_c(j)), a scalar; p a softmax: the gradient is
 * right but for what it undoes. image: plain, of the size of p.
 */
struct node *op_disagreement(struct graph *g, struct node *p, struct node *image, const struct affinity *a);

/* --- ops_view.c; through op_turn and op_join alone gradients go --- */
/* An image, as networks read it or plain, plus sigma N(0,1) cut at +-most, plain; new in each step. */
struct node *op_noise(struct graph *g, struct node *x, double sigma, double most);
struct node *op_box(struct graph *g, struct node *box, const int64_t size[3]); /* [n,1,d,h,w]: 1 from box[n][0] to before box[n][1], d,h,w */
struct node *op_blur(struct graph *g, struct node *x, struct node *weight, int axis); /* each sample by its weights, an odd number */
struct node *op_turn(struct graph *g, struct node *x, struct node *quarters); /* numpy's rot90(x, quarters[n], axes h and w) of sample n */
struct node *op_join(struct graph *g, struct node *a, struct node *b); /* [a; b] on axis n */
struct node *op_to_maps(struct graph *g, struct node *x); /* a plain image as networks read it */
struct node *op_to_plain(struct graph *g, struct node *x); /* and back; both are nodes whatever the form was */
/* Labels [n,1,d,h,w] of which each class of 1..k-1 keeps its largest component of a sample. On the host: not in recorded steps. */
struct node *op_largest(struct graph *g, struct node *label, int64_t k);

/* --- ops_points.c --- */
/* [views,c,to]: view v is the box of that size of image v % n that begins at from[v][3], d,h,w; no gradient. */
struct node *op_crop(struct graph *g, struct node *x, struct node *from, const int64_t to[3]);
/* [n,all channels,1,1,points]: what the maps hold at voxels at[n][points][3] of the first, of full size, or where these lie in the others. */
struct node *op_gather(struct graph *g, struct node *const *x, int count, struct node *at);
/* Of vectors a and b [n,c,1,1,m]: the scalar product of each of a with each of b of the same image, [n m,1,1,1,m]. */
struct node *op_products(struct graph *g, struct node *a, struct node *b);

#endif
