/* spike.c: a spike among the frequencies of an MR image is a wave across the image. */
#include "transform/channels.h"

#include <math.h>
#include <stdlib.h>

struct conf {
	struct varied by;
	struct numbers spikes;
};

static const struct opt opts[] = {
	VARIED_OPTS("R", "1", "3", -1e6, 1e6, "height of a wave, in means of the absolute intensities"),
	OPT_NUMBER(struct conf, spikes, 0, "LO,HI", "1", 0, 1000, "how many waves, drawn from LO..HI; one number: always that"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	return whole_range(&((const struct conf *)conf)->spikes, "spikes", e) ? -1 : varied_check(conf, e);
}

/* height times the cosine of 2 pi times the cycles, which are whole numbers per length of the axis, times the place. */
static void wave(float *x, const int64_t size[3], const int64_t cycles[3], double height)
{
	float *cosine = xmalloc(2 * (size_t)size[2] * sizeof *cosine), *sine = cosine + size[2];
	const double step[3] = { 2 * M_PI * (double)cycles[0] / (double)size[0], 2 * M_PI * (double)cycles[1] / (double)size[1],
		2 * M_PI * (double)cycles[2] / (double)size[2] };

	for (int64_t i = 0; i < size[2]; i++) {
		cosine[i] = (float)cos(step[2] * (double)i);
		sine[i] = (float)sin(step[2] * (double)i);
	}
	for (int64_t row = 0; row < size[0] * size[1]; row++, x += size[2]) {
		const double angle = step[0] * (double)(row / size[1]) + step[1] * (double)(row % size[1]);
		const float c = (float)(height * cos(angle)), s = (float)(height * sin(angle));

		for (int64_t i = 0; i < size[2]; i++)
			x[i] += c * cosine[i] - s * sine[i];
	}
	free(cosine);
}

static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const struct conf *c = conf;
	const int64_t *size = record_peek(r, "image")->dim + 1, n = size[0] * size[1] * size[2], spikes = whole_draw(&c->spikes, rng);
	const double ratio = varied_draw(conf, rng);
	double sum = 0;
	int64_t cycles[3];

	for (int64_t i = 0; i < n; i++)
		sum += fabs((double)x[i]);
	for (int64_t k = 0; k < spikes; k++) {
		for (int a = 0; a < 3; a++)
			cycles[a] = rng_int(rng, 0, size[a] - 1) - size[a] / 2;
		wave(x, size, cycles, ratio * sum / (double)n);
	}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_spike = {
	{ "spike", "random spikes of MR images: waves across the image", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
