/* layout.cu: between layouts and types; depth to space; resampling by gathering. */
#include "cuda/kernels.h"
#include "cuda/kernels/vec.h"

/* --- relayout --- */

struct relayout {
	struct fmap y, x;
	uint32_t space, physical; /* of y */
	bool add;
};

/* One element of y, the padding ones included: they become zeros. Pixels run fastest in plain maps, channels in others. */
CELL void relayout(const struct relayout *a, uint32_t i)
{
	const bool plain = a->y.lanes == 1;
	const uint32_t p = plain ? i / a->space % a->physical : i % a->physical;
	const uint32_t q = plain ? i % a->space : i / a->physical % a->space, n = i / a->physical / a->space;
	const int c = channel_of(&a->y, p);
	const int64_t to = channel_at(&a->y, n, q, p);
	float v = c < 0 ? 0 : load1(a->x.data, channel_at(&a->x, n, q, physical_of(&a->x, (uint32_t)c)), a->x.type);

	if (a->add)
		v += load1(a->y.data, to, a->y.type);
	store1(a->y.data, to, a->y.type, v);
}
EACH(relayout)

/* The same between maps whose physical channels are the same. */
struct relayout_groups {
	struct fmap y, x;
	uint32_t space, groups;
	bool add;
};

CELL void relayout_groups(const struct relayout_groups *a, uint32_t i)
{
	const struct place p = place_of(i, a->groups, a->space);
	const int64_t to = group_at(&a->y, p.n, p.q, p.group);
	struct vec8 v = load8(a->x.data, group_at(&a->x, p.n, p.q, p.group), a->x.type);

	if (a->add) {
		const struct vec8 old = load8(a->y.data, to, a->y.type);
		for (int j = 0; j < VEC; j++)
			v.x[j] += old.x[j];
	}
	store8(a->y.data, to, a->y.type, v);
}
EACH(relayout_groups)

static bool same_channels(const struct fmap *a, const struct fmap *b)
{
	return a->lanes == PM_LANES && b->lanes == PM_LANES &&
		(a->split == b->split || (a->split % PM_LANES == 0 && b->split % PM_LANES == 0));
}

void cuda_relayout(struct fmap *y, const struct fmap *x, bool add)
{
	const uint32_t space = (uint32_t)fmap_space(y);

	if (same_channels(x, y)) {
		const struct relayout_groups a = { *y, *x, space, groups_of(y), add };
		relayout_groups_each(&a, y->n * space * groups_of(y));
	} else {
		const struct relayout a = { *y, *x, space, (uint32_t)(fmap_blocks(y) * y->lanes), add };
		relayout_each(&a, y->n * fmap_image(y));
	}
}

/* --- space: [2^dims c] at a size to [c] at twice the size, each position in blocks of its own; and back --- */

struct space {
	struct fmap y, x;
	uint32_t groups, deep; /* groups of the large map */
	bool inverse;
};

/* A group of a pixel of the large map. */
CELL void space(const struct space *a, uint32_t i)
{
	const struct fmap *high = a->inverse ? &a->x : &a->y, *low = a->inverse ? &a->y : &a->x;
	const struct place p = place_of(i, a->groups, (uint32_t)(high->d * high->h * high->w));
	const uint32_t wide = (uint32_t)high->w, tall = (uint32_t)high->h, w = p.q % wide, h = p.q / wide % tall, d = p.q / wide / tall;
	const uint32_t position = ((d % a->deep) * 2 + h % 2) * 2 + w % 2;
	const uint32_t q = (uint32_t)((d / a->deep * low->h + h / 2) * low->w + w / 2);
	const int64_t up = group_at(high, p.n, p.q, p.group), down = group_at(low, p.n, q, position * a->groups + p.group);

	if (a->inverse)
		store8(a->y.data, down, a->y.type, load8(a->x.data, up, a->x.type));
	else
		store8(a->y.data, up, a->y.type, load8(a->x.data, down, a->x.type));
}
EACH(space)

