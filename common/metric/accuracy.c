/* accuracy.c: how many voxels are right; large where the background is. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tp + p->tn, p->tp + p->tn + p->fp + p->fn);
}

const struct metric metric_accuracy = {
	.p = { "accuracy", "(TP + TN) / all voxels", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
