/* metric.h: how well a mask agrees with the truth. One file here and one line in list.h per metric. */
#ifndef PM_METRIC_H
#define PM_METRIC_H

#include <math.h>

#include "base/opt.h"
#include "tensor/tensor.h"

/*
 * What a surface is made of: the voxels with a neighbour outside the mask, each counting the same, or the patches of a
 * marching-cubes surface with their areas (in 2-D: lengths).
 */
enum elements { VOXELS, PATCHES };

/* The distance from each element of one surface to the nearest of the other; INFINITY where the other mask is empty. */
struct surface {
	int64_t n;       /* 0: the mask is empty */
	float *distance; /* in units of spacing, in any order; area goes along */
	double *area;    /* NULL: each element counts the same */
};
enum { TO_TRUTH, TO_PRED }; /* of pred's surface, and of truth's */

/* What holds for all metrics where their own settings say nothing else. */
struct convention {
	int connectivity;       /* neighbours share 1: a face, 2: an edge or a face, 3: a corner, an edge or a face */
	enum elements elements; /* of the surfaces between which distances are measured */
	double percentile;      /* of the Hausdorff distance */
};

/* One structure of one case. What several metrics ask for is computed once. */
struct pair {
	int64_t size[3];             /* D, H, W */
	double spacing[3];           /* z, y, x */
	struct convention how;       /* 1, VOXELS, 100, until another is put there */
	int64_t box[3], words;       /* the smallest box around both masks; words of 64 voxels in a row of it */
	uint64_t *pred, *truth;      /* the masks within the box, [box D, box H, words]; the lowest bit comes first */
	int64_t tp, fp, fn, tn;      /* counted by pair_init */
	struct surface surface[2][2]; /* [elements][TO_...], after pair_surfaces */
	struct lesions *lesions;     /* after pair_lesions */
	int structure;               /* which of the case's */
	const double *score;         /* of a table of predictions alone, which has no masks: how likely each case is, */
	const uint8_t *is;           /* and whether it is */
};

/* What a metric is measured in: nothing, the unit of spacing, or its cube. */
enum quantity { RATIO, DISTANCE, VOLUME };

/* What it is made of: tp, fp, fn and tn alone; the masks; the scores of a table. */
enum source_of { COUNTS, MASKS, SCORES };

struct metric {
	struct plugin p;
	enum quantity quantity;
	enum source_of from;
	/* NaN where undefined (0 / 0). A DISTANCE of list.h is asked for only when neither mask is empty. */
	double (*eval)(const void *conf, struct pair *p);
};

#define METRIC(name) extern const struct metric metric_##name;
#include "metric/list.h"
#undef METRIC
extern const struct metric *const metrics[]; /* ends with NULL */
extern const struct kind metric_kind;

/* Masks are 0 or 1, [D,H,W]. */
void pair_init(struct pair *p, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3]);
/*
 * The two surfaces, [TO_TRUTH] and [TO_PRED]; they are the pair's. Outside the image counts as background, but an axis of
 * length 1 has no neighbours (a 2-D image).
 */
struct surface *pair_surfaces(struct pair *p, enum elements e);
struct surface *pair_distances(struct pair *p); /* as p->how says */
/* The larger of the two directed percentiles (100: the maximum) of those distances. */
double pair_hausdorff(struct pair *p, double percent);
/* One of the pair's masks as bytes of 0 and 1, [box]; the caller frees it. */
uint8_t *pair_bytes(const struct pair *p, const uint64_t *mask);
double pair_diagonal(const struct pair *p); /* the largest distance that two voxels of the image can have */
void pair_fini(struct pair *p);

/* Percentile of the distances, linearly interpolated, or by their areas: the first at which that part of the area is. */
double surface_percentile(struct surface *s, double percent);
double surface_sum(const struct surface *s); /* of distances, times their areas */
double surface_area(const struct surface *s, double within); /* of the elements no farther off than this */

static inline double ratio(int64_t part, int64_t whole)
{
	return whole ? (double)part / (double)whole : (double)NAN;
}

#endif
