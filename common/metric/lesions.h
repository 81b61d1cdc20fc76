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

/* Settings of metrics of lesions. */
struct lesion_conf {
	int connectivity;
	double iou;
};
#define LESION_OPTIONS(default_iou, least_iou, iou_text) \
	OPT_NUMBER(struct lesion_conf, connectivity, 0, "N", "0", 0, 3, \
		"a lesion's voxels share 1: a face, 2: at least an edge, 3: at least a corner; 0: that of --connectivity"), \
	OPT_NUMBER(struct lesion_conf, iou, 0, "X", default_iou, least_iou, 1, "two lesions belong together above this IoU" iou_text), \
	OPT_END

/* connectivity 0: that of p->how. The result is the pair's, until the next call with another connectivity. */
const struct lesions *pair_lesions(struct pair *p, int connectivity);
double overlap_iou(const struct lesions *l, const struct overlap *o);
void lesions_free(struct lesions *l); /* may be NULL */

#endif
