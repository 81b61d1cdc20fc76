/*
 * copy.cu: what the memory of a GPU can do at most, measured: copy [GPU]. Rows "measure, value": its name, and copies
 * within it (bytes read plus bytes written).
 */
#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

static const size_t BLOCK = (size_t)1 << 30; /* far beyond the caches */
enum { TRIES = 5, COPIES = 20 };

static void must(cudaError_t e, const char *what)
{
	if (e == cudaSuccess)
		return;
	fprintf(stderr, "copy: %s: %s\n", what, cudaGetErrorString(e));
	exit(1);
}

int main(int argc, char **argv)
{
	cudaDeviceProp prop;
	cudaEvent_t start, end;
	const int device = argc > 1 ? atoi(argv[1]) : 0;
	void *from, *to;
	double best = 0;

	must(cudaSetDevice(device), "taking the GPU");
	must(cudaGetDeviceProperties(&prop, device), "properties of the GPU");
	must(cudaMalloc(&from, BLOCK), "memory");
	must(cudaMalloc(&to, BLOCK), "memory");
	must(cudaMemset(from, 1, BLOCK), "writing");
	must(cudaEventCreate(&start), "an event");
	must(cudaEventCreate(&end), "an event");
	for (int t = 0; t <= TRIES; t++) { /* the first does not count */
		float ms = 0;
		must(cudaEventRecord(start), "an event");
		for (int i = 0; i < COPIES; i++)
			must(cudaMemcpyAsync(to, from, BLOCK, cudaMemcpyDeviceToDevice), "copying");
		must(cudaEventRecord(end), "an event");
		must(cudaEventSynchronize(end), "waiting");
		must(cudaEventElapsedTime(&ms, start, end), "an event");
		const double gb = 2e-9 * (double)BLOCK * COPIES / (1e-3 * ms);
		if (t && gb > best)
			best = gb;
	}
	printf("GPU\t%s\ncopy GB/s\t%.1f\n", prop.name, best);
	return 0;
}
