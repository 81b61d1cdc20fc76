/* patch_swap.c: pairs of blocks change places: to put them back, one must know what belongs where. */
#include "transform/spoil.h"

#include <stdlib.h>
#include <string.h>

static const struct opt opts[] = { BLOCKS_OPTS("10,20", "8,16,16", "1"), OPT_END };

struct copy {
	float *to;
	const float *from;
	int64_t shift; /* from a voxel to the one that takes its place */
};

static void copy_row(int64_t at, int64_t n, int64_t row, void *arg)
{
	const struct copy *c = arg;

	(void)row;
	memcpy(c->to + at, c->from + at + c->shift, (size_t)n * sizeof *c->to);
}

static int64_t offset(const struct box *b, const int64_t grid[3]) { return (b->start[0] * grid[1] + b->start[1]) * grid[2] + b->start[2]; }

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct blocks *c = conf;
	float *was;
	const struct tensor *image = spoil(r, &was, e);

	if (!image)
		return -1;
	const int64_t *grid = image->dim + 1, voxels = grid[0] * grid[1] * grid[2];
	const int64_t pairs = rng_uniform(rng) < c->p ? whole_draw(&c->count, rng) : 0;

	for (int64_t i = 0; i < pairs; i++) {
		const struct box a = box_at_random(grid, c->block.v, 0, rng), b = box_at_random(grid, c->block.v, 0, rng);
		const int64_t shift = offset(&b, grid) - offset(&a, grid);

		for (int64_t k = 0; k < image->dim[0]; k++) {
			struct copy one = { (float *)image->data + k * voxels, was + k * voxels, shift };
			box_rows(&a, grid, copy_row, &one);
			one.shift = -shift;
			box_rows(&b, grid, copy_row, &one);
		}
	}
	free(was);
	return 0;
}

const struct transform transform_patch_swap = {
	{ "patch_swap", "pre-training: pairs of blocks change places; the original is kept as target", "Chen et al., Self-supervised learning "
		"for medical image analysis using image context restoration, MedIA 2019", opts, sizeof(struct blocks) },
	.apply = apply, .check = blocks_check, .makes = "target",
};
