/* normalize.c: mean 0, standard deviation 1. */
#include "transform/channels.h"

#include <string.h>

struct conf {
	struct numbers channels, mean, std, above;
	const char *background;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, mean, 0, "M", "", -1e30, 1e30, "mean, one or one per channel; none given: the image's own"),
	OPT_NUMBER(struct conf, std, 0, "S", "", 1e-30, 1e30, "standard deviation, with mean; none: the image's own + 1e-5"),
	OPT_NUMBER(struct conf, above, 0, "T", "", -1e30, 1e30, "mean and deviation of the voxels above T only"),
	OPT_CHOICE(struct conf, background, 0, "random|keep", "random", "with above: other voxels become N(0,1) noise, or not"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->std.n && !c->mean.n)
		return err_set(e, "std is given without mean: give both or none");
	return whole_numbers(&c->channels, "channel", e);
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	if (channels_of(&ch, r, to_do, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_NORMALIZE, ch.c);

		if (channel_number(&ch, &c->above, "above", &x->above, e) || channel_number(&ch, &c->mean, "mean", &x->a, e) ||
			channel_number(&ch, &c->std, "std", &x->b, e))
			return -1;
		x->on = c->above.n && !strcmp(c->background, "random");
		if (x->on)
			x->rng = channel_noise(&ch, rng);
	}
	return 0;
}

const struct transform transform_normalize = {
	{ "normalize", "subtract the mean, divide by the standard deviation, per channel", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = check,
};
