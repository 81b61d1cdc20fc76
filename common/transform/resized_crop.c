/* resized_crop.c: a box of random size, brought to one size. */
#include "transform/grid.h"

struct conf {
	struct numbers size, lower, upper, labels;
	double p, foreground;
	bool cubic;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "size that it gets; H,W alone keep the depth, 0 keeps an axis"),
	OPT_NUMBER(struct conf, lower, 0, "D,H,W", "0.8,0.8", 0.01, 100, "the box's size is at least this times that; H,W alone: as deep"),
	OPT_NUMBER(struct conf, upper, 0, "D,H,W", "1.2,1.2", 0.01, 100, "and at most this times that"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that it is not just that size"),
	OPT_NUMBER(struct conf, foreground, 0, "P", "0", 0, 1, "probability of a box around a voxel of a random class"),
	OPT_NUMBER(struct conf, labels, 0, "L", "", -1e9, 1e9, "those classes; none given: all values but the smallest"),
	GRID_CUBIC(struct conf),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	return bounds_check(&c->lower, &c->upper, e) || whole_numbers(&c->labels, "label", e) ? -1 : size_check(conf, e);
}

static bool looks(const void *conf) { return ((const struct conf *)conf)->foreground > 0; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t from[3], to[3], box[3], room[3], before[3], start[3];

	if (target_size(to_do, r, conf, from, to, e))
		return -1;
	const bool other = rng_uniform(rng) < c->p;

	for (int a = 0; a < 3; a++) {
		const double lower = axis_number(&c->lower, a), upper = axis_number(&c->upper, a);

		box[a] = other && lower > 0 ? (int64_t)((double)to[a] * rng_range(rng, lower, upper)) : to[a];
		box[a] = box[a] > 1 ? box[a] : 1;
		room[a] = box[a] > from[a] ? box[a] : from[a];
		before[a] = -((room[a] - from[a]) / 2);
		start[a] = rng_int(rng, 0, room[a] - box[a]);
	}
	if (crop_drawn(c->foreground, &c->labels, r, from, box, start, rng, e) < 0)
		return -1;
	for (int a = 0; a < 3; a++)
		start[a] = box[a] < from[a] ? start[a] : 0;
	draw_shift(to_do, room, before, BORDER_REFLECT);
	draw_shift(to_do, box, start, BORDER_ZERO);
	draw_zoom(to_do, to, c->cubic);
	return 0;
}

const struct transform transform_resized_crop = {
	{ "resized_crop", "cut a box of random size out (mirrored where the image is smaller) and resample it to one size",
		NULL, opts, sizeof(struct conf) },
	.draw = draw, .looks = looks, .check = check,
};
