/* pq.c: panoptic quality: are lesions found, and how well. */
#include "metric/lesions.h"

static const struct opt opts[] = { LESION_OPTIONS("0.5", 0.5, ", so that each has one partner") };

static double eval(const void *settings, struct pair *p)
{
	const struct lesion_conf *conf = settings;
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
		"Kirillov et al., Panoptic segmentation, CVPR 2019", opts, sizeof(struct lesion_conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
