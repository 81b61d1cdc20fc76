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

/* Discs about a random share of the voxels just outside the mask. */
static void discs(uint8_t *out, const uint8_t *mask, const int64_t size[3], bool in_plane, const struct brush *b)
{
	const struct corrupt_conf *c = b->conf;
	int64_t n = size[0] * size[1] * size[2], edges = 0, *edge = xcalloc((size_t)n, sizeof(*edge));

	memcpy(out, mask, (size_t)n);
	dilate(out, size, 1, in_plane);
	for (int64_t i = 0; i < n; i++)
		if (out[i] && !mask[i])
			edge[edges++] = i;
	memset(out, 0, (size_t)n);
	int64_t chosen = (int64_t)((double)edges * c->share);

	for (int64_t i = 0; i < chosen; i++) {
		int64_t j = rng_int(b->rng, i, edges - 1), at = edge[j];

		edge[j] = edge[i];
		corrupt_disc(out, size, at, corrupt_radius(c, b->rng), in_plane);
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

	return corrupt(r, c, &(struct corruption){ .kind = "edge", .lo = (int)c->radius.v[0], .hi = (int)c->radius.v[c->radius.n - 1],
		.one = one, .arg = &b }, e);
}

const struct transform transform_edge = {
	{ "edge", "discs of random radius are added on borders, then others removed", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check,
};
