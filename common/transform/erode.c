/* erode.c: labels drawn too small. */
#include "tensor/spatial.h"
#include "transform/corrupt.h"

static const struct opt opts[] = { CORRUPT_OPTS, OPT_END };

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	erode(mask, size, *(const int *)arg, in_plane);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	int radius = corrupt_radius(conf, rng);

	return corrupt(r, conf, &(struct corruption){ .kind = "erode", .lo = radius, .hi = radius, .one = one, .arg = &radius }, e);
}

const struct transform transform_erode = {
	{ "erode", "each class shrinks by a random number of pixels", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check,
};
