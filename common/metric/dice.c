/* dice.c: overlap over the mean size of the two masks. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(2 * p->tp, 2 * p->tp + p->fp + p->fn);
}

const struct metric metric_dice = {
	.p = { "dice", "2 |P and T| / (|P| + |T|); 0 where one of the two is empty", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = eval,
};
