/* mix.h: parts of other samples of a batch in the place of a sample's own, with their labels. */
#ifndef PM_MIX_H
#define PM_MIX_H

#include "base/rng.h"
#include "tensor/record.h"

/* How probable each is for a labeled sample. */
struct mix {
	double cutmix; /* a box of another one: Yun et al., CutMix, ICCV 2019; its share of the image is U(0,1) */
	double paste;  /* a class of another one: Ghiasi et al., Simple copy-paste is a strong data augmentation, CVPR 2021 */
};

/*
 * Samples from..to-1 of the batch, which have labels, get parts of each other as they were: image, target, label and weight.
 * What of them is drawn depends on rng alone.
 */
void mix(struct record *batch, const struct mix *m, int64_t from, int64_t to, struct rng *rng);

#endif
