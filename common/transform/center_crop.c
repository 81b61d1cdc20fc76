/* center_crop.c: the middle of the image. */
#include "transform/grid.h"

struct conf {
	struct numbers size;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "size to cut out; H,W alone keep the depth, 0 keeps an axis"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	int64_t from[3], to[3], start[3];

	(void)rng;
	if (target_size(to_do, r, conf, from, to, e) || crop_fits(from, to, e))
		return -1;
	for (int a = 0; a < 3; a++)
		start[a] = (from[a] - to[a]) / 2;
	draw_shift(to_do, to, start, BORDER_ZERO);
	return 0;
}

const struct transform transform_center_crop = {
	{ "center_crop", "cut the middle out", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = size_check,
};
