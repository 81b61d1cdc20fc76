/* zoom.c: corner-aligned resampling: element 0 stays at the first and n-1 at the last place, whatever the length. */
#include "tensor/spatial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t zoom_length(int64_t n, double factor)
{
	double length = nearbyint((double)n * factor); /* half to even: the default rounding mode */

	return length < 1 ? 1 : (int64_t)length;
}

static struct between *taps(int64_t to, int64_t from, int order)
{
	struct between *tap = xcalloc((size_t)to, sizeof(*tap));
	double step = to > 1 ? (double)(from - 1) / (double)(to - 1) : 0;

	for (int64_t i = 0; i < to; i++) {
		double at = (double)i * step;
		int64_t lo = (int64_t)floor(order == 0 ? at + 0.5 : at);

		lo = lo > from - 1 ? from - 1 : lo;
		tap[i].lo = lo;
		tap[i].hi = lo + 1 < from ? lo + 1 : lo;
		tap[i].share = order == 0 ? 0 : (float)(at - (double)lo);
	}
	return tap;
}

#define PICK(T) \
	static void pick_##T(T *dst, const T *src, const struct between *x, int64_t n) \
	{ \
		for (int64_t i = 0; i < n; i++) \
			dst[i] = src[x[i].lo]; \
	}
PICK(uint8_t)
PICK(uint16_t)
PICK(uint32_t)
PICK(uint64_t)

static void pick_row(void *dst, const void *src, const struct between *x, int64_t n, size_t bytes)
{
	switch (bytes) {
	case 1: pick_uint8_t(dst, src, x, n); break;
	case 2: pick_uint16_t(dst, src, x, n); break;
	case 4: pick_uint32_t(dst, src, x, n); break;
	default: pick_uint64_t(dst, src, x, n); break;
	}
}

static void nearest(char *dst, const int64_t to[3], const char *src, const int64_t from[3], size_t bytes,
	struct between *const tap[3])
{
	for (int64_t z = 0; z < to[0]; z++) {
		for (int64_t y = 0; y < to[1]; y++) {
			int64_t row = tap[0][z].lo * from[1] + tap[1][y].lo;

			pick_row(dst, src + (size_t)(row * from[2]) * bytes, tap[2], to[2], bytes);
			dst += (size_t)to[2] * bytes;
		}
	}
}

static void blend(float *dst, const float *a, const float *b, float share, int64_t n)
{
	if (share == 0) {
		memcpy(dst, a, (size_t)n * sizeof(*dst));
		return;
	}
	for (int64_t i = 0; i < n; i++)
		dst[i] = a[i] + (b[i] - a[i]) * share;
}

void interpolate(float *dst, const int64_t to[3], const float *src, const int64_t from[3], struct between *const tap[3])
{
	int64_t plane = from[1] * from[2];
	float *mixed = xcalloc((size_t)(plane + from[2]), sizeof(*mixed)), *row = mixed + plane;

	for (int64_t z = 0; z < to[0]; z++) {
		const struct between *d = &tap[0][z];

		blend(mixed, src + d->lo * plane, src + d->hi * plane, d->share, plane);
		for (int64_t y = 0; y < to[1]; y++, dst += to[2]) {
			const struct between *h = &tap[1][y], *w = tap[2];

			blend(row, mixed + h->lo * from[2], mixed + h->hi * from[2], h->share, from[2]);
			for (int64_t x = 0; x < to[2]; x++)
				dst[x] = row[w[x].lo] + (row[w[x].hi] - row[w[x].lo]) * w[x].share;
		}
	}
	free(mixed);
}

void zoom(void *dst, const int64_t to[3], const void *src, const int64_t from[3], int64_t channels, enum dtype t,
	int order)
{
	struct between *tap[3];
	size_t bytes = dtype_size(t), step_to = (size_t)(to[0] * to[1] * to[2]) * bytes;
	size_t step_from = (size_t)(from[0] * from[1] * from[2]) * bytes;

	assert(order == 0 || (order == 1 && t == PM_F32));
	for (int a = 0; a < 3; a++)
		tap[a] = taps(to[a], from[a], order);
	for (int64_t c = 0; c < channels; c++) {
		char *out = (char *)dst + (size_t)c * step_to;
		const char *in = (const char *)src + (size_t)c * step_from;

		if (order == 0)
			nearest(out, to, in, from, bytes, tap);
		else
			interpolate((float *)out, to, (const float *)in, from, tap);
	}
	for (int a = 0; a < 3; a++)
		free(tap[a]);
}
