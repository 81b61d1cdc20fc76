/* channels.c: see channels.h. */
#include "transform/channels.h"

#include "transform/grid.h"

#include <inttypes.h>

int channels_of(struct channels *ch, struct record *r, const struct numbers *list, struct err *e)
{
	struct tensor *t = image_float(r, e);

	if (!t)
		return -1;
	for (int i = 0; i < list->n; i++)
		if ((int64_t)list->v[i] >= t->dim[0])
			return err_set(e, "channel %" PRId64 " was asked for, image has %" PRId64 " (numbered from 0)",
				(int64_t)list->v[i], t->dim[0]);
	*ch = (struct channels){
		.image = t->data, .n = tensor_count(t) / t->dim[0], .list = list,
		.k = -1, .count = list->n ? list->n : t->dim[0],
	};
	return 0;
}

bool next_channel(struct channels *ch)
{
	if (++ch->k == ch->count)
		return false;
	ch->x = ch->image + (ch->list->n ? (int64_t)ch->list->v[ch->k] : ch->k) * ch->n;
	return true;
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
