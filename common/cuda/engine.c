/*
 * engine.c: the convolutions of engine.h: which library computes each pass, and how. The plans that a library has for a pass
 * are timed on the arrays of the first call, to which each writes the same result, and the fastest stays.
 */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cuda_runtime_api.h>

#include "base/base.h"
#include "cuda/library.h"
#include "cuda/plan_cache.h"
#include "cuda/runtime.h"

enum { FORMS = 4, WARM = 3, TIMED = 5, ROUND = 256, WORKSPACE_MOST = 1 << 30 };

/*
 * The forms of a pass, the best first; a later one is taken where a library has no plan for those before. cuDNN 9.19 has none
 * that stores f32 gradients of weights without the tail, and with it only from dense maps.
 */
static const struct form forms[PASSES][FORMS] = {
	[FORWARD] = { { "gemm-fwd", &library_cublas, BIAS, false, false }, { "fwd", &library_cudnn, BIAS, false, false },
		{ "fwd-no-bias", &library_cudnn, NO_TAIL, false, false } },
	[DATA] = { { "gemm-data", &library_cublas, NO_TAIL, false, false }, { "data", &library_cudnn, NO_TAIL, false, false } },
	[WEIGHTS] = { { "gemm-weights", &library_cublas, NO_TAIL, false, false }, { "weights", &library_cudnn, NO_TAIL, false, false },
		{ "weights-widen", &library_cudnn, WIDEN, true, false }, { "weights-bf16", &library_cudnn, NO_TAIL, true, true } },
};

struct chosen {
	const struct form *form; /* NULL: not chosen yet */
	void *task;
	struct plan plan;
};

struct engine {
	struct engine_shape s;
	struct chosen pass[PASSES];
	char text[160]; /* the shape in words */
};

static const char *at = "start";

const char *engine_at(void) { return at; }

static void must(cudaError_t e, const char *what)
{
	if (e != cudaSuccess)
		die(PM_FAIL, "CUDA: %s: %s: %s", at, what, cudaGetErrorString(e));
}

static int by_value(const void *a, const void *b) { return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b); }

/* The median of milliseconds, INFINITY where it cannot run. All runs are queued first, so that the GPU does not wait for us. */
static float time_plan(const struct chosen *c, const struct plan *p, const struct args *a, void *workspace)
{
	static cudaEvent_t event[TIMED + 1];
	cudaStream_t stream = device_stream();
	float ms[TIMED] = { 0 };
	bool ok = true;

	for (int i = 0; i <= TIMED && !event[i]; i++)
		must(cudaEventCreate(&event[i]), "event");
	for (int i = 0; i < WARM && ok; i++)
		ok = c->form->library->run(c->task, p, a, workspace);
	must(cudaEventRecord(event[0], stream), "event");
	for (int i = 0; i < TIMED && ok; i++) {
		ok = c->form->library->run(c->task, p, a, workspace);
		must(cudaEventRecord(event[i + 1], stream), "event");
	}
	must(cudaStreamSynchronize(stream), "timing a convolution");
	for (int i = 0; i < TIMED && ok; i++)
		must(cudaEventElapsedTime(&ms[i], event[i], event[i + 1]), "event");
	qsort(ms, TIMED, sizeof *ms, by_value);
	return ok ? ms[TIMED / 2] : INFINITY;
}

/* The index of the fastest, -1 where none runs. What is faster by less than a few percent is not: the library's order counts. */
static int fastest(const struct chosen *c, const struct plan *plan, int n, const struct args *a, void *workspace)
{
	float best = INFINITY;
	int index = -1;

	for (int i = 0; i < n; i++) {
		const float ms = time_plan(c, &plan[i], a, workspace);
		if (ms < 0.97f * best) {
			best = ms;
			index = i;
		}
		detail("%s: %s: %s: %.3f ms", c->form->library->name, at, plan[i].name, (double)ms);
	}
	return index;
}

static int64_t weights_of(const struct engine_shape *s) { return s->oc * (s->dims == 3 ? s->kernel : 1) * s->kernel * s->kernel * s->ic; }

/* Scratch of a call: the gradient of weights in bf16, where it comes so, then the workspace. Returns the latter. */
static void *scratch(const struct engine_shape *s, const struct form *form, int64_t workspace, struct args *a)
{
	const size_t narrow = form->narrow ? ((size_t)weights_of(s) * 2 + ROUND - 1) / ROUND * ROUND : 0, bytes = narrow + (size_t)workspace;
	char *p = bytes ? device_scratch(bytes) : NULL;

	if (form->narrow)
		a->w = p;
	return workspace ? p + narrow : NULL;
}

