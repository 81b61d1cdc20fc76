/*
 * each.h: how the kernels of the GPU are written. A kernel is a cell: a function of its arguments and of a number, that of
 * its thread. nvcc makes a kernel of it, a C compiler a loop with the same arithmetic: its twin, which tests run on the
 * host. Between threads nothing passes but in a fold, whose order of additions is fixed; there are no atomics.
 *
 *	CELL void twice(const struct twice *a, uint32_t i) { a->y[i] = 2 * a->x[i]; }
 *	EACH(twice)                  twice_each(&a, count) runs it for i < count
 *
 *	CELL void total(const struct total *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum);
 *	FOLD(total, 2)               total_fold(&a, outs, parts, partial) leaves sums of two numbers, [outs][parts][2];
 *	                             a thread adds items thread, thread + threads, ... to its sum
 *
 * EACH_OF(name, args), FOLD_OF(name, args, width): of a cell whose arguments are a struct args, as those of others are.
 */
#ifndef PM_EACH_H
#define PM_EACH_H

#include "base/base.h"
#include "cuda/runtime.h"

enum { BLOCK = 256, WARP = 32, PARTS_MOST = 512, ITEMS = 8 };

/* How many blocks share the additions of `items` numbers: depends on nothing else. */
static inline uint32_t fold_parts(int64_t items)
{
	int64_t parts = (items + BLOCK * ITEMS - 1) / (BLOCK * ITEMS);
	return (uint32_t)(parts < 1 ? 1 : parts > PARTS_MOST ? (int64_t)PARTS_MOST : parts);
}

#ifdef __CUDACC__
static inline unsigned blocks_for(int64_t threads)
{
	if (threads > UINT32_MAX)
		die(PM_FAIL, "a kernel of %lld threads: take smaller batches or crops", (long long)threads);
	return (unsigned)((threads + BLOCK - 1) / BLOCK);
}

#define CELL static __device__ __forceinline__

#define EACH_OF(name, args) \
	static __global__ void __launch_bounds__(BLOCK, 2) name##_kernel(const __grid_constant__ struct args a, uint32_t count) \
	{ \
		uint32_t i = blockIdx.x * BLOCK + threadIdx.x; \
		if (i < count) \
			name(&a, i); \
	} \
	static void name##_each(const struct args *a, int64_t count) \
	{ \
		if (count < 1) \
			return; \
		name##_kernel<<<blocks_for(count), BLOCK, 0, (cudaStream_t)device_stream()>>>(*a, (uint32_t)count); \
		device_started(#name); \
	}

#define FOLD_OF(name, args, width) \
	static __global__ void __launch_bounds__(BLOCK, 2) name##_kernel(const __grid_constant__ struct args a, float *partial) \
	{ \
		__shared__ float warp[BLOCK / WARP][width]; \
		float sum[width]; \
		for (int k = 0; k < (width); k++) \
			sum[k] = 0; \
		name(&a, blockIdx.y, blockIdx.x * BLOCK + threadIdx.x, gridDim.x * BLOCK, sum); \
		for (int k = 0; k < (width); k++) { \
			for (int far = WARP / 2; far; far /= 2) \
				sum[k] += __shfl_xor_sync(0xffffffffu, sum[k], far); \
			if (threadIdx.x % WARP == 0) \
				warp[threadIdx.x / WARP][k] = sum[k]; \
		} \
		__syncthreads(); \
		for (uint32_t k = threadIdx.x; k < (width); k += BLOCK) { \
			float all = 0; \
			for (int w = 0; w < BLOCK / WARP; w++) \
				all += warp[w][k]; \
			partial[((size_t)blockIdx.y * gridDim.x + blockIdx.x) * (width) + k] = all; \
		} \
	} \
	static void name##_fold(const struct args *a, uint32_t outs, uint32_t parts, float *partial) \
	{ \
		name##_kernel<<<dim3(parts, outs), BLOCK, 0, (cudaStream_t)device_stream()>>>(*a, partial); \
		device_started(#name); \
	}
#else
#include <string.h>

#define CELL static inline

/* A launch of the twin: now or, where a step is recorded, at each replay with a copy of the arguments. */
typedef void twin_kernel(const void *args, int64_t count, uint32_t parts, float *partial);
void twin_start(twin_kernel *kernel, const void *args, size_t size, int64_t count, uint32_t parts, float *partial);

#define EACH_OF(name, args) \
	static void name##_kernel(const void *a, int64_t count, uint32_t parts, float *partial) \
	{ \
		(void)parts, (void)partial; \
		_Pragma("omp parallel for") \
		for (int64_t i = 0; i < count; i++) \
			name((const struct args *)a, (uint32_t)i); \
	} \
	static void name##_each(const struct args *a, int64_t count) { twin_start(name##_kernel, a, sizeof *a, count, 0, NULL); }

#define FOLD_OF(name, args, width) \
	static void name##_kernel(const void *a, int64_t blocks, uint32_t parts, float *partial) \
	{ \
		_Pragma("omp parallel for") \
		for (int64_t block = 0; block < blocks; block++) { \
			float sum[2][BLOCK][width]; \
			memset(sum, 0, sizeof sum); \
			for (uint32_t t = 0; t < BLOCK; t++) \
				name((const struct args *)a, (uint32_t)(block / parts), (uint32_t)(block % parts) * BLOCK + t, parts * BLOCK, sum[0][t]); \
			for (int far = WARP / 2; far; far /= 2) { \
				memcpy(sum[1], sum[0], sizeof sum[0]); \
				for (int t = 0; t < BLOCK; t++) \
					for (int k = 0; k < (width); k++) \
						sum[0][t][k] += sum[1][t ^ far][k]; \
			} \
			for (int k = 0; k < (width); k++) { \
				float all = 0; \
				for (int w = 0; w < BLOCK / WARP; w++) \
					all += sum[0][w * WARP][k]; \
				partial[block * (width) + k] = all; \
			} \
		} \
	} \
	static void name##_fold(const struct args *a, uint32_t outs, uint32_t parts, float *partial) \
	{ \
		twin_start(name##_kernel, a, sizeof *a, (int64_t)outs * parts, parts, partial); \
	}
#endif

#define EACH(name) EACH_OF(name, name)
#define FOLD(name, width) FOLD_OF(name, name, width)

#endif
