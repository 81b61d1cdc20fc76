/* blur.c: smoothing with a Gaussian of random width. */
#include "transform/channels.h"
#include "transform/grid.h"

#include <string.h>

static const struct opt opts[] = {
	VARIED_OPTS("S", "0.5", "1", 0, 1000, "standard deviation of the Gaussian, in voxels"),
	ALONG_OPTS("dhw", "along which it smooths"),
	OPT_END,
};

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
			x->axis[a] = axis_named(((const struct along *)conf)->axes, a);
	}
	return 0;
}

const struct transform transform_blur = {
	{ "blur", "random Gaussian blur of the image", NULL, opts, sizeof(struct along) },
	.draw = draw, .intensity = true, .check = along_check,
};
