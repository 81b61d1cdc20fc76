/* target.c: a network shall make the image again as it is now, whatever changes it afterwards. */
#include "transform/spoil.h"

#include <stdlib.h>

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	float *copy;

	(void)conf;
	(void)rng;
	if (!spoil(r, &copy, e))
		return -1;
	free(copy);
	return 0;
}

const struct transform transform_target = {
	{ "target", "pre-training: the image as it is here is kept as target", NULL, NULL, 0 },
	.apply = apply, .makes = "target",
};
