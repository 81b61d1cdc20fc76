/* hd95.c: the Hausdorff distance that forgives the worst twentieth. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return pair_hausdorff(p, 95);
}

const struct metric metric_hd95 = {
	.p = { "hd95", "the larger of the two directed 95th percentiles of surface distances (linear interpolation)", NULL,
		NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = eval,
};
