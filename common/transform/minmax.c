/* minmax.c: the range of intensities becomes -1..1. */
#include "transform/array.h"
#include "transform/grid.h"

struct conf {
	struct numbers channels, lower, upper;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all"),
	OPT_NUMBER(struct conf, lower, 0, "V", "", -1e30, 1e30, "becomes -1, one or one per channel; none given: the minimum"),
	OPT_NUMBER(struct conf, upper, 0, "V", "", -1e30, 1e30, "becomes 1, one or one per channel; none given: the maximum"),
	OPT_END,
};

enum { CHANNELS = 64 };

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	for (int i = 0; i < c->lower.n && i < c->upper.n; i++)
		if (c->lower.v[i] >= c->upper.v[i])
			return err_set(e, "lower %g is not below upper %g", c->lower.v[i], c->upper.v[i]);
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
		float *x = (float *)t->data + index[k] * size, lo, hi;

		extent(x, size, &lo, &hi);
		double v0 = (double)lo, v1 = (double)hi;

		if (entry(&c->lower, "lower", k, n, &v0, e) || entry(&c->upper, "upper", k, n, &v1, e))
			return -1;
		limit(x, size, (float)v0, (float)v1);
		/* one value only: the middle of the range */
		shift_scale(x, size, (float)(v0 / 2 + v1 / 2), v1 > v0 ? (float)(2 / (v1 - v0)) : 0);
	}
	return n < 0 ? -1 : 0;
}

const struct transform transform_minmax = {
	{ "minmax", "clip and scale the range of intensities to -1..1, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
