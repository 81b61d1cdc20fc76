/* noise.c: Gaussian noise on the image. */
#include "transform/channels.h"

static const struct opt opts[] = {
	RANGED_OPTS("S", "0.02", "0.1", 0, 1e30, "standard deviation"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	struct channels ch;

	if (channels_drawn(&ch, r, to_do, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_NOISE, ch.c);

		x->a = varied_draw(conf, rng);
		x->on = range_kept(conf);
		x->rng = channel_noise(&ch, rng);
	}
	return 0;
}

const struct transform transform_noise = {
	{ "noise", "Gaussian noise on the image", NULL, opts, sizeof(struct ranged) },
	.draw = draw, .intensity = true, .check = varied_check,
};
