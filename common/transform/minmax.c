/* minmax.c: the range of intensities becomes -1..1 or 0..1. */
#include "transform/channels.h"

#include <string.h>

struct conf {
	struct limits limits;
	const char *to;
};

static const struct opt opts[] = {
	CHANNELS_OF(struct limits),
	OPT_NUMBER(struct limits, lower, 0, "V", "", -1e30, 1e30, "lower end, one or one per channel; none given: the minimum"),
	OPT_NUMBER(struct limits, upper, 0, "V", "", -1e30, 1e30, "upper end, one or one per channel; none given: the maximum"),
	OPT_CHOICE(struct conf, to, 0, "unit|signed", "signed", "range: unit is 0..1, signed is -1..1"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return limits_check(conf, true, e); }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, to_do, &c->limits.channels, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_RANGE, ch.c);

		double v[2] = { x->a, x->b };

		if (channel_limits(&ch, conf, NULL, v, e))
			return -1;
		x->a = v[0];
		x->b = v[1];
		x->on = !strcmp(c->to, "unit");
	}
	return 0;
}

const struct transform transform_minmax = {
	{ "minmax", "clip and scale the range of intensities to -1..1 or 0..1, per channel", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = check,
};
