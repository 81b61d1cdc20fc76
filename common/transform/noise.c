/* noise.c: Gaussian noise on the image. */
#include "transform/array.h"
#include "transform/grid.h"

struct conf {
	struct numbers channels;
	double min, max, p, channel_p;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all"),
	OPT_NUMBER(struct conf, min, 0, "S", "0.02", 0, 1e30, "smallest standard deviation"),
	OPT_NUMBER(struct conf, max, 0, "S", "0.1", 0, 1e30, "largest standard deviation"),
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

static void add(float *x, int64_t n, float std, struct rng *rng)
{
	float noise[1024];

	for (int64_t at = 0; at < n; at += (int64_t)PM_COUNT(noise)) {
		int64_t part = n - at < (int64_t)PM_COUNT(noise) ? n - at : (int64_t)PM_COUNT(noise);

		fill_normal(noise, part, rng);
		for (int64_t i = 0; i < part; i++)
			x[at + i] += std * noise[i];
	}
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
		double std = rng_range(rng, c->min, c->max);

		extent(x, size, &lo, &hi);
		add(x, size, (float)std, rng);
		limit(x, size, lo, hi);
	}
	return 0;
}

const struct transform transform_noise = {
	{ "noise", "Gaussian noise on the image, cut off at the channel's own range", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
