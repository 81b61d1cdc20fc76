/* runtime.cu: the device's memory and stream by CUDA's runtime. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cudaTypedefs.h>
#include <cuda_runtime.h>

#include "base/base.h"
#include "cuda/runtime.h"

static cudaStream_t stream;
static bool fast, tf32;
static enum { RESTS, RECORDS, SPOILT } recorder;
static uint64_t frees; /* how many there were */
static size_t context; /* bytes of a context */

/* The call failed: what was wanted, why not. */
static void must(cudaError_t e, const char *what)
{
	if (e != cudaSuccess && !device_record_spoilt())
		die(PM_FAIL, "CUDA: %s: %s", what, cudaGetErrorString(e));
}

static void not_recorded(const char *what)
{
	if (recorder != RESTS)
		die(PM_FAIL, "bug: %s while a step is recorded", what);
}

void *device_alloc(size_t bytes)
{
	void *p = NULL;

	not_recorded("memory is taken");
	const cudaError_t e = cudaMalloc(&p, bytes ? bytes : 1);
	if (e == cudaErrorMemoryAllocation)
		die(PM_FAIL, "out of memory on the GPU: %.0f MiB are needed, %.0f are free (smaller batches or crops need less)",
			(double)bytes / (1 << 20), (double)device_available() / (1 << 20));
	must(e, "memory");
	device_zero(p, bytes);
	return p;
}

/* Waits for the work that may still use it. */
void device_free(void *p, size_t bytes)
{
	(void)bytes;
	not_recorded("memory is freed");
	frees++;
	must(cudaStreamSynchronize(stream), "waiting for the GPU");
	must(cudaFree(p), "freeing memory");
}

/*
 * What is put goes through pinned memory and a stream of copies to a place of its own on the GPU, while work that was started
 * before goes on: the next batch is there when its step begins, and is then moved within the GPU. Two stages: one is filled
 * while what the other holds is still to be moved.
 */
enum { STAGE = 64 << 20, STEP = 256 };

static struct stage {
	char *host, *here; /* pinned; on the GPU */
	size_t used;
	cudaEvent_t come, moved;
} stages[2], *stage = stages;

static cudaStream_t copies;

/* Taken at once, so that memory that is said to be free is. */
static void stages_open(void)
{
	must(cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking), "making a stream");
	for (struct stage *s = stages; s < stages + 2; s++) {
		must(cudaMallocHost((void **)&s->host, STAGE), "pinned memory");
		s->here = (char *)device_alloc(STAGE);
		must(cudaEventCreateWithFlags(&s->come, cudaEventDisableTiming), "event");
		must(cudaEventCreateWithFlags(&s->moved, cudaEventDisableTiming), "event");
	}
}

/* Room for so many bytes in the stage; where it is full, in the other, once all that came through that has been moved. */
static size_t staged(size_t bytes)
{
	if (stage->used + bytes > STAGE) {
		must(cudaEventRecord(stage->moved, stream), "event");
		stage = &stages[stage == stages];
		must(cudaEventSynchronize(stage->moved), "waiting for the GPU"); /* never recorded: at once */
		stage->used = 0;
	}
	const size_t at = stage->used;
	stage->used += (bytes + STEP - 1) / STEP * STEP;
	return at;
}

static void put_piece(char *dst, const char *host, size_t bytes)
{
	const size_t at = staged(bytes);

	memcpy(stage->host + at, host, bytes);
	must(cudaMemcpyAsync(stage->here + at, stage->host + at, bytes, cudaMemcpyHostToDevice, copies), "copying to the GPU");
	must(cudaEventRecord(stage->come, copies), "event");
	must(cudaStreamWaitEvent(stream, stage->come, 0), "event");
	must(cudaMemcpyAsync(dst, stage->here + at, bytes, cudaMemcpyDeviceToDevice, stream), "copying within the GPU");
}

void device_put(void *dst, const void *host, size_t bytes)
{
	not_recorded("the host copies");
	for (size_t at = 0; at < bytes; at += STAGE)
		put_piece((char *)dst + at, (const char *)host + at, bytes - at < STAGE ? bytes - at : (size_t)STAGE);
}

void device_get(void *host, const void *src, size_t bytes)
{
	not_recorded("the host copies");
	must(cudaMemcpyAsync(host, src, bytes, cudaMemcpyDeviceToHost, stream), "copying from the GPU");
	must(cudaStreamSynchronize(stream), "waiting for the GPU");
}

size_t device_available(void)
{
	size_t free_bytes = 0, all = 0;

	must(cudaMemGetInfo(&free_bytes, &all), "free memory");
	return free_bytes;
}

size_t device_overhead(void) { return context + 2 * (size_t)STAGE; }

