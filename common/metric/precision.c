/* precision.c: how much of the prediction is right. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tp, p->tp + p->fp);
}

const struct metric metric_precision = {
	.p = { "precision", "TP / (TP + FP); undefined where the prediction is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
