/* sensitivity.c: how much of the truth was found, also known as recall. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tp, p->tp + p->fn);
}

const struct metric metric_sensitivity = {
	.p = { "sensitivity", "TP / (TP + FN); undefined where the truth is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};

const struct metric metric_recall = {
	.p = { "recall", "sensitivity by its other name", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
