/* nonlinear.c: intensities go through a random smooth curve that rises or falls all the way. */
#include "transform/array.h"
#include "transform/channels.h"
#include "transform/spoil.h"

#include <stdlib.h>

struct conf {
	struct numbers channels, count, block;
	double p, invert;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0.5", 0, 1, "probability that a curve falls"),
	OPT_NUMBER(struct conf, count, 0, "LO,HI", "", 0, 1e6, "a curve for each of so many blocks, drawn from LO..HI; none given: one for all"),
	OPT_NUMBER(struct conf, block, 0, "D,H,W", "4,8,8", 1, 65536, "size of a block; at most that of the image"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;
	const struct blocks blocks = { .count = c->count.n ? c->count : (struct numbers){ .n = 1 }, .block = c->block };

	return blocks_check(&blocks, e) ? -1 : whole_numbers(&c->channels, "channel", e);
}

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

struct curve {
	float *to, lo, hi, y[STEPS + 2];
	const float *from;
};

static void bend(int64_t first, int64_t n, int64_t row, void *arg)
{
	const struct curve *c = arg;

	(void)row;
	for (int64_t i = first; i < first + n && c->lo < c->hi; i++) {
		const float u = (c->from[i] - c->lo) / (c->hi - c->lo) * STEPS;
		const int at = u >= 0 && u <= STEPS ? (int)u : 0; /* NaN: 0 */
		c->to[i] = c->lo + (c->hi - c->lo) * (c->y[at] + (u - (float)at) * (c->y[at + 1] - c->y[at]));
	}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct actions none = { .n = 0 };
	float *was;
	const struct tensor *image = spoil(r, &was, e);
	struct channels ch;

	if (!image)
		return -1;
	const int64_t *grid = image->dim + 1;
	const struct box all = { .size = { grid[0], grid[1], grid[2] } };
	const int failed = channels_of(&ch, r, &none, &c->channels, e);
	const bool changed = !failed && rng_uniform(rng) < c->p;

	while (changed && next_channel(&ch)) {
		struct curve curve = { .to = (float *)image->data + ch.c * ch.n, .from = was + ch.c * ch.n };
		const int64_t count = c->count.n ? whole_draw(&c->count, rng) : 1;

		extent(curve.from, ch.n, &curve.lo, &curve.hi);
		for (int64_t i = 0; i < count; i++) {
			const struct box b = c->count.n ? box_at_random(grid, c->block.v, 0, rng) : all;

			tabulate(curve.y, rng, c->invert);
			box_rows(&b, grid, bend, &curve);
		}
	}
	free(was);
	return failed;
}

const struct transform transform_nonlinear = {
	{ "nonlinear", "pre-training: a random curve of intensities; the original is kept as target", "Zhou et al., Models Genesis, MedIA 2021",
		opts, sizeof(struct conf) },
	.apply = apply, .check = check, .makes = "target",
};