void cuda_space(struct fmap *y, const struct fmap *x, int dims, bool inverse)
{
	const struct fmap *high = inverse ? x : y;
	const struct space a = { *y, *x, groups_of(high), dims == 3 ? 2u : 1u, inverse };

	space_each(&a, high->n * fmap_space(high) * a.groups);
}

/* --- resample: what a pixel of y is made of lies in a box of x --- */

struct resample {
	struct fmap y, x;
	struct axis_map map[3]; /* in the device's memory */
	uint32_t groups, space; /* of y; plain maps: groups are channels */
	bool add;
};

struct box {
	int32_t first[3], count[3];
	const real *weight[3];
};

CELL struct box box_of(const struct resample *a, uint32_t q)
{
	const uint32_t w = (uint32_t)a->y.w, h = (uint32_t)a->y.h, at[3] = { q / w / h, q / w % h, q % w };
	struct box b;

	for (int k = 0; k < 3; k++) {
		b.first[k] = a->map[k].first[at[k]];
		b.count[k] = a->map[k].count[at[k]];
		b.weight[k] = a->map[k].weight + a->map[k].at[at[k]];
	}
	return b;
}

CELL void resample(const struct resample *a, uint32_t i)
{
	const struct place p = place_of(i, a->groups, a->space);
	const struct box b = box_of(a, p.q);
	const int64_t to = group_at(&a->y, p.n, p.q, p.group);
	struct vec8 s;

	for (int j = 0; j < VEC; j++)
		s.x[j] = 0;
	for (int d = 0; d < b.count[0]; d++)
		for (int h = 0; h < b.count[1]; h++) {
			const uint32_t row = (uint32_t)(((b.first[0] + d) * a->x.h + b.first[1] + h) * a->x.w + b.first[2]);
			const float weight = b.weight[0][d] * b.weight[1][h];
			for (int w = 0; w < b.count[2]; w++) {
				const struct vec8 v = load8(a->x.data, group_at(&a->x, p.n, row + w, p.group), a->x.type);
				const float f = weight * b.weight[2][w];
				for (int j = 0; j < VEC; j++)
					s.x[j] += f * v.x[j];
			}
		}
	if (a->add) {
		const struct vec8 old = load8(a->y.data, to, a->y.type);
		for (int j = 0; j < VEC; j++)
			s.x[j] += old.x[j];
	}
	store8(a->y.data, to, a->y.type, s);
}
EACH(resample)

CELL void resample_plain(const struct resample *a, uint32_t i)
{
	const uint32_t q = i % a->space, c = i / a->space % a->groups, n = i / a->space / a->groups;
	const struct box b = box_of(a, q);
	const int64_t to = channel_at(&a->y, n, q, c);
	float s = 0;

	for (int d = 0; d < b.count[0]; d++)
		for (int h = 0; h < b.count[1]; h++)
			for (int w = 0; w < b.count[2]; w++) {
				const uint32_t from = (uint32_t)(((b.first[0] + d) * a->x.h + b.first[1] + h) * a->x.w + b.first[2] + w);
				s += b.weight[0][d] * b.weight[1][h] * b.weight[2][w] * load1(a->x.data, channel_at(&a->x, n, from, c), a->x.type);
			}
	if (a->add)
		s += load1(a->y.data, to, a->y.type);
	store1(a->y.data, to, a->y.type, s);
}
EACH_OF(resample_plain, resample)

void cuda_resample(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add)
{
	const uint32_t groups = y->lanes == 1 ? (uint32_t)y->c : groups_of(y), space = (uint32_t)fmap_space(y);
	const struct resample a = { *y, *x, { map[0], map[1], map[2] }, groups, space, add };

	if (y->lanes == 1)
		resample_plain_each(&a, y->n * groups * space);
	else
		resample_each(&a, y->n * groups * space);
}
