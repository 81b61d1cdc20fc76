/* boundary_iou.c: overlap over union of what lies near the boundaries; large objects do not hide their errors. */
#include "metric/metric.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

struct conf {
	double distance;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, distance, 0, "D", "0", 0, 1e9,
		"how far from the outside a voxel of the boundary may be, in the unit of distances; 0: 2 % of the image's diagonal, at least a voxel"),
	OPT_END,
};

/* Takes what is farther than `far` from the outside away from a mask of the pair's box. */
static void hollow(uint8_t *mask, const struct pair *p, double far)
{
	int64_t size[3], start[3], back[3];
	for (int a = 0; a < 3; a++) { /* the image is surrounded by background, except across its plane */
		start[a] = -(p->size[a] > 1);
		size[a] = p->box[a] - 2 * start[a];
		back[a] = -start[a];
	}
	const int64_t n = size[0] * size[1] * size[2];
	uint8_t *outside = xmalloc((size_t)n);
	float *d2 = xmalloc((size_t)n * sizeof *d2), *inner = xmalloc((size_t)n * sizeof *inner);
	crop_pad(outside, size, mask, p->box, start, 1, PM_U8, BORDER_ZERO);
	for (int64_t i = 0; i < n; i++)
		outside[i] = !outside[i];
	distance_squared(d2, outside, size, p->spacing);
	crop_pad(inner, p->box, d2, size, back, 1, PM_F32, BORDER_ZERO);
	for (int64_t i = 0; i < p->box[0] * p->box[1] * p->box[2]; i++)
		mask[i] = mask[i] && inner[i] <= far * far * (1 + 1e-6); /* what is as far has been rounded */
	free(outside);
	free(d2);
	free(inner);
}

/* What is meant where nothing is said: the least that leaves no mask without a boundary is the shortest side of a voxel. */
static double usual_distance(const struct pair *p)
{
	double side = INFINITY;
	for (int a = 0; a < 3; a++)
		if (p->size[a] > 1)
			side = fmin(side, p->spacing[a]);
	return fmax(.02 * pair_diagonal(p), side);
}

static double eval(const void *settings, struct pair *p)
{
	const struct conf *conf = settings;
	const double far = conf->distance > 0 ? conf->distance : usual_distance(p);
	uint8_t *pred = pair_bytes(p, p->pred), *truth = pair_bytes(p, p->truth);
	int64_t both = 0, either = 0;
	hollow(pred, p, far);
	hollow(truth, p, far);
	for (int64_t i = 0; i < p->box[0] * p->box[1] * p->box[2]; i++) {
		both += pred[i] & truth[i];
		either += pred[i] | truth[i];
	}
	free(pred);
	free(truth);
	return ratio(both, either);
}

const struct metric metric_boundary_iou = {
	.p = { "boundary_iou", "IoU of the two masks' voxels that lie near their boundary",
		"Cheng et al., Boundary IoU: improving object-centric image segmentation evaluation, CVPR 2021", opts,
		sizeof(struct conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
