/* assd.c: average symmetric surface distance. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	pair_surfaces(p);
	double sum = 0;
	for (int64_t i = 0; i < p->n_to_truth; i++)
		sum += p->to_truth[i];
	for (int64_t i = 0; i < p->n_to_pred; i++)
		sum += p->to_pred[i];
	return sum / (double)(p->n_to_truth + p->n_to_pred);
}

const struct metric metric_assd = {
	.p = { "assd", "average symmetric surface distance: the mean over the surface voxels of both", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.eval = eval,
};
