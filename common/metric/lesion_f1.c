/* lesion_f1.c: how many lesions are found, and how many invented. */
#include "metric/lesions.h"

#include <stdlib.h>

static const struct opt opts[] = { LESION_OPTIONS("0", 0, "; 0: one shared voxel does") };

static double eval(const void *settings, struct pair *p)
{
	const struct lesion_conf *conf = settings;
	const struct lesions *l = pair_lesions(p, conf->connectivity);
	uint8_t *found = xcalloc((size_t)l->n_truth, 1), *right = xcalloc((size_t)l->n_pred, 1);
	for (int64_t i = 0; i < l->overlaps; i++)
		if (overlap_iou(l, &l->overlap[i]) > conf->iou)
			found[l->overlap[i].truth] = right[l->overlap[i].pred] = 1;
	int64_t tp = 0, fp = l->n_pred;
	for (int64_t i = 0; i < l->n_truth; i++)
		tp += found[i];
	for (int64_t i = 0; i < l->n_pred; i++)
		fp -= right[i];
	free(found);
	free(right);
	return ratio(2 * tp, tp + l->n_truth + fp);
}

const struct metric metric_lesion_f1 = {
	.p = { "lesion_f1", "2 TP / (2 TP + FP + FN) of lesions (connected components): TP are those of T that one of P belongs to",
		NULL, opts, sizeof(struct lesion_conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
