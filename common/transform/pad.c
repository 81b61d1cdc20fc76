/* pad.c: at least a given size. */
#include "transform/grid.h"

#include <string.h>

struct conf {
	struct numbers size;
	bool ceil;
	const char *border;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "size to reach; H,W alone keep the depth, 0 keeps an axis"),
	OPT_SWITCH(struct conf, ceil, 0, "the size is a step: pad to the next multiple of it"),
	OPT_CHOICE(struct conf, border, 0, "reflect|zero", "reflect", "put there: the mirror image (edge not repeated), or 0"),
	OPT_END,
};

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t from[3], to[3], start[3];

	(void)rng;
	if (target_size(to_do, r, conf, from, to, e))
		return -1;
	for (int a = 0; a < 3; a++) {
		if (c->ceil)
			to[a] = (from[a] + to[a] - 1) / to[a] * to[a];
		to[a] = to[a] > from[a] ? to[a] : from[a];
		start[a] = -((to[a] - from[a]) / 2);
	}
	draw_shift(to_do, to, start, !strcmp(c->border, "reflect") ? BORDER_REFLECT : BORDER_ZERO);
	return 0;
}

const struct transform transform_pad = {
	{ "pad", "pad image, label and weight on both sides to at least a size", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = size_check,
};
