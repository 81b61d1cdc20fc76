/* methods.h: second terms of the loss, of logits z [n,k,d,h,w]; see methods.c. */
#ifndef PM_METHODS_H
#define PM_METHODS_H

#include "agent/semi.h"

struct node *pyramid_consistency(struct graph *g, struct node *const *z, int n); /* z[0] at full size */
/* how: mse, kl or js, between softmax z and the probabilities of a teacher, a constant. */
struct node *consistency(struct graph *g, const char *how, struct node *z, struct node *teacher);
/* T^2 times the mean over pixels of KL(q | softmax(z / T)); q a constant. */
struct node *distillation(struct graph *g, struct node *z, struct node *q, double temperature);
/* Of probabilities, the mean over pixels: H((p + q) / 2) - (H(p) + H(q)) / 2. */
struct node *jensen_shannon(struct graph *g, struct node *p, struct node *q);
/* All images, moved to x + eps sign(dl/dx), which network `net` gets wrong: a constant (Goodfellow et al., ICLR 2015). */
struct node *misleading_image(struct run *r, int net, double eps);
struct node *mutual_consistency(struct graph *g, struct node *const *z, int n, double temperature);
/* share: a number; mixture share p0 + (1 - share) p1, its classes unless soft; pseudo: dice or ce, the mean of both branches. */
struct node *mixed_pseudo_labels(struct graph *g, struct node *const z[2], struct node *share, bool soft, const char *pseudo, bool twice);
struct node *sure_consistency(struct graph *g, struct node *const *z, int n);
/* Vectors a and b [n,c,1,1,m] of length 1, the same m things in two views of each of n images: are they nearest to themselves? */
struct node *info_nce(struct graph *g, struct node *a, struct node *b, double temperature);
struct node *class_affinity(struct graph *g, struct node *const *z, int n);

/* Of two branches on samples whose labels are doubted: what DAST compares and learns. The first two pass no gradient. */
void doubted_errors(struct graph *g, struct node *const z[2], const struct truth *t, struct node *e[2]);
struct node *sharpened_votes(struct graph *g, struct node *const z[2], const struct truth *t);
struct node *mutual_divergence(struct graph *g, struct node *const z[2]);
/* How many of queue [n] are smaller than its last; -1 where count, of those before it, says that it was not full yet. */
struct node *newest_rank(struct graph *g, struct node *queue, struct node *count);

#endif
