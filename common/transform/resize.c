/* resize.c: to a given size. */
#include "transform/grid.h"

struct conf {
	struct numbers size;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "the new size; H,W alone keep the depth, 0 keeps an axis"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	int64_t from[3], to[3];

	(void)rng;
	if (target_size(to_do, r, conf, from, to, e))
		return -1;
	draw_zoom(to_do, to);
	return 0;
}

const struct transform transform_resize = {
	{ "resize", "resample to a size, corners aligned", NULL, opts, sizeof(struct conf) },
	.draw = draw, .undo = grid_zoom_undo, .check = size_check, .blends = true,
};
