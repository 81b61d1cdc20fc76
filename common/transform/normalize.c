/* normalize.c: mean 0, standard deviation 1. */
#include "transform/array.h"
#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	struct numbers channels, mean, std, above;
	const char *background;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all"),
	OPT_NUMBER(struct conf, mean, 0, "M", "", -1e30, 1e30, "mean, one or one per channel; none given: the image's own"),
	OPT_NUMBER(struct conf, std, 0, "S", "", 1e-30, 1e30, "standard deviation, with mean; none: the image's own + 1e-5"),
	OPT_NUMBER(struct conf, above, 0, "T", "", -1e30, 1e30, "mean and deviation of the voxels above T only"),
	OPT_CHOICE(struct conf, background, 0, "random|keep", "random", "with above: other voxels become N(0,1) noise, or not"),
	OPT_END,
};

enum { CHANNELS = 64 };

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->std.n && !c->mean.n)
		return err_set(e, "std is given without mean: give both or none");
	return channels_check(&c->channels, e);
}

/* The voxels at or below the threshold become noise. was: the values before. */
static void randomise(float *x, const float *was, int64_t n, float above, struct rng *rng)
{
	float noise[1024];

	for (int64_t at = 0; at < n; at += (int64_t)PM_COUNT(noise)) {
		int64_t part = n - at < (int64_t)PM_COUNT(noise) ? n - at : (int64_t)PM_COUNT(noise);

		fill_normal(noise, part, rng);
		for (int64_t i = 0; i < part; i++)
			x[at + i] = was[at + i] > above ? x[at + i] : noise[i];
	}
}

static int one(const struct conf *c, float *x, int64_t n, int k, int channels, struct rng *rng, struct err *e)
{
	double above = -INFINITY, mean, std, given = 0;

	if (entry(&c->above, "above", k, channels, &above, e))
		return -1;
	int64_t counted = moments(x, n, (float)above, &mean, &std);

	if (!isfinite(mean) || !isfinite(std))
		return err_set(e, "image holds values that are not finite (NaN or infinity)");
	std += counted ? 1e-5 : 0;
	if (entry(&c->mean, "mean", k, channels, &mean, e) || entry(&c->std, "std", k, channels, &given, e))
		return -1;
	if (c->std.n)
		std = given;
	if (c->above.n == 0 || strcmp(c->background, "random")) {
		shift_scale(x, n, (float)mean, (float)(1 / std));
		return 0;
	}
	float *was = xmalloc((size_t)n * sizeof(*was));

	memcpy(was, x, (size_t)n * sizeof(*was));
	shift_scale(x, n, (float)mean, (float)(1 / std));
	randomise(x, was, n, (float)above, rng);
	free(was);
	return 0;
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	struct tensor *t = image_float(r, e);
	int64_t index[CHANNELS];
	int n = t ? channels_of(&c->channels, t->dim[0], index, CHANNELS, e) : -1;

	for (int k = 0; k < n; k++) {
		int64_t size = tensor_count(t) / t->dim[0];

		if (one(c, (float *)t->data + index[k] * size, size, k, n, rng, e))
			return -1;
	}
	return n < 0 ? -1 : 0;
}

const struct transform transform_normalize = {
	{ "normalize", "subtract the mean, divide by the standard deviation, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
