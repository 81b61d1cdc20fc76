/* gamma.c: random gamma curve of the intensities. */
#include "transform/array.h"
#include "transform/grid.h"

struct conf {
	struct numbers channels;
	double min, max, invert, p, channel_p;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all"),
	OPT_NUMBER(struct conf, min, 0, "G", "0.7", 0.01, 100, "smallest exponent"),
	OPT_NUMBER(struct conf, max, 0, "G", "1.5", 0.01, 100, "largest exponent"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0", 0, 1, "probability to turn dark into bright before"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"),
	OPT_NUMBER(struct conf, channel_p, 0, "P", "0.5", 0, 1, "probability that a channel of such a sample is changed"),
	OPT_END,
};

enum { CHANNELS = 64 };

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->min > c->max)
		return err_set(e, "min %g is above max %g", c->min, c->max);
	return channels_check(&c->channels, e);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct tensor *t = image_float(r, e);
	int64_t index[CHANNELS];
	int n = t ? channels_of(&c->channels, t->dim[0], index, CHANNELS, e) : -1;

	if (n < 0)
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	for (int k = 0; k < n; k++) {
		int64_t size = tensor_count(t) / t->dim[0];
		float *x = (float *)t->data + index[k] * size, lo, hi;

		if (rng_uniform(rng) >= c->channel_p)
			continue;
		double exponent = rng_range(rng, c->min, c->max);
		bool invert = rng_uniform(rng) < c->invert;

		extent(x, size, &lo, &hi);
		if (lo < hi)
			gamma_curve(x, size, lo, hi, (float)exponent, invert);
	}
	return 0;
}

const struct transform transform_gamma = {
	{ "gamma", "random gamma curve over the channel's own range", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
