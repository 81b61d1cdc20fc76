/* rve.c: relative volume error. */
#include "metric/metric.h"

#include <stdlib.h>

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(llabs(p->fp - p->fn), p->tp + p->fn);
}

const struct metric metric_rve = {
	.p = { "rve", "relative volume error, | |P| - |T| | / |T|; undefined where the truth is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
