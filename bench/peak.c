/*
 * peak.c: what this machine can do at most, measured: peak THREADS. Rows "measure, value": f32 and bf16 products
 * (a multiplication and an addition are two) in registers, and copies of memory (bytes read plus bytes written).
 */
#include <immintrin.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIES = 5 };
static const size_t BLOCK = (size_t)256 << 20;

/* Rounds of independent sums, so many that none waits for the one before; the result keeps them from being left out. */
typedef float work(long rounds, float x, float y);

struct unit {
	work *run;
	double flops; /* of a round */
};

/* Sums in vectors of so many bytes; the compiler makes u * v + a one instruction where the set has it. */
#define F32(name, set, bytes, sums) \
	set static float name(long rounds, float x, float y) \
	{ \
		typedef float vector __attribute__((vector_size(bytes))); \
		const vector zero = { 0 }, v = zero + y; \
		vector a[sums], u = zero + x; \
		float all = 0; \
		_Pragma("GCC unroll 32") for (int i = 0; i < sums; i++) \
			a[i] = zero; \
		for (long r = 0; r < rounds; r++) \
			_Pragma("GCC unroll 32") for (int i = 0; i < sums; i++) { \
				a[i] = u * v + a[i]; \
				__asm__("" : "+v"(a[i]), "+v"(u)); /* u * v is not to be made once and for all */ \
			} \
		_Pragma("GCC unroll 32") for (int i = 0; i < sums; i++) \
			all += a[i][0]; \
		return all; \
	}

#ifdef __x86_64__
F32(f32_avx512, __attribute__((target("avx512f"))), 64, 24)
F32(f32_avx2, __attribute__((target("avx2,fma"))), 32, 12)
F32(f32_base, , 16, 12)

__attribute__((target("avx512f,avx512bf16"))) static float bf16_avx512(long rounds, float x, float y)
{
	enum { SUMS = 24 };
	const __m512bh u = _mm512_cvtne2ps_pbh(_mm512_set1_ps(x), _mm512_set1_ps(x));
	const __m512bh v = _mm512_cvtne2ps_pbh(_mm512_set1_ps(y), _mm512_set1_ps(y));
	__m512 a[SUMS];
	float all = 0;

	for (int i = 0; i < SUMS; i++)
		a[i] = _mm512_setzero_ps();
	for (long r = 0; r < rounds; r++)
		_Pragma("GCC unroll 32") for (int i = 0; i < SUMS; i++) {
			a[i] = _mm512_dpbf16_ps(a[i], u, v);
			__asm__("" : "+v"(a[i]));
		}
	for (int i = 0; i < SUMS; i++)
		all += _mm512_cvtss_f32(a[i]);
	return all;
}

static struct unit f32_unit(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f"))
		return (struct unit){ f32_avx512, 2 * 16 * 24 };
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return (struct unit){ f32_avx2, 2 * 8 * 12 };
	return (struct unit){ f32_base, 2 * 4 * 12 };
}

/* run is NULL where the processor has no such instruction. */
static struct unit bf16_unit(void)
{
	return (struct unit){ __builtin_cpu_supports("avx512bf16") ? bf16_avx512 : NULL, 4 * 16 * 24 };
}
#else
#error "peak.c knows x86-64 only"
#endif

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one run in which all threads begin together. */
static double products(const struct unit *u, long rounds, int threads)
{
	volatile float x = 1, y = 1e-6f, sum = 0;
	double start = 0;

#pragma omp parallel num_threads(threads)
	{
#pragma omp barrier
#pragma omp master
		start = now();
		const float all = u->run(rounds, x, y);
#pragma omp critical
		sum = sum + all;
	}
	return now() - start;
}

static double gflops(const struct unit *u, int threads)
{
	long rounds = 1000;
	double best = 0;

	while (products(u, rounds, threads) < 0.1)
		rounds *= 2;
	for (int i = 0; i < TRIES; i++) {
		const double v = 1e-9 * u->flops * (double)rounds * threads / products(u, rounds, threads);
		best = v > best ? v : best;
	}
	return best;
}

static double copies(int threads)
{
	const size_t all = BLOCK * (size_t)threads;
	char *from = malloc(all), *to = malloc(all);
	double best = 0;

	if (!from || !to) {
		fprintf(stderr, "peak: no memory for copies\n");
		exit(1);
	}
	for (int i = 0; i <= TRIES; i++) { /* the first only touches the memory */
		const double start = now();
#pragma omp parallel num_threads(threads)
		{
			const size_t at = BLOCK * (size_t)omp_get_thread_num();
			if (i)
				memcpy(to + at, from + at, BLOCK);
			else
				memset(from + at, 1, BLOCK), memset(to + at, 2, BLOCK);
		}
		const double v = 2e-9 * (double)all / (now() - start);
		best = i && v > best ? v : best;
	}
	free(from);
	free(to);
	return best;
}

int main(int argc, char **argv)
{
	const struct unit f32 = f32_unit(), bf16 = bf16_unit();
	int threads;

	if (argc != 2 || sscanf(argv[1], "%d", &threads) != 1 || threads < 1) {
		fprintf(stderr, "usage: peak THREADS\n");
		return 2;
	}
	omp_set_dynamic(0);
	printf("f32 GFLOP/s\t%.1f\n", gflops(&f32, threads));
	if (bf16.run)
		printf("bf16 GFLOP/s\t%.1f\n", gflops(&bf16, threads));
	printf("copy GB/s\t%.2f\n", copies(threads));
	return 0;
}
