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
static size_t taken; /* bytes of all */
enum { OVERHEAD = 1 << 20 }; /* as if so much were the context's */

static size_t pages(size_t bytes) { return (bytes + 4096) / 4096 * 4096; }

/* Memory can be touched only by kernels: a host that follows a device pointer crashes in tests. */
static void open_memory(bool open)
{
	for (int i = 0; i < count; i++)
		if (mprotect(held[i].p, held[i].bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE))
			die(PM_FAIL, "mprotect failed");
}

static struct record *recording; /* NULL: none goes on */
static uint64_t frees;           /* how many there were */

static void not_recorded(const char *what)
{
	if (recording)
		die(PM_FAIL, "bug: %s while a step is recorded", what);
}

/* As if the device had so many MiB as PYMIC_TWIN_MEMORY says. */
size_t device_available(void)
{
	const char *mib = getenv("PYMIC_TWIN_MEMORY");
	const size_t all = (mib ? strtoull(mib, NULL, 10) : 1 << 30) << 20;

	return all > taken + OVERHEAD ? all - taken - OVERHEAD : 0;
}

size_t device_overhead(void) { return OVERHEAD; }

void *device_alloc(size_t bytes)
{
	void *p;

	not_recorded("memory is taken");
	if (pages(bytes) > device_available() ||
		(p = mmap(NULL, pages(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == MAP_FAILED)
		die(PM_FAIL, "out of memory: %zu bytes", bytes);
	taken += pages(bytes);
	held = xresize(held, (size_t)count + 1, sizeof *held);
	held[count].p = p;
	held[count++].bytes = pages(bytes);
	return p;
}

void device_free(void *p, size_t bytes)
{
	int i = 0;

	not_recorded("memory is freed");
	while (held[i].p != p)
		if (++i == count)
			die(PM_FAIL, "bug: memory is freed that was never given");
	if (held[i].bytes != pages(bytes))
		die(PM_FAIL, "bug: %zu bytes were given, %zu are freed", held[i].bytes, bytes);
	munmap(p, held[i].bytes);
	taken -= held[i].bytes;
	held[i] = held[--count];
	frees++;
}

static void copy(void *dst, const void *src, size_t bytes)
{
	not_recorded("the host copies");
	open_memory(true);
	memcpy(dst, src, bytes);
	open_memory(false);
}

void device_put(void *dst, const void *host, size_t bytes) { copy(dst, host, bytes); }
void device_get(void *host, const void *src, size_t bytes) { copy(host, src, bytes); }

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

/* --- launches --- */

struct launch {
	twin_kernel *kernel;
	void *args;
	int64_t count;
	uint32_t parts;
	float *partial;
};

struct record {
	struct launch *launch;
	int launches;
	uint64_t frees;
};

static void launch(const struct launch *l)
{
	open_memory(true);
	l->kernel(l->args, l->count, l->parts, l->partial);
	open_memory(false);
}

void twin_start(twin_kernel *kernel, const void *args, size_t size, int64_t count_, uint32_t parts, float *partial)
{
	struct launch l = { kernel, (void *)args, count_, parts, partial };

	if (!recording) {
		launch(&l);
		return;
	}
	l.args = memcpy(xmalloc(size), args, size);
	recording->launch = xresize(recording->launch, (size_t)recording->launches + 1, sizeof l);
	recording->launch[recording->launches++] = l;
}

void device_record_begin(void)
{
	not_recorded("another one is begun");
	recording = xcalloc(1, sizeof *recording);
	recording->frees = frees;
}

struct record *device_record_end(void)
{
	struct record *r = recording;

	recording = NULL;
	return r;
}

bool device_replay(const struct record *r)
{
	not_recorded("another one is replayed");
	for (int i = 0; i < r->launches && r->frees == frees; i++)
		launch(&r->launch[i]);
	return r->frees == frees;
}

void device_record_free(struct record *r)
{
	for (int i = 0; i < r->launches; i++)
		free(r->launch[i].args);
	free(r->launch);
	free(r);
}

bool device_record_spoilt(void) { return false; }

struct zeroed {
	void *dst;
	size_t bytes;
};

static void zero(const void *args, int64_t n, uint32_t parts, float *partial)
{
	const struct zeroed *a = args;

	(void)n, (void)parts, (void)partial;
	memset(a->dst, 0, a->bytes);
}

void device_zero(void *dst, size_t bytes)
{
	const struct zeroed a = { dst, bytes };
	twin_start(zero, &a, sizeof a, 1, 0, NULL);
}

void *device_stream(void) { return NULL; }
bool device_fast(void) { return false; }
void device_started(const char *kernel) { (void)kernel; }

int device_open(int index, bool fast, bool tf32, char *why, size_t why_size)
{
	(void)fast, (void)tf32;
	if (index > 0) {
		snprintf(why, why_size, "there is no GPU %d; the GPUs are 0 to 0", index);
		return -1;
	}
	snprintf(why, why_size, "the host in its place");
	return 0;
}

/* --- convolutions --- */

enum { CHANNELS_MOST = 4096 };

struct engine {
	struct engine_shape s;
};

struct engine *engine_open(const struct engine_shape *s)
{
	struct engine *e = xmalloc(sizeof *e);

	if (s->ic > CHANNELS_MOST || s->oc > CHANNELS_MOST)
		die(PM_FAIL, "the twin has room for %d channels, not %lld to %lld", CHANNELS_MOST, (long long)s->ic, (long long)s->oc);
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

/* What a convolution works on: two are read, one is written. */
struct arrays {
	struct engine_shape s;
	const void *x, *w, *dy;
	const float *bias;
	void *to;
};

static void fwd(const void *args, int64_t pixels, uint32_t parts, float *partial)
{
	const struct arrays *a = args;
	const struct engine_shape *s = &a->s;
	const int64_t taps = taps_of(s);

	(void)parts, (void)partial;
#pragma omp parallel for
	for (int64_t q = 0; q < pixels; q++) {
		float sum[CHANNELS_MOST];
		memcpy(sum, a->bias, (size_t)s->oc * sizeof *sum);
		pixel(s, q, 1, a->x, s->x_pitch, s->ic, a->w, s->ic, taps * s->ic, 1, s->oc, sum);
		for (int64_t o = 0; o < s->oc; o++)
			store1(a->to, q * s->y_pitch + o, s->type, sum[o]);
	}
}

static void bwd_data(const void *args, int64_t pixels, uint32_t parts, float *partial)
{
	const struct arrays *a = args;
	const struct engine_shape *s = &a->s;
	const int64_t taps = taps_of(s);

	(void)parts, (void)partial;
#pragma omp parallel for
	for (int64_t q = 0; q < pixels; q++) {
		float sum[CHANNELS_MOST] = { 0 };
		pixel(s, q, -1, a->dy, s->y_pitch, s->oc, a->w, s->ic, 1, taps * s->ic, s->ic, sum);
		for (int64_t i = 0; i < s->ic; i++)
			store1(a->to, q * s->x_pitch + i, s->type, sum[i]);
	}
}

static void bwd_weights(const void *args, int64_t oc, uint32_t parts, float *partial)
{
	const struct arrays *a = args;
	const struct engine_shape *s = &a->s;
	const int64_t taps = taps_of(s);

	(void)parts, (void)partial;
#pragma omp parallel for
	for (int64_t o = 0; o < oc; o++) {
		float *to = (float *)a->to + o * taps * s->ic;
		memset(to, 0, (size_t)(taps * s->ic) * sizeof *to);
		for (int64_t q = 0; q < pixels_of(s); q++) {
			const float g = load1(a->dy, q * s->y_pitch + o, s->type);
			for (int64_t tap = 0; g != 0 && tap < taps; tap++) {
				const int64_t p = tap_of(s, q, tap, 1);
				for (int64_t i = 0; p >= 0 && i < s->ic; i++)
					to[tap * s->ic + i] += g * load1(a->x, p * s->x_pitch + i, s->type);
			}
		}
	}
}

void engine_fwd(struct engine *e, const void *x, const void *w, const float *bias, void *y)
{
	const struct arrays a = { .s = e->s, .x = x, .w = w, .bias = bias, .to = y };
	twin_start(fwd, &a, sizeof a, pixels_of(&e->s), 0, NULL);
}

void engine_bwd_data(struct engine *e, const void *dy, const void *w, void *dx)
{
	const struct arrays a = { .s = e->s, .w = w, .dy = dy, .to = dx };
	twin_start(bwd_data, &a, sizeof a, pixels_of(&e->s), 0, NULL);
}

void engine_bwd_weights(struct engine *e, const void *x, const void *dy, float *dw)
{
	const struct arrays a = { .s = e->s, .x = x, .dy = dy, .to = dw };
	twin_start(bwd_weights, &a, sizeof a, e->s.oc, 0, NULL);
}
