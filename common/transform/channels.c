/* channels.c: see channels.h. */
#include "transform/channels.h"

#include "tensor/normal.h"
#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform/grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int channels_drawn(struct channels *ch, const struct record *r, const struct actions *to_do, const struct chance *c, struct rng *rng,
	struct err *e)
{
	if (channels_of(ch, r, to_do, &c->channels, e))
		return -1;
	ch->rng = rng;
	ch->p = c->channel_p;
	if (rng_uniform(rng) >= c->p)
		ch->count = 0;
	return 0;
}

bool next_channel(struct channels *ch)
{
	do
		ch->k++;
	while (ch->k < ch->count && ch->rng && rng_uniform(ch->rng) >= ch->p);
	if (ch->k >= ch->count)
		return false;
	ch->c = ch->list->n ? (int64_t)ch->list->v[ch->k] : ch->k;
	return true;
}

int select_channels(struct record *r, const struct numbers *list, struct err *e)
{
	const struct actions none = { .n = 0 };
	struct channels ch;

	if (channels_of(&ch, r, &none, list, e))
		return -1;
	const struct tensor *t = record_peek(r, "image");
	const size_t bytes = (size_t)ch.n * dtype_size(t->dtype), all = (size_t)t->dim[0] * bytes;
	struct tensor shape = *t;
	char *was = xmalloc(all);

	memcpy(was, t->data, all);
	shape.dim[0] = ch.count;
	char *selected = record_put(r, "image", shape.dtype, 4, shape.dim)->data;
	while (next_channel(&ch))
		memcpy(selected + (size_t)ch.k * bytes, was + (size_t)ch.c * bytes, bytes);
	free(was);
	return 0;
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

int finite_moments(double mean, double std, struct err *e)
{
	return isfinite(mean) && isfinite(std) ? 0 : err_set(e, "image holds values that are not finite (NaN or infinity)");
}

int all_finite(const float *x, int64_t n, struct err *e)
{
	double mean, std;

	moments(x, n, -INFINITY, &mean, &std);
	return finite_moments(mean, std, e);
}

float *channel_values(const struct channels *ch, const struct record *r, struct err *e)
{
	float *x = (float *)record_peek(r, "image")->data + ch->c * ch->n;

	return all_finite(x, ch->n, e) ? NULL : x;
}

static void percentiles(const float *x, int64_t n, double lower, double upper, double v[2])
{
	float *sorted = xmalloc((size_t)n * sizeof *sorted);

	memcpy(sorted, x, (size_t)n * sizeof *sorted);
	v[0] = percentile(sorted, n, lower);
	v[1] = percentile(sorted, n, upper);
	free(sorted);
}

int channel_limits(const struct channels *ch, const void *conf, const float *of, double v[2], struct err *e)
{
	const struct limits *c = conf;

	if (channel_number(ch, &c->lower, "lower", &v[0], e) || channel_number(ch, &c->upper, "upper", &v[1], e))
		return -1;
	if (of)
		percentiles(of, ch->n, v[0], v[1], v);
	return 0;
}

void stretch(float *x, int64_t n, double lower, double upper)
{
	double v[2];
	float lo, hi;

	percentiles(x, n, lower, upper, v);
	extent(x, n, &lo, &hi);
	const float v0 = (float)v[0], v1 = (float)v[1], middle = v1 > v0 ? v1 - v0 : 1;

	for (int64_t i = 0; i < n; i++) {
		const float y = x[i] < v0 ? 0.1f * (x[i] - lo) / (v0 - lo) : 0.1f + 0.8f * (x[i] - v0) / middle;
		x[i] = x[i] > v1 ? 0.9f + 0.1f * (x[i] - v1) / (hi - v1) : y;
	}
}

int change_channels(const void *conf, struct record *r, struct rng *rng, struct err *e,
	void (*one)(float *x, const struct record *r, const void *conf, struct rng *rng))
{
	const struct actions none = { .n = 0 };
	struct channels ch;

	if (!image_float(r, e) || channels_drawn(&ch, r, &none, conf, rng, e))
		return -1;
	while (next_channel(&ch)) {
		float *x = channel_values(&ch, r, e);

		if (!x)
			return -1;
		one(x, r, conf, rng);
	}
	return 0;
}
