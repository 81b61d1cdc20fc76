/* pq.c: panoptic quality: are lesions found, and how well. */
#include "metric/lesions.h"

struct conf {
	int connectivity;
	double iou;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, connectivity, 0, "N", "0", 0, 3,
		"a lesion's voxels share 1: a face, 2: at least an edge, 3: at least a corner; 0: that of --connectivity"),
	OPT_NUMBER(struct conf, iou, 0, "X", "0.5", 0.5, 1, "two lesions belong together above this IoU, so that each has one partner"),
	OPT_END,
};

static double eval(const void *settings, struct pair *p)
{
	const struct conf *conf = settings;
	const struct lesions *l = pair_lesions(p, conf->connectivity);
	double sum = 0;
	for (int64_t i = 0; i < l->overlaps; i++) {
		const double iou = overlap_iou(l, &l->overlap[i]);
		sum += iou > conf->iou ? iou : 0;
	}
	return l->n_pred + l->n_truth ? 2 * sum / (double)(l->n_pred + l->n_truth) : (double)NAN;
}

const struct metric metric_pq = {
	.p = { "pq", "panoptic quality of lesions (connected components): the sum of TP's IoU / (TP + FP / 2 + FN / 2)",
		"Kirillov et al., Panoptic segmentation, CVPR 2019", opts, sizeof(struct conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
