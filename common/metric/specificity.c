/* specificity.c: how much of the background was left alone. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->tn, p->tn + p->fp);
}

const struct metric metric_specificity = {
	.p = { "specificity", "TN / (TN + FP)", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
