/* noise.c: Gaussian noise on the image. */
#include "transform/array.h"
#include "transform/channels.h"

struct conf {
	struct numbers channels;
	double min, max, p, channel_p;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, min, 0, "S", "0.02", 0, 1e30, "smallest standard deviation"),
	OPT_NUMBER(struct conf, max, 0, "S", "0.1", 0, 1e30, "largest standard deviation"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"),
	OPT_NUMBER(struct conf, channel_p, 0, "P", "0.5", 0, 1, "probability that a channel of such a sample is changed"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->min > c->max)
		return err_set(e, "min %g is above max %g", c->min, c->max);
	return whole_numbers(&c->channels, "channel", e);
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
	struct channels ch;

	if (channels_of(&ch, r, &c->channels, e))
		return -1;
	if (rng_uniform(rng) >= c->p)
		return 0;
	while (next_channel(&ch)) {
		float lo, hi;

		if (rng_uniform(rng) >= c->channel_p)
			continue;
		double std = rng_range(rng, c->min, c->max);

		extent(ch.x, ch.n, &lo, &hi);
		add(ch.x, ch.n, (float)std, rng);
		limit(ch.x, ch.n, lo, hi);
	}
	return 0;
}

const struct transform transform_noise = {
	{ "noise", "Gaussian noise on the image, cut off at the channel's own range", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
