/* metric.h: how well a mask agrees with the truth. One file here and one line in list.h per metric. */
#ifndef PM_METRIC_H
#define PM_METRIC_H

#include "base/opt.h"
#include "tensor/tensor.h"

/* One structure of one case. Distances are computed once and shared by the metrics that ask for them. */
struct pair {
	const uint8_t *pred, *truth; /* 0 or 1, [D,H,W] */
	int64_t size[3];             /* D, H, W */
	double spacing[3];           /* z, y, x */
	int64_t tp, fp, fn, tn;      /* counted by pair_init */
	float *to_truth, *to_pred;   /* surface distances, sorted, after pair_surfaces */
	int64_t n_to_truth, n_to_pred;
};

struct metric {
	struct plugin p;
	const char *unit;  /* "" or "mm": voxels where the spacing is unknown */
	double worst;      /* what a missed structure or a false alarm counts: 0, or INFINITY = the image's diagonal */
	/* NaN where undefined (both empty). Called with at least one of the two not empty. */
	double (*eval)(const void *conf, struct pair *p);
};

extern const struct metric *const metrics[]; /* ends with NULL */
extern const struct kind metric_kind;

void pair_init(struct pair *p, const uint8_t *pred, const uint8_t *truth, const int64_t size[3], const double spacing[3]);
/*
 * Distances from each surface voxel of pred to the truth's surface and back, in units of spacing. Surface: a voxel with a
 * face neighbour outside the mask (outside the image counts as background). Neither mask may be empty.
 */
void pair_surfaces(struct pair *p);
void pair_fini(struct pair *p);

#endif
