/* rgb.c: images of one channel among those of three. */
#include "transform/channels.h"

#include <inttypes.h>

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct tensor *image = record_peek(r, "image");

	(void)conf;
	(void)rng;
	if (image && image->rank == 4 && image->dim[0] == 3)
		return 0;
	if (image && image->rank == 4 && image->dim[0] != 1)
		return err_set(e, "image has %" PRId64 " channels, 1 or 3 are needed", image->dim[0]);
	return select_channels(r, &(struct numbers){ .n = 3 }, e);
}

const struct transform transform_rgb = {
	{ "rgb", "an image of one channel becomes one of three that are equal; one of three stays", NULL, NULL, 0 },
	.apply = apply,
};
