/* minmax.c: the range of intensities becomes -1..1 or 0..1. */
#include "transform/channels.h"

#include <string.h>

struct conf {
	struct numbers channels, lower, upper;
	const char *to;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, lower, 0, "V", "", -1e30, 1e30, "lower end, one or one per channel; none given: the minimum"),
	OPT_NUMBER(struct conf, upper, 0, "V", "", -1e30, 1e30, "upper end, one or one per channel; none given: the maximum"),
	OPT_CHOICE(struct conf, to, 0, "unit|signed", "signed", "range: unit is 0..1, signed is -1..1"),
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

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, to_do, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_RANGE, ch.c);

		x->on = !strcmp(c->to, "unit");
		if (channel_number(&ch, &c->lower, "lower", &x->a, e) || channel_number(&ch, &c->upper, "upper", &x->b, e))
			return -1;
	}
	return 0;
}

const struct transform transform_minmax = {
	{ "minmax", "clip and scale the range of intensities to -1..1 or 0..1, per channel", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = check,
};
