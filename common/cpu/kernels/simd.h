/*
 * simd.h: as many reals as a register holds: channels of one pixel's block, or neighbours of a plain row. GCC's vector
 * types carry the arithmetic for any instruction set; what they do badly (selection, bf16) is spelt out for AVX-512.
 */
#ifndef PM_SIMD_H
#define PM_SIMD_H

#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "nn/backend.h"

#if defined(__AVX512F__) && !defined(PM_REAL_DOUBLE)
#define PM_AVX512 1
#else
#define PM_AVX512 0
#endif

#if defined(__AVX512F__)
#define REGISTER 64
#elif defined(__AVX2__)
#define REGISTER 32
#else
#define REGISTER 16
#endif
enum { WIDTH = REGISTER / sizeof(real) }; /* a divisor of PM_LANES */

/* Loops of their own for each type: not under the sanitizer, where they would take minutes to compile. */
#if defined(__SANITIZE_ADDRESS__)
#define PM_TYPED 0
enum { UNROLL = 1 };
#else
#define PM_TYPED 1
enum { UNROLL = 8 };
#endif

#define INLINE static inline __attribute__((always_inline, unused))
#define VECTOR(type) __attribute__((vector_size(WIDTH * sizeof(type))))
#define LOOSE(type) __attribute__((vector_size(WIDTH * sizeof(type)), aligned(sizeof(type)), may_alias))

typedef real vec VECTOR(real);
typedef real vec_loose LOOSE(real);
typedef double vec_double VECTOR(double);
typedef float vec_float VECTOR(float);
typedef uint32_t vec_u32 VECTOR(uint32_t);
typedef uint16_t vec_u16 VECTOR(uint16_t);
typedef uint16_t vec_u16_loose LOOSE(uint16_t);
typedef uint8_t vec_u8 VECTOR(uint8_t);
#ifdef PM_REAL_DOUBLE
typedef int64_t int_real;
#else
typedef int32_t int_real; /* as wide as a real */
#endif
typedef int_real vec_int VECTOR(int_real);

INLINE vec splat(real x) { return x - (vec){ 0 }; }

#if PM_AVX512
typedef __mmask16 mask;
INLINE mask greater(vec a, vec b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
INLINE mask equal(vec a, vec b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ); }
INLINE vec pick(mask m, vec a, vec b) { return (vec)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a); }
INLINE mask mask_bits(uint16_t m) { return m; }
/* NaN in b is kept, NaN in a is not. */
INLINE vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
#else
typedef vec_int mask;
INLINE mask greater(vec a, vec b) { return (mask)(a > b); }
INLINE mask equal(vec a, vec b) { return (mask)(a == b); }
INLINE vec pick(mask m, vec a, vec b) { return (vec)(((vec_int)a & m) | ((vec_int)b & ~m)); }
INLINE mask mask_bits(uint16_t m)
{
	vec_int bit;
	for (int l = 0; l < WIDTH; l++)
		bit[l] = 1 << l;
	return (mask)((bit & (int_real)m) != 0);
}
INLINE vec larger(vec a, vec b) { return pick(greater(a, b), a, b); }
INLINE vec smaller(vec a, vec b) { return pick(greater(b, a), a, b); }
#endif

INLINE vec from_bf16(vec_u16 b)
{
#if PM_AVX512
	return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)b), 16);
#elif defined(__AVX2__) && !defined(PM_REAL_DOUBLE)
	return (vec)_mm256_slli_epi32(_mm256_cvtepu16_epi32((__m128i)b), 16);
#endif
	vec_float f = (vec_float)(__builtin_convertvector(b, vec_u32) << 16);
	return __builtin_convertvector(f, vec);
}

/* Nearest, ties to even; NaN stays NaN. */
INLINE vec_u16 to_bf16(vec x)
{
#if PM_AVX512 && defined(__AVX512BF16__)
	return (vec_u16)_mm512_cvtneps_pbh((__m512)x);
#else
	vec_float f = __builtin_convertvector(x, vec_float);
	vec_u32 u = (vec_u32)f, nan = (vec_u32)(f != f);
	u = (u + 0x7fff + (u >> 16 & 1)) >> 16;
	return __builtin_convertvector((u & ~nan) | (nan & 0x7fc0), vec_u16);
#endif
}

/* The WIDTH elements of a feature map from element i on. */
INLINE vec load(const void *p, int64_t i, enum ftype t)
{
	if (t == F_BF16)
		return from_bf16(*(const vec_u16_loose *)((const uint16_t *)p + i));
	return *(const vec_loose *)((const real *)p + i);
}

INLINE void store(void *p, int64_t i, enum ftype t, vec x)
{
	if (t == F_BF16)
		*(vec_u16_loose *)((uint16_t *)p + i) = to_bf16(x);
	else
		*(vec_loose *)((real *)p + i) = x;
}

/* x as it reads back after store. */
INLINE vec rounded(vec x, enum ftype t) { return t == F_BF16 ? from_bf16(to_bf16(x)) : x; }

#endif
