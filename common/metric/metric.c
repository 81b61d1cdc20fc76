/* metric.c: the table of metrics. */
#include "metric/metric.h"

const struct metric *const metrics[] = {
#define METRIC(name) &metric_##name,
#include "metric/list.h"
#undef METRIC
	NULL,
};

static const struct plugin *const plugins[] = {
#define METRIC(name) &metric_##name.p,
#include "metric/list.h"
#undef METRIC
	NULL,
};

const struct kind metric_kind = { "metric", plugins };
