/* lesion_f1.c: how many lesions are found, and how many invented. */
#include "metric/lesions.h"

#include <stdlib.h>

struct conf {
	int connectivity;
	double iou;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, connectivity, 0, "N", "0", 0, 3,
		"a lesion's voxels share 1: a face, 2: at least an edge, 3: at least a corner; 0: that of --connectivity"),
	OPT_NUMBER(struct conf, iou, 0, "X", "0", 0, 1, "two lesions belong together above this IoU; 0: one shared voxel does"),
	OPT_END,
};

static double eval(const void *settings, struct pair *p)
{
	const struct conf *conf = settings;
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
		NULL, opts, sizeof(struct conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
