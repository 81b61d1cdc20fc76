/* edge.c: borders drawn carelessly: discs are added on the border, then others taken away. */
#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"
#include "transform/corrupt.h"

static const struct opt opts[] = {
	CORRUPT_OPTS,
	OPT_NUMBER(struct corrupt_conf, share, 0, "P", "0.1", 0, 1, "share of the border's pixels that get a disc"),
	OPT_END,
};

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A disc, or a ball: all closer than the radius to voxel `at`. */
static void disc(uint8_t *out, const int64_t size[3], int64_t at, int64_t radius, bool in_plane)
{
	int64_t z = at / (size[1] * size[2]), y = at / size[2] % size[1], x = at % size[2], deep = in_plane ? 0 : radius;

	for (int64_t k = most(0, z - deep); k <= least(size[0] - 1, z + deep); k++)
		for (int64_t j = most(0, y - radius); j <= least(size[1] - 1, y + radius); j++)
			for (int64_t i = most(0, x - radius); i <= least(size[2] - 1, x + radius); i++)
				if ((k - z) * (k - z) + (j - y) * (j - y) + (i - x) * (i - x) < radius * radius)
					out[(k * size[1] + j) * size[2] + i] = 1;
}

struct brush {
	const struct corrupt_conf *conf;
	struct rng *rng;
};

/* Discs about a random share of the voxels just outside the mask. */
static void discs(uint8_t *out, const uint8_t *mask, const int64_t size[3], bool in_plane, const struct brush *b)
{
	int64_t n = size[0] * size[1] * size[2], edges = 0, *edge = xcalloc((size_t)n, sizeof(*edge));

	memcpy(out, mask, (size_t)n);
	dilate(out, size, 1, in_plane);
	for (int64_t i = 0; i < n; i++)
		if (out[i] && !mask[i])
			edge[edges++] = i;
	memset(out, 0, (size_t)n);
	int64_t chosen = (int64_t)((double)edges * b->conf->share);

	for (int64_t i = 0; i < chosen; i++) {
		int64_t j = rng_int(b->rng, i, edges - 1), at = edge[j];

		edge[j] = edge[i];
		disc(out, size, at, corrupt_radius(b->conf, b->rng), in_plane);
	}
	free(edge);
}

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	int64_t n = size[0] * size[1] * size[2];
	uint8_t *round = xmalloc((size_t)n);

	discs(round, mask, size, in_plane, arg);
	for (int64_t i = 0; i < n; i++)
		mask[i] |= round[i];
	discs(round, mask, size, in_plane, arg);
	for (int64_t i = 0; i < n; i++)
		mask[i] &= !round[i];
	free(round);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct corrupt_conf *c = conf;
	struct brush b = { c, rng };

	return corrupt(r, c, "edge", (int)c->radius.v[0], (int)c->radius.v[c->radius.n - 1], one, &b, e);
}

const struct transform transform_edge = {
	{ "edge", "discs of random radius are added on borders, then others removed", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check,
};
