/* hist_equal.c: each intensity becomes the share of voxels that are darker. */
#include "transform/array.h"
#include "transform/channels.h"
#include "transform/grid.h"

#include <stdlib.h>

struct conf {
	struct numbers channels;
	int bins;
};

static const struct opt opts[] = {
	CHANNELS_OPT,
	OPT_NUMBER(struct conf, bins, 0, "N", "2000", 2, 1000000, "bins of the histogram over the channel's range"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return whole_numbers(&((const struct conf *)conf)->channels, "channel", e); }

/* Linear between the centres of bins, where the share is that up to the end of the bin. */
static void equalise(float *x, int64_t n, int bins)
{
	int64_t *count = xcalloc((size_t)bins, sizeof *count), sum = 0;
	float *share = xmalloc((size_t)(bins + 1) * sizeof *share), lo, hi;

	extent(x, n, &lo, &hi);
	const double scale = hi > lo ? bins / ((double)hi - (double)lo) : 0;
	for (int64_t i = 0; i < n; i++) {
		const int bin = (int)(((double)x[i] - (double)lo) * scale);
		count[bin < bins ? bin : bins - 1]++;
	}
	for (int i = 0; i < bins; i++)
		share[i] = (float)((double)(sum += count[i]) / (double)n);
	share[bins] = share[bins - 1];
	for (int64_t i = 0; i < n; i++) {
		const double at = ((double)x[i] - (double)lo) * scale - 0.5;
		const int bin = at > 0 ? (int)at : 0;
		x[i] = share[bin] + (float)(at > 0 ? at - bin : 0) * (share[bin + 1] - share[bin]);
	}
	free(count);
	free(share);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct actions none = { .n = 0 };
	struct channels ch;

	(void)rng;
	if (!image_float(r, e) || channels_of(&ch, r, &none, &c->channels, e))
		return -1;
	while (next_channel(&ch)) {
		float *x = channel_values(&ch, r, e);

		if (!x)
			return -1;
		equalise(x, ch.n, c->bins);
	}
	return 0;
}

const struct transform transform_hist_equal = {
	{ "hist_equal", "histogram equalisation to 0..1, per channel", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
