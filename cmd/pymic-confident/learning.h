/*
 * learning.h: confident learning: which labels are wrong, from the probabilities of a network and from how often it is
 * sure of another class (Northcutt et al., Confident learning: estimating uncertainty in dataset labels, JAIR 2021). The
 * voxels of all cases count together; they are seen several times, part by part, and only counts are kept.
 */
#ifndef LEARNING_H
#define LEARNING_H

#include "base/base.h"

/* Voxels of a case: given labels 0..K-1, and probabilities prob[k * n + i]. */
struct part {
	const uint8_t *label;
	const float *prob;
	int64_t n;
};

struct learning;

struct learning *learning_new(int classes);
void learning_free(struct learning *l);

/* How often all parts must be seen before learning_mark, and what is done with each of them, in every pass the same. */
enum { LEARNING_PASSES = 6 };
void learning_see(struct learning *l, int pass, const struct part *p);
void learning_pass_end(struct learning *l, int pass);

/* suspect[i] = 1 where the label is probably wrong, else 0. Returns how many. */
int64_t learning_mark(const struct learning *l, const struct part *p, uint8_t *suspect);

/* From the second pass on: how many voxels of label `given` are estimated to be of class `truth`. */
int64_t learning_joint(const struct learning *l, int truth, int given);

#endif
