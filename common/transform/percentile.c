/* percentile.c: two percentiles become the ends of the range; robust against a few bright voxels. */
#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	struct numbers channels;
	double lower, upper;
	const char *to;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all"),
	OPT_NUMBER(struct conf, lower, 0, "P", "0.1", 0, 100, "percentile that becomes the lower end"),
	OPT_NUMBER(struct conf, upper, 0, "P", "99.9", 0, 100, "percentile that becomes the upper end"),
	OPT_CHOICE(struct conf, to, 0, "unit|signed", "unit", "range: unit is 0..1, signed is -1..1"),
	OPT_END,
};

enum { CHANNELS = 64 };

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->lower >= c->upper)
		return err_set(e, "lower %g is not below upper %g", c->lower, c->upper);
	return channels_check(&c->channels, e);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct tensor *t = image_float(r, e);
	int64_t index[CHANNELS];
	int n = t ? channels_of(&c->channels, t->dim[0], index, CHANNELS, e) : -1;

	(void)rng;
	for (int k = 0; k < n; k++) {
		int64_t size = tensor_count(t) / t->dim[0];
		float *x = (float *)t->data + index[k] * size, *sorted;
		double v0, v1, mean, std;

		moments(x, size, -INFINITY, &mean, &std);
		if (!isfinite(mean) || !isfinite(std))
			return err_set(e, "image holds values that are not finite (NaN or infinity)");
		sorted = xmalloc((size_t)size * sizeof(*sorted));
		memcpy(sorted, x, (size_t)size * sizeof(*sorted));
		v0 = percentile(sorted, size, c->lower);
		v1 = percentile(sorted, size, c->upper);
		free(sorted);
		limit(x, size, (float)v0, (float)v1);
		if (!strcmp(c->to, "unit"))
			shift_scale(x, size, (float)v0, v1 > v0 ? (float)(1 / (v1 - v0)) : 0);
		else
			shift_scale(x, size, (float)(v0 / 2 + v1 / 2), v1 > v0 ? (float)(2 / (v1 - v0)) : 0);
	}
	return n < 0 ? -1 : 0;
}

const struct transform transform_percentile = {
	{ "percentile", "clip at two percentiles and scale to 0..1 or -1..1, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
