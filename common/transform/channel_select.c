/* channel_select.c: some channels of the image, in another order, or several times. */
#include "transform/channels.h"

struct conf {
	struct numbers channels;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels of the image that become its channels, from 0; one may be named twice"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	return c->channels.n ? whole_numbers(&c->channels, "channel", e) : err_set(e, "channels: give those that are to stay");
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	(void)rng;
	return select_channels(r, &((const struct conf *)conf)->channels, e);
}

const struct transform transform_channel_select = {
	{ "channel_select", "some channels of the image, in any order", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
