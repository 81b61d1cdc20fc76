/* terms.h: what losses of probabilities p [n,k,d,h,w] are written with. */
#ifndef PM_TERMS_H
#define PM_TERMS_H

#include "loss/loss.h"

struct node *sum_of(struct graph *g, struct node *a, struct node *b);
struct node *product_of(struct graph *g, struct node *a, struct node *b);
struct node *ratio_of(struct graph *g, struct node *a, struct node *b);
/* a x + b */
struct node *linear(struct graph *g, double a, struct node *x, double b);
struct node *mean_of(struct graph *g, struct node *x); /* of all elements */

/* Probabilities kept off 0 and 1 as PyMIC does: 0.999 p + 5e-4. */
struct node *squeezed(struct graph *g, struct node *p);
/* -ln(p + 1e-8): finite, with a finite gradient, where a probability has vanished. */
struct node *surprise(struct graph *g, struct node *p);

/* The truth y [n,k,d,h,w]; labels become one-hot, a label that is no class zeros. */
struct node *truth_soft(struct graph *g, const struct truth *t, int64_t k);
/* The weight of each pixel, 0 where its label is no class; NULL: all are 1. y: of truth_soft. */
struct node *truth_weight(struct graph *g, const struct truth *t, struct node *y);

/* x [n,k,...]: each class times its class weight, each pixel times its w [n,1,...]; NULL: unchanged. */
struct node *by_class(struct graph *g, struct node *x, struct node *class_weight);
struct node *by_pixel(struct graph *g, struct node *x, struct node *w);
/* e [n,1,...]: sum w e / (sum w + 1e-10), the mean where w is NULL. */
struct node *pixel_mean(struct graph *g, struct node *e, struct node *w);

/* The image as a plain map of the size of the logits, by averages where these are smaller; dies where there is none. */
struct node *truth_image(struct graph *g, const struct truth *t, const struct node *logits);
/* Channel c of a plain map, [n,1,...]; no gradient is wanted of it. */
struct node *channel(struct graph *g, struct node *x, int64_t c);
/* Sums over space, [n,c]. */
struct node *space_sums(struct graph *g, struct node *x);
/* The inverse: one value for each sample and class, [n,c], everywhere in the space of v. */
struct node *to_space(struct graph *g, struct node *x, const struct fmap *v);
/* Sums over batch and space of each class, [1,k]. */
struct node *class_sums(struct graph *g, struct node *x);
/* 0 where x is below, 1 where it is above. */
struct node *clipped(struct graph *g, struct node *x);
/* x [1,k]: sum a x / sum a, the mean where the class weights a are NULL. */
struct node *class_mean(struct graph *g, struct node *x, struct node *class_weight);
/* (2 both + s) / (each + s) */
struct node *dice_ratio(struct graph *g, struct node *both, struct node *each, double s);
/* Soft Dice of each class, [1,k]: (2 sum w y p + s) / (sum w y + sum w p + s). */
struct node *dice_of(struct graph *g, struct node *logits, const struct truth *t, double smooth);
/* With squares below: (2 sum w y p + s) / (sum w y^2 + sum w p^2 + s), of probabilities p and y; w [n,1,...], or NULL. */
struct node *square_dice(struct graph *g, struct node *p, struct node *y, struct node *w, double smooth);
/* That of a softmax. */
struct node *dice_squared(struct graph *g, struct node *logits, const struct truth *t, double smooth);

/* psi(x) of the constraint x <= 0: -ln(-x) / t up to -1/t^2, beyond that a line of slope t: the log-barrier extension. */
struct node *barrier(struct graph *g, struct node *x, double t);

#endif
