/* channels.h: what the transforms of intensities share: the channels of the image, drawn for one by one. */
#ifndef PM_CHANNELS_H
#define PM_CHANNELS_H

#include "transform/action.h"
#include "transform/settings.h"

/*
 * The channels of the image, or those listed, one after another:
 *   struct channels ch;
 *   if (channels_of(&ch, r, to_do, &c->channels, e))
 *       return -1;
 *   while (next_channel(&ch))
 *       draw for channel ch.c
 */
struct channels {
	int64_t c;        /* the channel, of n values */
	int64_t n;
	int64_t k, count; /* it is number k of the count channels to change */
	const struct numbers *list;
	struct rng *rng; /* NULL: all are changed, else each with probability p */
	double p;
};

/* -1 with e: there is no image [C,D,H,W], or a channel of the list is not in it. */
int channels_of(struct channels *ch, const struct record *r, const struct actions *to_do, const struct numbers *list, struct err *e);
/* Those that chance falls on. */
int channels_drawn(struct channels *ch, const struct record *r, const struct actions *to_do, const struct chance *c, struct rng *rng,
	struct err *e);
bool next_channel(struct channels *ch);

/* Those of the list become the channels of the image. -1 with e: as channels_of. */
int select_channels(struct record *r, const struct numbers *list, struct err *e);

/* This channel's number in a list that has one for all or one for each. *v stays when the list is empty. -1 with e. */
int channel_number(const struct channels *ch, const struct numbers *list, const char *name, double *v, struct err *e);

/* This channel's limits; v stays where none is given. of: the values that they are percentiles of, or NULL. -1 with e. */
int channel_limits(const struct channels *ch, const void *conf, const float *of, double v[2], struct err *e);

/* The noise of this channel begins here; rng goes on behind it. */
struct rng channel_noise(const struct channels *ch, struct rng *rng);

/* Its values, of an image that is f32. NULL with e: they are not all finite. */
float *channel_values(const struct channels *ch, const struct record *r, struct err *e);
/* Whether values are, by themselves or by their moments: -1 with e. */
int all_finite(const float *x, int64_t n, struct err *e);
int finite_moments(double mean, double std, struct err *e);
/* They become 0.1 and 0.9, the ends of the range 0 and 1; in between it is linear. */
void stretch(float *x, int64_t n, double lower, double upper);

/* What apply is where it changes each channel that chance falls on by itself. -1 with e: no image, or its values are not finite. */
int change_channels(const void *conf, struct record *r, struct rng *rng, struct err *e,
	void (*one)(float *x, const struct record *r, const void *conf, struct rng *rng));

#endif
