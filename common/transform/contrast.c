/* contrast.c: intensities move away from their mean, or towards it. */
#include "transform/channels.h"

static const struct opt opts[] = {
	RANGED_OPTS("F", "0.75", "1.25", 0, 1e6, "factor of the distance from the mean"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	struct channels ch;

	if (channels_drawn(&ch, r, to_do, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_SCALE, ch.c);

		x->a = varied_draw(conf, rng);
		x->on = range_kept(conf);
	}
	return 0;
}

const struct transform transform_contrast = {
	{ "contrast", "random contrast: distances from the channel's mean change", NULL, opts, sizeof(struct ranged) },
	.draw = draw, .intensity = true, .check = varied_check,
};
