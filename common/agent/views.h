/*
 * views.h: what methods share that show a network the same unlabeled samples twice. What it says where it sees them as they
 * came, the weak view, teaches it where they are changed, the strong view, in the pixels where it is sure.
 *
 * A strong view moves no pixel. In each channel of each sample v = (x - min) / (max - min), so that it means the same however
 * images are normalised. With probability 0.8 it becomes b (k v + (1 - k) mean v), of brightness b and contrast k, cut to
 * 0..1, to the power of gamma; with probability 0.5 it is blurred in its planes. Then CutMix (Yun et al., ICCV 2019), with
 * probability `cutmix`: in a random box is the strong view of a partner. Partners are the same unlabeled samples, rotated by
 * half their number: of slices of volumes, those of another volume.
 */
#ifndef PM_AGENT_VIEWS_H
#define PM_AGENT_VIEWS_H

#include "agent/semi.h"

enum { TAPS = 13 }; /* of a blur in planes: three deviations of 2 */
void gaussian_taps(double sigma, float tap[TAPS]); /* their sum is 1 */

#define VIEWED \
	double threshold, cutmix, jitter, blur; \
	struct numbers area, gamma; \
	const char *loss, *denominator
struct viewed {
	VIEWED;
};

/* For settings T that begin with VIEWED. */
#define VIEWED_OPTIONS(T, default_loss) \
	OPT_NUMBER(T, threshold, 0, "P", "0.95", 0, 1, "a pixel teaches where its most probable class is at least that probable"), \
	OPT_CHOICE(T, loss, 0, "dice|ce", default_loss, "of those pixels: Dice with squares in the denominator, or cross entropy"), \
	OPT_CHOICE(T, denominator, 0, "all|kept", "all", "ce: the sum is divided by the number of all pixels, or of those that teach"), \
	OPT_NUMBER(T, cutmix, 0, "P", "0.5", 0, 1, "probability that a box of a strong view comes from another sample"), \
	OPT_NUMBER(T, area, 0, "LIST", "0.02x0.4", 0, 0.8, "smallest and largest share of the image that such a box takes"), \
	OPT_NUMBER(T, jitter, 0, "X", "0.5", 0, 1, "strong views: brightness and contrast are multiplied by 1 - X to 1 + X"), \
	OPT_NUMBER(T, gamma, 0, "LIST", "1x1", 0.01, 100, "strong views: smallest and largest exponent"), \
	OPT_NUMBER(T, blur, 0, "X", "2", 0, 3, "strong views: largest standard deviation of the blur, in pixels; 0: none")

/* What so many strong views of the unlabeled samples are told, which is all that the agent tells. */
int64_t tell_views(const struct run *r, const struct viewed *c, int views, float *out);

/* Strong view number `which` of the unlabeled images, plain; no gradient. */
struct node *strong_view(struct run *r, int which, struct node *image);
/* The probabilities that belong to it: own ones, in its boxes those of partners, which have their own place in `others`. */
struct node *strong_view_of(struct run *r, int which, struct node *own, struct node *others);

/*
 * Where max q is at least the threshold, of probabilities q [n,k,...], a constant: y = argmax q teaches the logits z.
 * dice: the mean over classes of 1 - (2 sum M p y + s) / (sum M p^2 + sum M y + s), s = 1e-5, sums over batch and space;
 * ce: sum M ce(z, y) / pixels, or / (sum M + 1e-10). 0 where no pixel teaches.
 */
struct node *confident(struct graph *g, const struct viewed *c, struct node *z, struct node *q);

#endif
