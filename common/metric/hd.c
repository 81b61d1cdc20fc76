/* hd.c: Hausdorff distance, or a percentile of it. */
#include "metric/metric.h"

struct conf {
	double percentile;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, percentile, 0, "P", "0", 0, 100,
		"of the distances in each direction; 100: the largest; 0: that of --percentile"),
	OPT_END,
};

static double eval(const void *settings, struct pair *p)
{
	const struct conf *conf = settings;
	return pair_hausdorff(p, conf->percentile > 0 ? conf->percentile : p->how.percentile);
}

const struct metric metric_hd = {
	.p = { "hd", "Hausdorff distance: the larger of the two directed maxima of surface distances", NULL, opts,
		sizeof(struct conf) },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = eval,
};
