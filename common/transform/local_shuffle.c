/* local_shuffle.c: the voxels of small blocks change places: texture is lost, the shape of organs is not. */
#include "transform/spoil.h"

#include <stdlib.h>

static const struct opt opts[] = { BLOCKS_OPTS("40,80", "4,8,8", "0.5"), OPT_END };

/* The offsets of the voxels of a box in a channel. */
struct places {
	int64_t *at;
};

static void collect(int64_t at, int64_t n, int64_t row, void *arg)
{
	struct places *p = arg;

	for (int64_t i = 0; i < n; i++)
		p->at[row * n + i] = at + i;
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct blocks *c = conf;
	float *was;
	const struct tensor *image = spoil(r, &was, e);

	if (!image)
		return -1;
	const int64_t *grid = image->dim + 1, voxels = grid[0] * grid[1] * grid[2];
	const int64_t blocks = rng_uniform(rng) < c->p ? whole_draw(&c->count, rng) : 0;
	float *x = image->data;

	for (int64_t b = 0; b < blocks; b++) {
		const struct box box = box_at_random(grid, c->block.v, 0, rng);
		const int64_t n = box.size[0] * box.size[1] * box.size[2];
		struct places p = { xmalloc((size_t)n * sizeof *p.at) };
		int64_t *order = xmalloc((size_t)n * sizeof *order);

		box_rows(&box, grid, collect, &p);
		rng_shuffle(rng, order, n);
		for (int64_t k = 0; k < image->dim[0]; k++)
			for (int64_t i = 0; i < n; i++)
				x[k * voxels + p.at[i]] = was[k * voxels + p.at[order[i]]];
		free(order);
		free(p.at);
	}
	free(was);
	return 0;
}

const struct transform transform_local_shuffle = {
	{ "local_shuffle", "pre-training: voxels of small blocks change places; the original is kept as target", "Zhou et al., Models Genesis, "
		"MedIA 2021", opts, sizeof(struct blocks) },
	.apply = apply, .check = blocks_check, .makes = "target",
};
