/* gamma.c: random gamma curve of the intensities. */
#include "transform/channels.h"

struct conf {
	struct numbers channels;
	double min, max, invert, p, channel_p;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, min, 0, "G", "0.7", 0.01, 100, "smallest exponent"),
	OPT_NUMBER(struct conf, max, 0, "G", "1.5", 0.01, 100, "largest exponent"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0", 0, 1, "probability to turn dark into bright before"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"),
	OPT_NUMBER(struct conf, channel_p, 0, "P", "0.5", 0, 1, "probability that a channel of such a sample is changed"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->min > c->max)
		return err_set(e, "min %g is above max %g", c->min, c->max);
	return whole_numbers(&c->channels, "channel", e);
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	if (channels_of(&ch, r, to_do, &c->channels, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	while (next_channel(&ch)) {
		if (rng_uniform(rng) >= c->channel_p)
			continue;
		struct change *x = draw_change(to_do, ACTION_GAMMA, ch.c);

		x->a = rng_range(rng, c->min, c->max);
		x->on = rng_uniform(rng) < c->invert;
	}
	return 0;
}

const struct transform transform_gamma = {
	{ "gamma", "random gamma curve over the channel's own range", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = check,
};
