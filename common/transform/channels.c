/* channels.c: see channels.h. */
#include "transform/channels.h"

#include "tensor/normal.h"

#include <inttypes.h>

/* Not of the record where the grid has been changed: only the number of channels stays. */
static int64_t values(const struct actions *to_do, const struct tensor *image)
{
	const int64_t *size = to_do->known ? to_do->size : image->dim + 1;

	return size[0] * size[1] * size[2];
}

int channels_of(struct channels *ch, const struct record *r, const struct actions *to_do, const struct numbers *list, struct err *e)
{
	const struct tensor *t = record_peek(r, "image");

	if (!t || t->rank != 4 || tensor_count(t) < 1)
		return err_set(e, t ? "image has %d axes, C,D,H,W are needed" : "has no image", t ? t->rank : 0);
	for (int i = 0; i < list->n; i++)
		if ((int64_t)list->v[i] >= t->dim[0])
			return err_set(e, "channel %" PRId64 " was asked for, image has %" PRId64 " (numbered from 0)",
				(int64_t)list->v[i], t->dim[0]);
	*ch = (struct channels){ .n = values(to_do, t), .list = list, .k = -1, .count = list->n ? list->n : t->dim[0] };
	return 0;
}

bool next_channel(struct channels *ch)
{
	if (++ch->k == ch->count)
		return false;
	ch->c = ch->list->n ? (int64_t)ch->list->v[ch->k] : ch->k;
	return true;
}

struct rng channel_noise(const struct channels *ch, struct rng *rng)
{
	const struct rng here = *rng;

	rng_skip(rng, normal_words(ch->n));
	return here;
}

int channel_number(const struct channels *ch, const struct numbers *list, const char *name, double *v, struct err *e)
{
	if (list->n > 1 && list->n != ch->count)
		return err_set(e, "%s has %d numbers, image has %" PRId64 " channels to change: give 1 or %" PRId64, name, list->n,
			ch->count, ch->count);
	if (list->n)
		*v = list->v[list->n == 1 ? 0 : ch->k];
	return 0;
}
