/* normalize.c: mean 0, standard deviation 1. */
#include "transform/array.h"
#include "transform/channels.h"

#include <math.h>
#include <string.h>

struct conf {
	struct numbers channels, mean, std, above;
	const char *background;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, mean, 0, "M", "", -1e30, 1e30, "mean, one or one per channel; none given: the image's own"),
	OPT_NUMBER(struct conf, std, 0, "S", "", 1e-30, 1e30, "standard deviation, with mean; none: the image's own + 1e-5"),
	OPT_NUMBER(struct conf, above, 0, "T", "", -1e30, 1e30, "mean and deviation of the voxels above T only"),
	OPT_CHOICE(struct conf, background, 0, "random|keep", "random", "with above: other voxels become N(0,1) noise, or not"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->std.n && !c->mean.n)
		return err_set(e, "std is given without mean: give both or none");
	return whole_numbers(&c->channels, "channel", e);
}

/* As shift_scale, but the voxels at or below the threshold become noise. */
static void shift_scale_above(float *x, int64_t n, float above, float shift, float scale, struct rng *rng)
{
	float noise[1024];

	for (int64_t at = 0; at < n; at += (int64_t)PM_COUNT(noise)) {
		int64_t part = n - at < (int64_t)PM_COUNT(noise) ? n - at : (int64_t)PM_COUNT(noise);

		fill_normal(noise, part, rng);
		for (int64_t i = 0; i < part; i++)
			x[at + i] = x[at + i] > above ? (x[at + i] - shift) * scale : noise[i];
	}
}

static int one(const struct conf *c, const struct channels *ch, struct rng *rng, struct err *e)
{
	double above = -INFINITY, mean, std, given = 0;

	if (channel_number(ch, &c->above, "above", &above, e))
		return -1;
	int64_t counted = moments(ch->x, ch->n, (float)above, &mean, &std);

	if (!isfinite(mean) || !isfinite(std))
		return err_set(e, "image holds values that are not finite (NaN or infinity)");
	std += counted ? 1e-5 : 0;
	if (channel_number(ch, &c->mean, "mean", &mean, e) || channel_number(ch, &c->std, "std", &given, e))
		return -1;
	if (c->std.n)
		std = given;
	if (c->above.n && !strcmp(c->background, "random"))
		shift_scale_above(ch->x, ch->n, (float)above, (float)mean, (float)(1 / std), rng);
	else
		shift_scale(ch->x, ch->n, (float)mean, (float)(1 / std));
	return 0;
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	if (channels_of(&ch, r, &c->channels, e))
		return -1;
	while (next_channel(&ch))
		if (one(c, &ch, rng, e))
			return -1;
	return 0;
}

const struct transform transform_normalize = {
	{ "normalize", "subtract the mean, divide by the standard deviation, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
