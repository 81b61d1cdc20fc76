/* channels.h: what the transforms of intensities share: the channels of the image, drawn for one by one. */
#ifndef PM_CHANNELS_H
#define PM_CHANNELS_H

#include "transform/action.h"
#include "transform/transform.h"

#define CHANNELS_OPT \
	OPT_NUMBER(struct conf, channels, 0, "C", "", 0, 1e6, "channels to change, from 0; none given: all")

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
};

/* -1 with e: there is no image [C,D,H,W], or a channel of the list is not in it. */
int channels_of(struct channels *ch, const struct record *r, const struct actions *to_do, const struct numbers *list, struct err *e);
bool next_channel(struct channels *ch);

/* This channel's number in a list that has one for all or one for each. *v stays when the list is empty. -1 with e. */
int channel_number(const struct channels *ch, const struct numbers *list, const char *name, double *v, struct err *e);

/* The noise of this channel begins here; rng goes on behind it. */
struct rng channel_noise(const struct channels *ch, struct rng *rng);

#endif
