/* gamma.c: random gamma curve of the intensities. */
#include "transform/channels.h"

struct conf {
	struct varied by;
	double invert;
};

static const struct opt opts[] = {
	VARIED_OPTS("G", "0.7", "1.5", 0.01, 100, "exponent"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0", 0, 1, "probability to turn dark into bright before"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	if (channels_drawn(&ch, r, to_do, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_GAMMA, ch.c);

		x->a = varied_draw(conf, rng);
		x->on = rng_uniform(rng) < c->invert;
	}
	return 0;
}

const struct transform transform_gamma = {
	{ "gamma", "random gamma curve over the channel's own range", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = varied_check,
};
