/* missing.c: structures that were overlooked. */
#include <stdlib.h>

#include "tensor/spatial.h"
#include "transform/corrupt.h"

static const struct opt opts[] = {
	CORRUPT_WHERE,
	OPT_NUMBER(struct corrupt_conf, share, 0, "P", "0.5", 0, 1, "probability of each structure (component of a class) to be left out"),
	OPT_END,
};

static void part(uint8_t *mask, const int64_t size[3], const struct brush *b)
{
	const struct corrupt_conf *c = b->conf;
	const int64_t n = size[0] * size[1] * size[2];
	int32_t *component = xcalloc((size_t)n, sizeof(*component));
	const int64_t count = components(component, mask, size, 1);
	bool *lost = xcalloc((size_t)count + 1, sizeof(*lost));

	for (int64_t k = 1; k <= count; k++)
		lost[k] = rng_uniform(b->rng) < c->share;
	for (int64_t i = 0; i < n; i++)
		mask[i] = mask[i] && !lost[component[i]];
	free(lost);
	free(component);
}

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	corrupt_parts(mask, size, in_plane, arg, part);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct brush b = { conf, rng };

	return corrupt(r, conf, &(struct corruption){ .kind = "missing", .one = one, .arg = &b }, e);
}

const struct transform transform_missing = {
	{ "missing", "structures are left out: they become 0", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check_labels,
};
