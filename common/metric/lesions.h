/* lesions.h: the connected components of both masks and how they overlap. */
#ifndef PM_LESIONS_H
#define PM_LESIONS_H

#include "metric/metric.h"

struct lesions {
	int connectivity;
	int64_t n_pred, n_truth, overlaps;
	int64_t *pred, *truth; /* voxels of each */
	struct overlap {
		int32_t pred, truth; /* indices into the two */
		int64_t voxels;
	} *overlap;
};

/* connectivity 0: that of p->how. The result is the pair's, until the next call with another connectivity. */
const struct lesions *pair_lesions(struct pair *p, int connectivity);
double overlap_iou(const struct lesions *l, const struct overlap *o);
void lesions_free(struct lesions *l); /* may be NULL */

#endif
