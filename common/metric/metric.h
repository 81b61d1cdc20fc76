/* metric.h: how well a mask agrees with the truth. One file here and one line in list.h per metric. */
#ifndef PM_METRIC_H
#define PM_METRIC_H

#include <math.h>

#include "base/opt.h"
#include "tensor/tensor.h"

/* One structure of one case. Distances are computed once and shared by the metrics that ask for them. */
struct pair {
	int64_t size[3];             /* D, H, W */
	double spacing[3];           /* z, y, x */
	int64_t box[3], words;       /* the smallest box around both masks; words of 64 voxels in a row of it */
	uint64_t *pred, *truth;      /* the masks within the box, [box D, box H, words]; the lowest bit comes first */
	int64_t tp, fp, fn, tn;      /* counted by pair_init */
	float *to_truth, *to_pred;   /* after pair_surfaces: of pred's surface voxels, and of truth's; in any order */
	int64_t n_to_truth, n_to_pred;
};

/* What a metric is measured in: nothing, the unit of spacing, or its cube. */
enum quantity { RATIO, DISTANCE, VOLUME };

struct metric {
	struct plugin p;
	enum quantity quantity;
	/* NaN where undefined (0 / 0). A DISTANCE is asked for only when neither mask is empty. */
	double (*eval)(const void *conf, struct pair *p);
};

extern const struct metric *const metrics[]; /* ends with NULL */
extern const struct kind metric_kind;

/* Masks are 0 or 1, [D,H,W]. */
void pair_init(struct pair *p, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3]);
/*
 * Distances from each surface voxel of pred to the truth's surface and back, in units of spacing. Surface: a voxel with
 * a face neighbour outside the mask; outside the image counts as background, but an axis of length 1 has no neighbours
 * (a 2-D image). Neither mask may be empty.
 */
void pair_surfaces(struct pair *p);
/* The larger of the two directed percentiles (100: the maximum) of the surface distances. */
double pair_hausdorff(struct pair *p, double percent);
void pair_fini(struct pair *p);

static inline double ratio(int64_t part, int64_t whole)
{
	return whole ? (double)part / (double)whole : (double)NAN;
}

#endif
