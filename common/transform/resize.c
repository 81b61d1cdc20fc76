/* resize.c: to a given size. */
#include "transform/grid.h"

struct conf {
	struct numbers size;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "the new size; H,W alone keep the depth, 0 keeps an axis"),
	OPT_END,
};

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	int64_t from[3], to[3];

	(void)rng;
	if (target_size(r, conf, from, to, e))
		return -1;
	return grid_zoom(r, "resize", from, to, e);
}

const struct transform transform_resize = {
	{ "resize", "resample to a size, corners aligned", NULL, opts, sizeof(struct conf) },
	.apply = apply, .undo = grid_zoom_undo, .check = size_check, .blends = true,
};
