/* shift.c: labels drawn beside what they mean. */
#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"
#include "transform/corrupt.h"

static const struct opt opts[] = { CORRUPT_OPTS, OPT_END };

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	const struct brush *b = arg;
	const size_t n = (size_t)(size[0] * size[1] * size[2]);
	int64_t start[3] = { 0 };
	uint8_t *was = xmalloc(n);

	for (int a = in_plane; a < 3; a++)
		start[a] = (rng_u32(b->rng) & 1 ? 1 : -1) * corrupt_radius(b->conf, b->rng);
	memcpy(was, mask, n);
	crop_pad(mask, size, was, size, start, 1, PM_U8, BORDER_ZERO);
	free(was);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct corrupt_conf *c = conf;
	const struct brush b = { c, rng };

	return corrupt(r, c, &(struct corruption){ .kind = "shift", .lo = (int)c->radius.v[0], .hi = (int)c->radius.v[c->radius.n - 1],
		.one = one, .arg = &b }, e);
}

const struct transform transform_shift = {
	{ "shift", "each class is moved by a random number of pixels along each axis", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check,
};
