/* paint.c: blocks become noise (in-painting), or all but some boxes does (out-painting). */
#include "transform/array.h"
#include "transform/spoil.h"

#include <stdlib.h>
#include <string.h>

struct conf {
	struct blocks in;
	struct numbers out_count, keep_off;
	double inside;
};

static const struct opt opts[] = {
	BLOCKS_OPTS("20,40", "4,8,8", "0.5"),
	OPT_NUMBER(struct conf, inside, 0, "P", "0.5", 0, 1, "probability that blocks become noise, and not what is outside of boxes"),
	OPT_NUMBER(struct conf, out_count, 0, "LO,HI", "2,8", 0, 1e6, "how many boxes are kept then"),
	OPT_NUMBER(struct conf, keep_off, 0, "D,H,W", "16,32,32", 0, 65536, "so much smaller than the image is a box; at least half its size"),
	OPT_END,
};

enum { MARGIN = 3 };

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;
	const struct blocks out = { .count = c->out_count, .block = c->keep_off };

	if (blocks_check(conf, e))
		return -1;
	return blocks_check(&out, e) ? err_prefix(e, "out-count, keep-off") : 0;
}

struct painter {
	float *to, lo, hi;
	const float *from; /* NULL: noise */
	struct rng *rng;
};

static void paint_row(int64_t at, int64_t n, int64_t row, void *arg)
{
	const struct painter *p = arg;

	(void)row;
	if (p->from)
		memcpy(p->to + at, p->from + at, (size_t)n * sizeof *p->to);
	for (int64_t i = 0; i < n && !p->from; i++)
		p->to[at + i] = (float)rng_range(p->rng, (double)p->lo, (double)p->hi);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	float *was;
	const struct tensor *image = spoil(r, &was, e);

	if (!image)
		return -1;
	const int64_t *grid = image->dim + 1, voxels = grid[0] * grid[1] * grid[2];
	const struct box all = { .size = { grid[0], grid[1], grid[2] } };
	const bool changed = rng_uniform(rng) < c->in.p, inside = rng_uniform(rng) < c->inside;
	const int64_t blocks = changed ? whole_draw(inside ? &c->in.count : &c->out_count, rng) : 0;
	double size[3];

	for (int a = 0; a < 3; a++) {
		const double half = (double)((grid[a] + 1) / 2), rest = (double)grid[a] - c->keep_off.v[a];
		size[a] = inside ? c->in.block.v[a] : rest > half ? rest : half;
	}
	struct box *box = xcalloc((size_t)blocks + 1, sizeof *box);
	for (int64_t i = 0; i < blocks; i++)
		box[i] = box_at_random(grid, size, MARGIN, rng);
	for (int64_t k = 0; k < image->dim[0] && changed; k++) {
		struct painter p = { .to = (float *)image->data + k * voxels, .rng = rng };

		extent(was + k * voxels, voxels, &p.lo, &p.hi);
		if (!inside) {
			box_rows(&all, grid, paint_row, &p);
			p.from = was + k * voxels;
		}
		for (int64_t i = 0; i < blocks; i++)
			box_rows(&box[i], grid, paint_row, &p);
	}
	free(box);
	free(was);
	return 0;
}

const struct transform transform_paint = {
	{ "paint", "pre-training: noise in blocks, or around boxes; the original is kept as target", "Zhou et al., Models Genesis, MedIA 2021", opts,
		sizeof(struct conf) },
	.apply = apply, .check = check, .makes = "target",
};
