/* volume.c: of the prediction. */
#include "metric/metric.h"

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	return (double)(p->tp + p->fp) * p->spacing[0] * p->spacing[1] * p->spacing[2];
}

const struct metric metric_volume = {
	.p = { "volume", "volume of the prediction in mm^3, or in voxels (PyMIC gives the truth's)", NULL, NULL, 0 },
	.quantity = VOLUME,
	.from = MASKS,
	.eval = eval,
};