/* The remembered plan of c's task, else the fastest; false where there is none. */
static bool plan_for(struct chosen *c, const struct engine_shape *s, const char *key, struct args a)
{
	const struct library *l = c->form->library;
	struct plan plan[PLANS_MOST];
	const char *name = plan_cache_get(key);
	const int64_t quarter = (int64_t)(device_available() / 4), most = quarter < WORKSPACE_MOST ? quarter : WORKSPACE_MOST;
	int64_t workspace = 0;

	if (name && l->plans(c->task, &a, most, name, &c->plan) == 1)
		return true;
	const int n = l->plans(c->task, &a, most, NULL, plan);
	for (int i = 0; i < n; i++)
		workspace = plan[i].workspace > workspace ? plan[i].workspace : workspace;
	void *room = n ? scratch(s, c->form, workspace, &a) : NULL;
	const int best = fastest(c, plan, n, &a, room);
	for (int i = 0; i < n; i++)
		if (i != best)
			l->drop(&plan[i]);
	if (best < 0)
		return false;
	c->plan = plan[best];
	plan_cache_put(key, c->plan.name);
	return true;
}

/* Puts the pass to a library in this form; c->form stays NULL where it has no plan. */
static void try(struct chosen *c, const struct engine *e, enum pass pass, const struct form *form, const struct args *a)
{
	char *key = xprintf("%s %s%s%s", form->name, e->text, device_fast() ? " fast" : "", device_tf32() && e->s.type == F_REAL ? " tf32" : "");

	at = key;
	*c = (struct chosen){ .form = form, .task = form->library->open(&e->s, pass, form) };
	if (!c->task || !plan_for(c, &e->s, key, *a)) {
		if (c->task)
			form->library->close(c->task);
		c->form = NULL;
	}
	at = e->text;
	free(key);
}

static void choose(struct engine *e, enum pass pass, const struct args *a)
{
	static bool said;
	struct chosen *c = &e->pass[pass];

	for (int f = 0; f < FORMS && forms[pass][f].name && !c->form; f++)
		if (!forms[pass][f].only_bf16 || e->s.type == F_BF16)
			try(c, e, pass, &forms[pass][f], a);
	if (!c->form)
		die(PM_FAIL, "cuDNN %zu has no engine for %s of %s%s: %s", library_cudnn.version(), forms[pass][1].name, e->text,
			device_fast() ? "" : " that gives the same result in each run (--fast allows others)", library_cudnn.why());
	if (c->form->narrow && !said)
		note("cuDNN rounds some gradients of weights to bf16: it has no engine for more");
	said |= c->form->narrow;
}

/* What the form leaves to do is the caller's. a->w becomes where the gradient of weights was written. */
static const struct form *run(struct engine *e, enum pass pass, struct args *a)
{
	struct chosen *c = &e->pass[pass];

	at = e->text;
	if (!c->form)
		choose(e, pass, a);
	const struct library *l = c->form->library;
	void *workspace = scratch(&e->s, c->form, c->plan.workspace, a);
	if (!l->run(c->task, &c->plan, a, workspace) && !device_record_spoilt())
		die(PM_FAIL, "%s: %s: %s: %s", l->name, at, c->form->name, l->why());
	return c->form;
}

/* --- the interface --- */

/* Algorithms that were the fastest are remembered for a device and its libraries. */
static void start(void)
{
	struct cudaDeviceProp prop;
	int device;

	must(cudaGetDevice(&device), "the GPU");
	must(cudaGetDeviceProperties(&prop, device), "properties of the GPU");
	char *name = xprintf("cudnn-%zu-cublas-%zu-%s", library_cudnn.version(), library_cublas.version(), prop.name);
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '-';
	plan_cache_open(name);
	free(name);
}

struct engine *engine_open(const struct engine_shape *s)
{
	static bool started;
	struct engine *e = xcalloc(1, sizeof *e);

	if (!started)
		start();
	started = true;
	e->s = *s;
	snprintf(e->text, sizeof e->text, "%dD k%d d%d %lld>%lld at %lldx%lldx%lldx%lld %s pitch %lld,%lld", s->dims, s->kernel, s->dilation,
		(long long)s->ic, (long long)s->oc, (long long)s->n, (long long)s->size[0], (long long)s->size[1], (long long)s->size[2],
		s->type == F_BF16 ? "bf16" : "f32", (long long)s->x_pitch, (long long)s->y_pitch);
	return e;
}

void engine_close(struct engine *e)
{
	at = "close";
	for (struct chosen *c = e->pass; c < e->pass + PASSES; c++)
		if (c->form) {
			c->form->library->drop(&c->plan);
			c->form->library->close(c->task);
		}
	free(e);
}

void engine_fwd(struct engine *e, const void *x, const void *w, const float *bias, void *y)
{
	struct args a = { (void *)x, (void *)w, (void *)bias, y };

	if (run(e, FORWARD, &a)->tail != BIAS)
		cuda_bias_add(y, bias, &e->s);
}

void engine_bwd_data(struct engine *e, const void *dy, const void *w, void *dx)
{
	struct args a = { dx, (void *)w, NULL, (void *)dy };

	run(e, DATA, &a);
}

void engine_bwd_weights(struct engine *e, const void *x, const void *dy, float *dw)
{
	struct args a = { (void *)x, dw, NULL, (void *)dy };

	if (run(e, WEIGHTS, &a)->narrow)
		cuda_widen(dw, a.w, weights_of(&e->s));
}
