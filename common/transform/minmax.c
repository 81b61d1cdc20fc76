/* minmax.c: the range of intensities becomes -1..1. */
#include "transform/array.h"
#include "transform/channels.h"

struct conf {
	struct numbers channels, lower, upper;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, lower, 0, "V", "", -1e30, 1e30, "becomes -1, one or one per channel; none given: the minimum"),
	OPT_NUMBER(struct conf, upper, 0, "V", "", -1e30, 1e30, "becomes 1, one or one per channel; none given: the maximum"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	for (int i = 0; i < c->lower.n && i < c->upper.n; i++)
		if (c->lower.v[i] >= c->upper.v[i])
			return err_set(e, "lower %g is not below upper %g", c->lower.v[i], c->upper.v[i]);
	return whole_numbers(&c->channels, "channel", e);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		float lo, hi;

		extent(ch.x, ch.n, &lo, &hi);
		double v0 = (double)lo, v1 = (double)hi;

		if (channel_number(&ch, &c->lower, "lower", &v0, e) || channel_number(&ch, &c->upper, "upper", &v1, e))
			return -1;
		limit(ch.x, ch.n, (float)v0, (float)v1);
		/* one value only: the middle of the range */
		shift_scale(ch.x, ch.n, (float)(v0 / 2 + v1 / 2), v1 > v0 ? (float)(2 / (v1 - v0)) : 0);
	}
	return 0;
}

const struct transform transform_minmax = {
	{ "minmax", "clip and scale the range of intensities to -1..1, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