/* A function of the driver, which is not linked: without one the shared object still loads. */
static void *driver(const char *name, unsigned version)
{
	cudaDriverEntryPointQueryResult found;
	void *f = NULL;

	must(cudaGetDriverEntryPointByVersion(name, &f, version, cudaEnableDefault, &found), name);
	return found == cudaDriverEntryPointSuccess ? f : NULL;
}

/* What a context takes: ours is there before memory can be asked about, so that of a second one is measured. */
static size_t context_bytes(int index)
{
	const PFN_cuCtxCreate_v3020 create = (PFN_cuCtxCreate_v3020)driver("cuCtxCreate", 3020);
	const PFN_cuCtxDestroy_v4000 destroy = (PFN_cuCtxDestroy_v4000)driver("cuCtxDestroy", 4000);
	const size_t before = device_available();
	CUcontext second;

	if (!create || !destroy || create(&second, 0, index) != CUDA_SUCCESS)
		return 0;
	const size_t after = device_available();
	destroy(second);
	must(cudaSetDevice(index), "taking the GPU");
	return before > after ? before - after : 0;
}

void device_zero(void *dst, size_t bytes) { must(cudaMemsetAsync(dst, 0, bytes, stream), "zeroing memory"); }

void *device_scratch(size_t bytes)
{
	static void *held;
	static size_t room;

	if (bytes > room) {
		if (held)
			device_free(held, room);
		held = device_alloc(room = bytes);
	}
	return held;
}

void *device_stream(void) { return stream; }
bool device_fast(void) { return fast; }
bool device_tf32(void) { return tf32; }

void device_started(const char *kernel)
{
	const cudaError_t e = cudaGetLastError();

	if (e != cudaSuccess && !device_record_spoilt())
		die(PM_FAIL, "CUDA: kernel %s: %s", kernel, cudaGetErrorString(e));
}

/* --- recording: a capture of the stream, made into an executable graph --- */

struct record {
	cudaGraphExec_t graph;
	uint64_t frees;
};

/* Relaxed: a library may do in its calls what it does, as long as it goes to the stream. */
void device_record_begin(void)
{
	not_recorded("another one is begun");
	must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "recording a step");
	recorder = RECORDS;
}

bool device_record_spoilt(void)
{
	if (recorder == RESTS)
		return false;
	recorder = SPOILT;
	cudaGetLastError(); /* forgets it */
	return true;
}

struct record *device_record_end(void)
{
	cudaGraph_t graph = NULL;
	struct record *r = (struct record *)xcalloc(1, sizeof *r);

	must(cudaStreamEndCapture(stream, &graph), "recording a step");
	if (recorder == RECORDS)
		must(cudaGraphInstantiate(&r->graph, graph, 0), "recording a step");
	if (graph)
		cudaGraphDestroy(graph);
	const bool ok = recorder == RECORDS;
	recorder = RESTS;
	r->frees = frees;
	if (ok)
		return r;
	detail("this step cannot be recorded: its kernels are started one by one");
	free(r);
	return NULL;
}

bool device_replay(const struct record *r)
{
	if (r->frees != frees)
		return false;
	must(cudaGraphLaunch(r->graph, stream), "replaying a step");
	return true;
}

/* Waits for the last replay. */
void device_record_free(struct record *r)
{
	must(cudaStreamSynchronize(stream), "waiting for the GPU");
	must(cudaGraphExecDestroy(r->graph), "forgetting a step");
	free(r);
}

int device_open(int index, bool want_fast, bool want_tf32, char *why, size_t why_size)
{
	struct cudaDeviceProp prop;
	int count = 0;
	const cudaError_t e = cudaGetDeviceCount(&count);

	if (e == cudaErrorInsufficientDriver || e == cudaErrorNoDevice || (e == cudaSuccess && !count)) {
		snprintf(why, why_size, "%s", e == cudaErrorInsufficientDriver ?
			"there is no NVIDIA driver, or one that is too old for CUDA " PM_CUDA_VERSION : "no NVIDIA GPU is here");
		return -1;
	}
	if (e != cudaSuccess) {
		snprintf(why, why_size, "%s", cudaGetErrorString(e));
		return -1;
	}
	if (index >= count) {
		snprintf(why, why_size, "there is no GPU %d; the GPUs are 0 to %d", index, count - 1);
		return -1;
	}
	must(cudaGetDeviceProperties(&prop, index), "properties of the GPU");
	if (prop.major < 8) {
		snprintf(why, why_size, "GPU %d, %s, is of compute capability %d.%d; 8.0 or more is needed", index, prop.name, prop.major, prop.minor);
		return -1;
	}
	must(cudaSetDevice(index), "taking the GPU");
	context = context_bytes(index);
	must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
	stages_open();
	fast = want_fast;
	tf32 = want_tf32;
	snprintf(why, why_size, "%s", prop.name);
	return 0;
}
