/* mask_blocks.c: blocks of a regular grid become 0, and what was there has to be guessed from the rest. */
#include "transform/spoil.h"

#include <stdlib.h>
#include <string.h>

struct conf {
	struct numbers block;
	double ratio;
	bool per_channel, weight;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, block, 0, "D,H,W", "8,16,16", 1, 65536, "size of a block; smaller at the end of the image"),
	OPT_NUMBER(struct conf, ratio, 0, "P", "0.45", 0, 1, "probability of each block"),
	OPT_SWITCH(struct conf, per_channel, 0, "other blocks in each channel"),
	OPT_SWITCH(struct conf, weight, 0, "the weight becomes 1 where blocks are, of any channel, and 0 elsewhere"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->block.n != 3)
		return err_set(e, "block has %d numbers: give D,H,W", c->block.n);
	return whole_numbers(&c->block, "block", e);
}

static void mark(int64_t at, int64_t n, int64_t row, void *arg)
{
	(void)row;
	memset((uint8_t *)arg + at, 1, (size_t)n);
}

static void draw_mask(uint8_t *mask, const int64_t grid[3], const struct conf *c, struct rng *rng)
{
	struct box b;

	memset(mask, 0, (size_t)(grid[0] * grid[1] * grid[2]));
	for (b.start[0] = 0; b.start[0] < grid[0]; b.start[0] += (int64_t)c->block.v[0])
		for (b.start[1] = 0; b.start[1] < grid[1]; b.start[1] += (int64_t)c->block.v[1])
			for (b.start[2] = 0; b.start[2] < grid[2]; b.start[2] += (int64_t)c->block.v[2]) {
				for (int a = 0; a < 3; a++) {
					const int64_t rest = grid[a] - b.start[a];
					b.size[a] = (int64_t)c->block.v[a] < rest ? (int64_t)c->block.v[a] : rest;
				}
				if (rng_uniform(rng) < c->ratio)
					box_rows(&b, grid, mark, mask);
			}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct tensor *image = spoil(r, NULL, e);

	if (!image)
		return -1;
	const int64_t channels = image->dim[0], *grid = image->dim + 1, n = grid[0] * grid[1] * grid[2];
	uint8_t *mask = xmalloc((size_t)n), *any = xcalloc((size_t)n, 1);
	float *x = image->data;

	for (int64_t k = 0; k < channels; k++) {
		if (k == 0 || c->per_channel)
			draw_mask(mask, grid, c, rng);
		for (int64_t i = 0; i < n; i++) {
			x[k * n + i] = mask[i] ? 0 : x[k * n + i];
			any[i] |= mask[i];
		}
	}
	if (c->weight)
		convert(record_put(r, "weight", PM_F32, 3, grid)->data, PM_F32, any, PM_U8, n);
	free(mask);
	free(any);
	return 0;
}

const struct transform transform_mask_blocks = {
	{ "mask_blocks", "pre-training: blocks of the image become 0; the original is kept as target", "Chen et al., Masked image modeling advances "
		"3D medical image analysis, WACV 2023", opts, sizeof(struct conf) },
	.apply = apply, .check = check, .makes = "target",
};
