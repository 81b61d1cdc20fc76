/* points.c: a few clicks in place of a segmentation. */
#include <stdlib.h>

#include "transform/corrupt.h"

struct conf {
	struct corrupt_conf c;
	int count;
};

static const struct opt opts[] = {
	CORRUPT_SPARSE,
	OPT_NUMBER(struct conf, count, 0, "N", "1", 1, 1000000, "pixels of each class and slice, or all where there are fewer"),
	OPT_END,
};

static void part(uint8_t *mask, const int64_t size[3], const struct brush *b)
{
	const struct conf *c = b->conf;
	const int64_t n = size[0] * size[1] * size[2];
	int64_t found = 0, *at = xcalloc((size_t)n, sizeof(*at));

	for (int64_t i = 0; i < n; i++)
		if (mask[i]) {
			at[found++] = i;
			mask[i] = 0;
		}
	for (int64_t i = 0; i < found && i < c->count; i++) {
		const int64_t j = rng_int(b->rng, i, found - 1);

		mask[at[j]] = 1;
		at[j] = at[i];
	}
	free(at);
}

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	corrupt_parts(mask, size, in_plane, arg, part);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct corrupt_conf *c = &((const struct conf *)conf)->c;
	const struct brush b = { conf, rng };

	return corrupt(r, c, &(struct corruption){ .kind = "points", .background = true, .rest = c->unlabeled, .one = one, .arg = &b }, e);
}

const struct transform transform_points = {
	{ "points", "only some pixels of each class and slice stay labeled", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = corrupt_check_labels,
};
