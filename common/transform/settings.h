/* settings.h: settings that transforms of intensities share, and their checks. */
#ifndef PM_SETTINGS_H
#define PM_SETTINGS_H

#include "transform/transform.h"

#define CHANNELS_OF(T) OPT_NUMBER(T, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all")
#define CHANNELS_OPT CHANNELS_OF(struct conf)

/* Two ends of each channel's values, one or one per channel. The settings begin with it. */
struct limits {
	struct numbers channels, lower, upper;
};

/* strict: they may not be the same. */
int limits_check(const void *conf, bool strict, struct err *e);

/* Channels that are changed by chance. The settings of a transform begin with it. */
struct chance {
	struct numbers channels;
	double p, channel_p;
};

#define CHANCE_OPTS \
	CHANNELS_OF(struct chance), \
	OPT_NUMBER(struct chance, p, 0, "P", "0.5", 0, 1, "probability that a sample is changed at all"), \
	OPT_NUMBER(struct chance, channel_p, 0, "P", "0.5", 0, 1, "probability that a channel of such a sample is changed")

int chance_check(const void *conf, struct err *e);

/* Changed by a number that is drawn from a range. The settings begin with it. */
struct varied {
	struct chance chance;
	double min, max;
};

#define VARIED_OPTS(arg, least, most, lo, hi, what) \
	CHANCE_OPTS, \
	OPT_NUMBER(struct varied, min, 0, arg, least, lo, hi, "smallest " what), \
	OPT_NUMBER(struct varied, max, 0, arg, most, lo, hi, "largest " what)

int varied_check(const void *conf, struct err *e);
double varied_draw(const void *conf, struct rng *rng);

/* Along some of the axes, too. The settings begin with it. */
struct along {
	struct varied by;
	const char *axes;
};

#define ALONG_OPTS(dflt, what) OPT_STRING(struct along, axes, 0, "AXES", dflt, "letters of the axes " what ": d, h, w")

int along_check(const void *conf, struct err *e);

/* So that values may leave the channel's range. The settings begin with it. */
struct ranged {
	struct varied by;
	const char *range;
};

#define RANGED_OPTS(arg, least, most, lo, hi, what) \
	VARIED_OPTS(arg, least, most, lo, hi, what), \
	OPT_CHOICE(struct ranged, range, 0, "keep|free", "keep", "keep: cut off at the channel's own range, free: not")

bool range_kept(const void *conf);

#endif
