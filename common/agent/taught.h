/* taught.h: what methods share whose teacher is the average of the weights. */
#ifndef PM_TAUGHT_H
#define PM_TAUGHT_H

#include "agent/semi.h"

/* How a teacher follows. */
#define FOLLOWED \
	double decay; \
	const char *statistics
#define FOLLOWED_OPTIONS(T) \
	OPT_NUMBER(T, decay, 0, "X", "0.99", 0, 0.9999999, "the teacher is the average of the weights, of this decay"), \
	OPT_CHOICE(T, statistics, 0, "average|copy", "average", "the teacher's running statistics: averaged as well, or the student's")

/* Settings with a teacher begin with RAMPED and FOLLOWED; where the teacher sees noise, with TAUGHT. */
struct followed {
	RAMPED;
	FOLLOWED;
};
#define TAUGHT \
	RAMPED; \
	FOLLOWED; \
	double noise
struct taught {
	TAUGHT;
};
#define TAUGHT_OPTIONS(T) \
	FOLLOWED_OPTIONS(T), \
	OPT_NUMBER(T, noise, 0, "X", "0.1", 0, 1e6, "standard deviation of the noise on the images, cut at twice that")

/* With a teacher who is asked where it is sure. */
struct unsure {
	TAUGHT;
	int passes;
};
extern const struct opt unsure_opts[];

struct follow following(double decay, const char *statistics); /* of settings with FOLLOWED */
struct follow taught_follow(const void *conf); /* of settings that begin with struct followed */

/* Main output, or its probabilities, of a set of parameters, by its running statistics and without a gradient. */
struct node *still_logits(struct run *r, int set, struct node *image, bool dropout);
struct node *still_probabilities(struct run *r, int set, struct node *image, bool dropout);
struct node *noisy_image(struct run *r, struct node *image, double sigma); /* plus N(0, sigma^2) cut at 2 sigma; no gradient */

/*
 * Where the entropy of `mean` is below threshold (a scalar): sum M (p - q)^2 / (2 sum M + 1e-16). Yu et al., MICCAI 2019.
 */
struct node *sure_gap(struct graph *g, struct node *p, struct node *q, struct node *mean, struct node *threshold);
/* Weight and threshold, as `tell` says them: (0.75 + 0.25 ramp) ln K. */
int64_t tell_sure(const struct run *r, float *out);
/* What sure_gap wants: the teacher's probabilities of images with noise, and the mean of `passes` more with dropout. */
struct node *sure_teacher(struct run *r, struct node *image, int passes, double sigma, struct node **p_mean);

#endif
