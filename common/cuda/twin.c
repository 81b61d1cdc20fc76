/*
 * twin.c: the host in the place of a GPU: its memory, closed to everybody but kernels, and convolutions as plain loops. With
 * the kernels compiled as C it makes a backend that does all that CUDA's does, in the same order, for tests.
 */
#include "cuda/engine.h"
#include "cuda/runtime.h"
#include "cuda/kernels/vec.h"

#include <stdlib.h>
#include <sys/mman.h>

/* --- memory --- */

static struct {
	void *p;
	size_t bytes;
} *held;
static int count;

static size_t pages(size_t bytes) { return (bytes + 4096) / 4096 * 4096; }

void device_open_memory(bool open)
{
	for (int i = 0; i < count; i++)
		if (mprotect(held[i].p, held[i].bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE))
			die(PM_FAIL, "mprotect failed");
}

void *device_alloc(size_t bytes)
{
	void *p = mmap(NULL, pages(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die(PM_FAIL, "out of memory: %zu bytes", bytes);
	held = xresize(held, (size_t)count + 1, sizeof *held);
	held[count].p = p;
	held[count++].bytes = pages(bytes);
	return p;
}

void device_free(void *p, size_t bytes)
{
	int i = 0;

	while (held[i].p != p)
		if (++i == count)
			die(PM_FAIL, "bug: memory is freed that was never given");
	if (held[i].bytes != pages(bytes))
		die(PM_FAIL, "bug: %zu bytes were given, %zu are freed", held[i].bytes, bytes);
	munmap(p, held[i].bytes);
	held[i] = held[--count];
}

static void copy(void *dst, const void *src, size_t bytes)
{
	device_open_memory(true);
	memcpy(dst, src, bytes);
	device_open_memory(false);
}

void device_put(void *dst, const void *host, size_t bytes) { copy(dst, host, bytes); }
void device_get(void *host, const void *src, size_t bytes) { copy(host, src, bytes); }

void device_zero(void *dst, size_t bytes)
{
	device_open_memory(true);
	memset(dst, 0, bytes);
	device_open_memory(false);
}

void *device_scratch(size_t bytes)
{
	static void *room;
	static size_t size;

	if (bytes > size) {
		if (room)
			device_free(room, size);
		room = device_alloc(size = bytes);
	}
	return room;
}

void *device_stream(void) { return NULL; }
bool device_fast(void) { return false; }
void device_started(const char *kernel) { (void)kernel; }

int device_open(int index, bool fast, char *why, size_t why_size)
{
	(void)fast;
	if (index > 0) {
		snprintf(why, why_size, "there is no GPU %d; the GPUs are 0 to 0", index);
		return -1;
	}
	snprintf(why, why_size, "the host in its place");
	return 0;
}

/* --- convolutions --- */

struct engine {
	struct engine_shape s;
};

struct engine *engine_open(const struct engine_shape *s)
{
	struct engine *e = xmalloc(sizeof *e);

	if (s->ic % PM_LANES || s->oc % PM_LANES || s->x_pitch < s->ic || s->y_pitch < s->oc)
		die(PM_FAIL, "bug: %lld to %lld channels, pitches %lld and %lld", (long long)s->ic, (long long)s->oc, (long long)s->x_pitch,
			(long long)s->y_pitch);
	e->s = *s;
	return e;
}

void engine_close(struct engine *e) { free(e); }

static int64_t taps_of(const struct engine_shape *s) { return s->dims == 3 ? s->kernel * s->kernel * s->kernel : s->kernel * s->kernel; }

/* Pixel i of all images that a tap away lies from pixel q of all images, or -1. */
static int64_t tap_of(const struct engine_shape *s, int64_t q, int64_t tap, int sign)
{
	const int64_t k = s->kernel, h = s->size[1], w = s->size[2], space = s->size[0] * h * w, far = k / 2, step = s->dilation * sign;
	const int64_t p = q % space;
	const int64_t z = p / w / h + (s->dims == 3 ? (tap / k / k - far) * step : 0);
	const int64_t y = p / w % h + (tap / k % k - far) * step, x = p % w + (tap % k - far) * step;

	if (z < 0 || z >= s->size[0] || y < 0 || y >= h || x < 0 || x >= w)
		return -1;
	return q - p + (z * h + y) * w + x;
}

static int64_t pixels_of(const struct engine_shape *s) { return s->n * s->size[0] * s->size[1] * s->size[2]; }

/* One pixel: sum[to] = the sum over taps and `from` channels of in times w; w's strides per channel of out and of in. */
static void pixel(const struct engine_shape *s, int64_t q, int sign, const void *in, int64_t pitch, int64_t from, const void *w, int64_t tap_step,
	int64_t out_step, int64_t in_step, int64_t to, float *sum)
{
	for (int64_t tap = 0; tap < taps_of(s); tap++) {
		const int64_t p = tap_of(s, q, tap, sign);
		for (int64_t i = 0; p >= 0 && i < from; i++) {
			const float x = load1(in, p * pitch + i, s->type);
			for (int64_t o = 0; x != 0 && o < to; o++)
				sum[o] += x * load1(w, tap * tap_step + o * out_step + i * in_step, s->type);
		}
	}
}

void engine_fwd(struct engine *e, const void *x, const void *w, const float *bias, void *y)
{
	const struct engine_shape *s = &e->s;
	const int64_t taps = taps_of(s);

	device_open_memory(true);
#pragma omp parallel for
	for (int64_t q = 0; q < pixels_of(s); q++) {
		float sum[4096];
		memcpy(sum, bias, (size_t)s->oc * sizeof *sum);
		pixel(s, q, 1, x, s->x_pitch, s->ic, w, s->ic, taps * s->ic, 1, s->oc, sum);
		for (int64_t o = 0; o < s->oc; o++)
			store1(y, q * s->y_pitch + o, s->type, sum[o]);
	}
	device_open_memory(false);
}

void engine_bwd_data(struct engine *e, const void *dy, const void *w, void *dx)
{
	const struct engine_shape *s = &e->s;
	const int64_t taps = taps_of(s);

	device_open_memory(true);
#pragma omp parallel for
	for (int64_t q = 0; q < pixels_of(s); q++) {
		float sum[4096] = { 0 };
		pixel(s, q, -1, dy, s->y_pitch, s->oc, w, s->ic, 1, taps * s->ic, s->ic, sum);
		for (int64_t i = 0; i < s->ic; i++)
			store1(dx, q * s->x_pitch + i, s->type, sum[i]);
	}
	device_open_memory(false);
}

void engine_bwd_weights(struct engine *e, const void *x, const void *dy, float *dw)
{
	const struct engine_shape *s = &e->s;
	const int64_t taps = taps_of(s);

	device_open_memory(true);
#pragma omp parallel for
	for (int64_t o = 0; o < s->oc; o++) {
		float *to = dw + o * taps * s->ic;
		memset(to, 0, (size_t)(taps * s->ic) * sizeof *to);
		for (int64_t q = 0; q < pixels_of(s); q++) {
			const float g = load1(dy, q * s->y_pitch + o, s->type);
			for (int64_t tap = 0; g != 0 && tap < taps; tap++) {
				const int64_t p = tap_of(s, q, tap, 1);
				for (int64_t i = 0; p >= 0 && i < s->ic; i++)
					to[tap * s->ic + i] += g * load1(x, p * s->x_pitch + i, s->type);
			}
		}
	}
	device_open_memory(false);
}
