/*
 * engine_test.c: how engine.c chooses, without a GPU. Two libraries are made here whose plans take so many milliseconds of a
 * clock of our own, and which refuse what they are told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <cuda_runtime_api.h>

#include "base/base.h"
#include "cuda/library.h"
#include "cuda/plan_cache.h"
#include "cuda/runtime.h"

/* --- CUDA and the backend --- */

enum { EVENTS = 16, PLANS = 3, SCRATCH = 1 << 16 };

static float now_ms;
static float event[EVENTS];
static int events;
static _Alignas(256) char scratch[SCRATCH];
static int biased, widened;
static const void *narrow;

cudaError_t cudaGetDevice(int *device) { return *device = 0, cudaSuccess; }
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device) { return strcpy(p->name, "none"), (void)device, cudaSuccess; }
const char *cudaGetErrorString(cudaError_t e) { return (void)e, ""; }
cudaError_t cudaEventCreate(cudaEvent_t *e) { return *e = (cudaEvent_t)&event[events++], cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) { return *(float *)e = now_ms, (void)s, cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t s) { return (void)s, cudaSuccess; }
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t a, cudaEvent_t b) { return *ms = *(float *)b - *(float *)a, cudaSuccess; }

void *device_stream(void) { return NULL; }
bool device_fast(void) { return false; }
bool device_tf32(void) { return false; }
bool device_record_spoilt(void) { return false; }
size_t device_available(void) { return 1 << 20; }
void *device_scratch(size_t bytes) { return assert_true(bytes <= SCRATCH), scratch; }
void cuda_bias_add(void *y, const float *bias, const struct engine_shape *s) { biased += y && bias && s; }
void cuda_widen(float *to, const void *bf16, int64_t n) { widened += to && n, narrow = bf16; }

/* --- the libraries --- */

static struct made {
	const char *refused; /* forms, each with a blank on both sides */
	float ms[PLANS];
	int runs, open, plans; /* plans and tasks that are not given back */
	const char *last;      /* form that ran last */
	char name[8];          /* plan that ran last */
} cublas, cudnn;

static struct made *of(const struct form *f) { return f->library == &library_cublas ? &cublas : &cudnn; }

static size_t version(void) { return 1; }
static const char *why(void) { return "refused"; }

static void *open_task(const struct engine_shape *s, enum pass pass, const struct form *f)
{
	const struct form **task = xmalloc(sizeof(struct form *));

	(void)pass;
	assert_true(s->ic && f->name);
	*task = f;
	of(f)->open++;
	return task;
}

static void close_task(void *task)
{
	of(*(const struct form **)task)->open--;
	free(task);
}

static int plans(void *task, const struct args *a, int64_t most, const char *name, struct plan *plan)
{
	const struct form *f = *(const struct form **)task;
	char word[32];
	int n = 0;

	assert_true(a->x && most == 1 << 18);
	snprintf(word, sizeof word, " %s ", f->name);
	for (int i = 0; i < PLANS && !strstr(of(f)->refused, word); i++) {
		struct plan p = { .way = of(f), .workspace = 100 };
		snprintf(p.name, sizeof p.name, "plan%d", i);
		if (name && strcmp(name, p.name))
			continue;
		plan[n++] = p;
		of(f)->plans++;
	}
	return n;
}

static void drop(struct plan *p) { ((struct made *)p->way)->plans--; }

static bool run(void *task, const struct plan *p, const struct args *a, void *workspace)
{
	const struct form *f = *(const struct form **)task;
	struct made *m = of(f);

	assert_true((char *)workspace >= scratch && (char *)workspace + p->workspace <= scratch + SCRATCH && a->w && workspace != a->w);
	m->runs++;
	m->last = f->name;
	snprintf(m->name, sizeof m->name, "%.7s", p->name);
	now_ms += m->ms[p->name[4] - '0'];
	return m->ms[p->name[4] - '0'] > 0;
}

#define LIBRARY { .name = "made", .version = version, .why = why, .open = open_task, .close = close_task, .plans = plans, .drop = drop, .run = run }
const struct library library_cublas = LIBRARY, library_cudnn = LIBRARY;

