/* masd.c: mean average surface distance, in which the smaller surface counts as much as the larger. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	const struct surface *s = pair_distances(p);
	return (surface_sum(&s[TO_TRUTH]) / surface_area(&s[TO_TRUTH], INFINITY) +
		surface_sum(&s[TO_PRED]) / surface_area(&s[TO_PRED], INFINITY)) / 2;
}

const struct metric metric_masd = {
	.p = { "masd", "mean average surface distance: the mean of the two directed means", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = eval,
};
