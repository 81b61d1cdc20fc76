/* sensitivity.c: how much of the truth was found (recall). */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tp, p->tp + p->fn);
}

const struct metric metric_sensitivity = {
	.p = { "sensitivity", "TP / (TP + FN), also called recall; undefined where the truth is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.eval = eval,
};