/* --- the test --- */

static _Alignas(256) char x[64], w[64], b[64], y[64];

static struct engine *engine(enum ftype type, int64_t channels)
{
	const struct engine_shape s = { .n = 1, .ic = channels, .oc = channels, .size = { 1, 4, 4 }, .dims = 2, .kernel = 1, .dilation = 1,
		.type = type, .x_pitch = channels, .y_pitch = channels };
	return engine_open(&s);
}

/* The libraries as they are told to be; nothing has run. */
static void made(const char *by_cublas, const char *by_cudnn)
{
	cublas = (struct made){ .refused = by_cublas, .ms = { 3, 1, 2 } };
	cudnn = (struct made){ .refused = by_cudnn, .ms = { 1, 0.98f, 2 } };
	biased = widened = 0;
}

static void closed(struct engine *e)
{
	engine_close(e);
	assert_true(!cublas.open && !cudnn.open && !cublas.plans && !cudnn.plans);
}

static void test_fastest(void **state)
{
	(void)state;
	made("", "");
	struct engine *e = engine(F_REAL, 16);
	engine_fwd(e, x, w, (float *)b, y);
	assert_string_equal(cublas.name, "plan1");
	assert_int_equal(cublas.runs, PLANS * 8 + 1);
	engine_fwd(e, x, w, (float *)b, y);
	assert_int_equal(cublas.runs, PLANS * 8 + 2);
	engine_bwd_data(e, y, w, x);
	engine_bwd_weights(e, x, y, (float *)w);
	assert_string_equal(cublas.last, "gemm-weights");
	assert_int_equal(cudnn.runs + biased + widened, 0);
	closed(e);

	/* Remembered: nothing is timed; unless it is not there any more. */
	e = engine(F_REAL, 16);
	cublas.runs = 0;
	engine_fwd(e, x, w, (float *)b, y);
	assert_int_equal(cublas.runs, 1);
	assert_string_equal(cublas.name, "plan1");
	closed(e);
	plan_cache_put("gemm-fwd 2D k1 d1 16>16 at 1x1x4x4 f32 pitch 16,16", "plan7");
	e = engine(F_REAL, 16);
	engine_fwd(e, x, w, (float *)b, y);
	assert_int_equal(cublas.runs, 1 + PLANS * 8 + 1);
	closed(e);
}

static void test_next_form(void **state)
{
	struct engine *e;
	(void)state;

	/* cuBLASLt has no plan; what is hardly faster does not count. */
	made(" gemm-fwd gemm-data ", "");
	e = engine(F_BF16, 32);
	engine_fwd(e, x, w, (float *)b, y);
	assert_string_equal(cudnn.last, "fwd");
	engine_bwd_data(e, y, w, x);
	assert_string_equal(cudnn.last, "data");
	assert_string_equal(cudnn.name, "plan0");
	assert_int_equal(cublas.runs + biased, 0);
	closed(e);
	/* It has plans that cannot run; what cuDNN does not do is left to us. */
	made("", " fwd weights weights-widen ");
	memset(cublas.ms, 0, sizeof cublas.ms);
	e = engine(F_BF16, 48);
	engine_fwd(e, x, w, (float *)b, y);
	assert_string_equal(cudnn.last, "fwd-no-bias");
	assert_int_equal(biased, 1);
	engine_bwd_weights(e, x, y, (float *)w);
	assert_string_equal(cudnn.last, "weights-bf16");
	assert_true(widened == 1 && narrow == scratch);
	closed(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fastest), cmocka_unit_test(test_next_form) };
	char file[] = "/tmp/engine_test.XXXXXX";

	pm_tool = "engine_test";
	const int fd = mkstemp(file);
	if (fd < 0)
		die(PM_FAIL, "%s cannot be made", file);
	close(fd);
	setenv("PYMIC_CUDNN_CACHE", file, 1);
	const int failed = cmocka_run_group_tests_name("engine", tests, NULL, NULL);
	unlink(file);
	return failed;
}
