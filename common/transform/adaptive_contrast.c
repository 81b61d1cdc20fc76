/* adaptive_contrast.c: more contrast for most of the values, less for the darkest and the brightest. */
#include "transform/channels.h"

struct conf {
	struct chance chance;
	double lower, upper;
};

static const struct opt opts[] = {
	CHANCE_OPTS,
	OPT_NUMBER(struct conf, lower, 0, "P", "2", 0, 100, "percentile that becomes 0.1; the least value becomes 0"),
	OPT_NUMBER(struct conf, upper, 0, "P", "98", 0, 100, "percentile that becomes 0.9; the greatest value becomes 1"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->lower >= c->upper)
		return err_set(e, "lower %g is not below upper %g", c->lower, c->upper);
	return chance_check(conf, e);
}

static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const struct conf *c = conf;
	const int64_t *size = record_peek(r, "image")->dim + 1;

	(void)rng;
	stretch(x, size[0] * size[1] * size[2], c->lower, c->upper);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_adaptive_contrast = {
	{ "adaptive_contrast", "most of the range goes to 0.1..0.9, its ends to 0 and 1, piecewise linearly", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
