/* resize.c: to a given size. */
#include "tensor/spatial.h"
#include "transform/grid.h"

struct conf {
	struct numbers size;
	int shortest;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "the new size; H,W alone keep the depth, 0 keeps an axis"),
	OPT_NUMBER(struct conf, shortest, 0, "N", "0", 0, 65536, "instead: of the shortest axis; the others stay in proportion"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->shortest && c->size.n)
		return err_set(e, "give size or shortest, not both");
	return c->shortest ? 0 : size_check(conf, e);
}

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t from[3], to[3], least = 0;

	(void)rng;
	if (target_size(to_do, r, conf, from, to, e))
		return -1;
	for (int a = from[0] == 1; a < 3; a++) /* the depth of a slice is none */
		least = least && least < from[a] ? least : from[a];
	for (int a = 0; a < 3 && c->shortest; a++)
		to[a] = a == 0 && from[0] == 1 ? 1 : zoom_length(from[a], c->shortest / (double)least);
	draw_zoom(to_do, to, c->cubic);
	return 0;
}

const struct transform transform_resize = {
	{ "resize", "resample to a size, corners aligned", NULL, opts, sizeof(struct conf) },
	.draw = draw, .check = check,
};
