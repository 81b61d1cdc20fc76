/* assd.c: average symmetric surface distance. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	const struct surface *s = pair_distances(p);
	return (surface_sum(&s[TO_TRUTH]) + surface_sum(&s[TO_PRED])) /
		(surface_area(&s[TO_TRUTH], INFINITY) + surface_area(&s[TO_PRED], INFINITY));
}

const struct metric metric_assd = {
	.p = { "assd", "average symmetric surface distance: the mean over the surfaces of both", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = eval,
};
