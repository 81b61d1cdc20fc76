/* spurious.c: structures where there are none. */
#include "transform/corrupt.h"

struct conf {
	struct corrupt_conf c;
	int count;
};

static const struct opt opts[] = {
	CORRUPT_OPTS,
	OPT_NUMBER(struct conf, count, 0, "N", "1", 1, 1000, "false structures of each class"),
	OPT_END,
};

/* On another class a disc is not seen: that class keeps its voxels. */
static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	const struct brush *b = arg;
	const struct conf *c = b->conf;

	for (int k = 0; k < c->count; k++) {
		const int64_t at = rng_int(b->rng, 0, size[0] * size[1] * size[2] - 1);

		corrupt_disc(mask, size, at, corrupt_radius(&c->c, b->rng), in_plane);
	}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct corrupt_conf *c = &((const struct conf *)conf)->c;
	const struct brush b = { conf, rng };

	return corrupt(r, c, &(struct corruption){ .kind = "spurious", .lo = (int)c->radius.v[0], .hi = (int)c->radius.v[c->radius.n - 1],
		.one = one, .arg = &b }, e);
}

const struct transform transform_spurious = {
	{ "spurious", "discs of the classes appear at random places of the background", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = corrupt_check,
};
