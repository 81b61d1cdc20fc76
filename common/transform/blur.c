/* blur.c: smoothing with a Gaussian of random width. */
#include "transform/channels.h"
#include "transform/grid.h"

#include <string.h>

struct conf {
	struct varied by;
	const char *axes;
};

static const struct opt opts[] = {
	VARIED_OPTS("S", "0.5", "1", 0, 1000, "standard deviation of the Gaussian, in voxels"),
	OPT_STRING(struct conf, axes, 0, "AXES", "dhw", "letters of the axes along which it smooths: d, h, w"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	return axes_check(((const struct conf *)conf)->axes, "axes", e) ? -1 : varied_check(conf, e);
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	struct channels ch;
	int64_t size[3];

	if (actions_grid(to_do, r, size, e) || channels_drawn(&ch, r, to_do, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_BLUR, ch.c);

		x->a = varied_draw(conf, rng);
		memcpy(x->size, size, sizeof size);
		for (int a = 0; a < 3; a++)
			x->axis[a] = axis_named(((const struct conf *)conf)->axes, a);
	}
	return 0;
}

const struct transform transform_blur = {
	{ "blur", "random Gaussian blur of the image", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .check = check,
};
