/* brightness.c: all intensities of a channel times a number, or plus one. */
#include "transform/channels.h"

#include <string.h>

struct conf {
	struct varied by;
	const char *how;
};

static const struct opt opts[] = {
	VARIED_OPTS("V", "0.75", "1.25", -1e30, 1e30, "number"),
	OPT_CHOICE(struct conf, how, 0, "multiply|add", "multiply", "what the number does; to add, give min and max"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const bool adds = !strcmp(((const struct conf *)conf)->how, "add");
	struct channels ch;

	if (channels_drawn(&ch, r, to_do, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_SCALE, ch.c);
		const double v = varied_draw(conf, rng);

		x->a = adds ? 1 : v;
		x->b = 0;
		x->to[0] = adds ? v : 0;
	}
	return 0;
}

const struct transform transform_brightness = {
	{ "brightness", "intensities times a random number, or plus one", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = varied_check,
};
