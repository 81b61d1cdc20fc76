/* nonlinear.c: intensities go through a random smooth curve that rises or falls all the way. */
#include "transform/array.h"
#include "transform/channels.h"
#include "transform/spoil.h"

#include <stdlib.h>

struct conf {
	struct numbers channels;
	double p, invert;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0.5", 0, 1, "probability that the curve falls, for each channel"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return whole_numbers(&((const struct conf *)conf)->channels, "channel", e); }

/* A cubic Bezier curve from 0 to 1 with these two numbers between; it never falls when they are in 0..1. */
static double bezier(double a, double b, double t) { return 3 * (1 - t) * t * ((1 - t) * a + t * b) + t * t * t; }

/* y of the curve with control points (0,0), (x0,y0), (x1,y1), (1,1), at STEPS + 1 values of x from 0 to 1. */
enum { STEPS = 1024 };

static void tabulate(float y[STEPS + 2], struct rng *rng, double invert)
{
	double v[4];

	for (int i = 0; i < 4; i++)
		v[i] = rng_uniform(rng);
	const bool falls = rng_uniform(rng) < invert;
	for (int i = 0; i <= STEPS; i++) {
		double lo = 0, hi = 1;
		for (int k = 0; k < 40; k++) {
			const double t = (lo + hi) / 2, x = bezier(v[0], v[1], t);
			*(x * STEPS < i ? &lo : &hi) = t;
		}
		y[i] = (float)bezier(v[2], v[3], falls ? 1 - hi : hi);
	}
	y[STEPS + 1] = y[STEPS];
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct actions none = { .n = 0 };
	float *was, y[STEPS + 2], lo, hi;
	const struct tensor *image = spoil(r, &was, e);
	struct channels ch;

	if (!image)
		return -1;
	free(was);
	if (channels_of(&ch, r, &none, &c->channels, e))
		return -1;
	const bool changed = rng_uniform(rng) < c->p;
	while (changed && next_channel(&ch)) {
		float *x = (float *)image->data + ch.c * ch.n;

		tabulate(y, rng, c->invert);
		extent(x, ch.n, &lo, &hi);
		for (int64_t i = 0; i < ch.n && lo < hi; i++) {
			const float u = (x[i] - lo) / (hi - lo) * STEPS;
			const int at = u >= 0 && u <= STEPS ? (int)u : 0; /* NaN: 0 */
			x[i] = lo + (hi - lo) * (y[at] + (u - (float)at) * (y[at + 1] - y[at]));
		}
	}
	return 0;
}

const struct transform transform_nonlinear = {
	{ "nonlinear", "pre-training: a random curve of intensities; the original is kept as target", "Zhou et al., Models Genesis, MedIA 2021",
		opts, sizeof(struct conf) },
	.apply = apply, .check = check, .makes = "target",
};
