/* clip.c: intensities beyond two thresholds become the thresholds, or other values. */
#include "transform/channels.h"

#include <math.h>

struct conf {
	struct limits limits;
	struct numbers lower_to, upper_to;
	bool percentile;
};

static const struct opt opts[] = {
	CHANNELS_OF(struct limits),
	OPT_NUMBER(struct limits, lower, 0, "V", "", -1e30, 1e30, "lower threshold, one or one per channel; none given: none"),
	OPT_NUMBER(struct limits, upper, 0, "V", "", -1e30, 1e30, "upper threshold, one or one per channel; none given: none"),
	OPT_NUMBER(struct conf, lower_to, 0, "V", "", -1e30, 1e30, "what is below lower becomes this; none given: lower"),
	OPT_NUMBER(struct conf, upper_to, 0, "V", "", -1e30, 1e30, "what is above upper becomes this; none given: upper"),
	OPT_SWITCH(struct conf, percentile, 0, "lower and upper are percentiles of the channel"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct numbers *lower = &((const struct limits *)conf)->lower, *upper = &((const struct limits *)conf)->upper;

	if (!lower->n && !upper->n)
		return err_set(e, "give lower, upper or both");
	for (int i = 0; ((const struct conf *)conf)->percentile && i < lower->n + upper->n; i++) {
		const double p = i < lower->n ? lower->v[i] : upper->v[i - lower->n];

		if (p < 0 || p > 100)
			return err_set(e, "percentile %g is not in 0..100", p);
	}
	return limits_check(conf, false, e);
}

static bool looks(const void *conf) { return ((const struct conf *)conf)->percentile; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	struct channels ch;

	(void)rng;
	if (channels_of(&ch, r, to_do, &c->limits.channels, e))
		return -1;
	while (next_channel(&ch)) {
		struct change *x = draw_change(to_do, ACTION_CLIP, ch.c);
		double v[2] = { c->percentile ? 0 : -INFINITY, c->percentile ? 100 : INFINITY };

		const float *values = c->percentile ? channel_values(&ch, r, e) : NULL;

		if ((c->percentile && !values) || channel_limits(&ch, conf, values, v, e))
			return -1;
		x->to[0] = x->a = v[0];
		x->to[1] = x->b = v[1];
		if (channel_number(&ch, &c->lower_to, "lower-to", &x->to[0], e) || channel_number(&ch, &c->upper_to, "upper-to", &x->to[1], e))
			return -1;
	}
	return 0;
}

const struct transform transform_clip = {
	{ "clip", "cut intensities off at thresholds, or replace those beyond", NULL, opts, sizeof(struct conf) },
	.draw = draw, .intensity = true, .looks = looks, .check = check,
};
