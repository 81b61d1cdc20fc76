/* iou.c: overlap over union (Jaccard index). */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tp, p->tp + p->fp + p->fn);
}

const struct metric metric_iou = {
	.p = { "iou", "|P and T| / |P or T|, the Jaccard index; 0 where one of the two is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
