/* percentile.c: two percentiles become the ends of the range; robust against a few bright voxels. */
#include "transform/channels.h"

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

static bool looks(const void *conf) { return conf; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, to_do, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		const float *values = channel_values(&ch, r, e);
		struct change *x = draw_change(to_do, ACTION_RANGE, ch.c);
		double v[2];

		if (!values)
			return -1;
		percentiles(values, ch.n, c->lower, c->upper, v);
		x->a = v[0];
		x->b = v[1];
		x->on = !strcmp(c->to, "unit");
	}
	return 0;
}

const struct transform transform_percentile = {
	{ "percentile", "clip at two percentiles and scale to 0..1 or -1..1, per channel", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .looks = looks, .check = check,
};
