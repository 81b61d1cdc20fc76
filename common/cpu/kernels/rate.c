/*
 * rate.c: how fast this processor multiplies pairs of bf16. AMD's do so twice as fast as f32; some of Intel's, with that
 * work meant for their tiles, at half the speed of f32: there, arithmetic in f32 on what is stored in bf16 is faster.
 */
#include "cpu/kernels/family.h"
#include "cpu/kernels/simd.h"

#if PM_AVX512 && defined(__AVX512BF16__)

enum { SUMS = 16, ROUNDS = 20000 };

/* Seconds of ROUNDS times SUMS independent products; the empty statement keeps the sums in registers, one by one. */
#define TIME_OF(name, product) \
	static double name(void) \
	{ \
		__m512 sum[SUMS], a = _mm512_set1_ps(0.5f), b = _mm512_setzero_ps(); \
		double start = now(); \
		_Pragma("GCC unroll 16") for (int i = 0; i < SUMS; i++) \
			sum[i] = b; \
		for (int r = 0; r < ROUNDS; r++) \
			_Pragma("GCC unroll 16") for (int i = 0; i < SUMS; i++) { \
				sum[i] = product; \
				__asm__ volatile("" : "+v"(sum[i]), "+v"(a)); \
			} \
		return now() - start; \
	}
TIME_OF(time_of_singles, _mm512_fmadd_ps(a, b, sum[i]))
TIME_OF(time_of_pairs, _mm512_dpbf16_ps(sum[i], (__m512bh)a, (__m512bh)b))

double NAME(bf16_rate)(void)
{
	double best[2] = { 1e9, 1e9 };

	for (int i = 0; i < 10; i++) {
		double t = i % 2 ? time_of_pairs() : time_of_singles();
		best[i % 2] = t < best[i % 2] ? t : best[i % 2];
	}
	return 2 * best[0] / best[1];
}

#else

double NAME(bf16_rate)(void) { return 0; }

#endif
