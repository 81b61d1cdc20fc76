/* percentile.c: two percentiles become the ends of the range; robust against a few bright voxels. */
#include "transform/channels.h"

#include <string.h>

struct conf {
	struct limits limits;
	const char *to;
};

static const struct opt opts[] = {
	CHANNELS_OF(struct limits),
	OPT_NUMBER(struct limits, lower, 0, "P", "0.1", 0, 100, "percentile that becomes the lower end, one or one per channel"),
	OPT_NUMBER(struct limits, upper, 0, "P", "99.9", 0, 100, "percentile that becomes the upper end, one or one per channel"),
	OPT_CHOICE(struct conf, to, 0, "unit|signed", "unit", "range: unit is 0..1, signed is -1..1"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return limits_check(conf, true, e); }

static bool looks(const void *conf) { return conf; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, to_do, &c->limits.channels, e))
		return -1;
	while (next_channel(&ch)) {
		const float *values = channel_values(&ch, r, e);
		struct change *x = draw_change(to_do, ACTION_RANGE, ch.c);
		double v[2];

		if (!values || channel_limits(&ch, conf, values, v, e))
			return -1;
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
