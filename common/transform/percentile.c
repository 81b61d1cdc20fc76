/* percentile.c: two percentiles become the ends of the range; robust against a few bright voxels. */
#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform/channels.h"
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
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, lower, 0, "P", "0.1", 0, 100, "percentile that becomes the lower end"),
	OPT_NUMBER(struct conf, upper, 0, "P", "99.9", 0, 100, "percentile that becomes the upper end"),
	OPT_CHOICE(struct conf, to, 0, "unit|signed", "unit", "range: unit is 0..1, signed is -1..1"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->lower >= c->upper)
		return err_set(e, "lower %g is not below upper %g", c->lower, c->upper);
	return whole_numbers(&c->channels, "channel", e);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct actions none = { .n = 0 };
	const struct tensor *image = image_float(r, e);
	struct channels ch;

	(void)rng;
	if (!image || channels_of(&ch, r, &none, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		float *x = (float *)image->data + ch.c * ch.n;
		double v0, v1, mean, std;

		moments(x, ch.n, -INFINITY, &mean, &std);
		if (!isfinite(mean) || !isfinite(std))
			return err_set(e, "image holds values that are not finite (NaN or infinity)");
		float *sorted = xmalloc((size_t)ch.n * sizeof(*sorted));

		memcpy(sorted, x, (size_t)ch.n * sizeof(*sorted));
		v0 = percentile(sorted, ch.n, c->lower);
		v1 = percentile(sorted, ch.n, c->upper);
		free(sorted);
		limit(x, ch.n, (float)v0, (float)v1);
		if (!strcmp(c->to, "unit"))
			shift_scale(x, ch.n, (float)v0, v1 > v0 ? (float)(1 / (v1 - v0)) : 0);
		else
			shift_scale(x, ch.n, (float)(v0 / 2 + v1 / 2), v1 > v0 ? (float)(2 / (v1 - v0)) : 0);
	}
	return 0;
}

const struct transform transform_percentile = {
	{ "percentile", "clip at two percentiles and scale to 0..1 or -1..1, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
