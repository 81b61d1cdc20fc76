/*
 * dropout.h: the dropout mask of struct norm_act, sixteen lanes at a time: Philox4x32-10 (see base/rng.h) whose four
 * words are those of four neighbouring pixels.
 */
#ifndef PM_DROPOUT_H
#define PM_DROPOUT_H

#include <math.h>

#include "cpu/kernels/simd.h"

enum { ROUNDS = 10 };
#define PHILOX_M0 0xd2511f53u
#define PHILOX_M1 0xcd9e8d57u
#define PHILOX_W0 0x9e3779b9u
#define PHILOX_W1 0xbb67ae85u

struct dropout {
	uint32_t key[2], layer, image, channel; /* channel: block << 4 */
	uint64_t least; /* a word below is dropped */
};

INLINE struct dropout dropout_of(const struct norm_act *p, int64_t image, int64_t block)
{
	return (struct dropout){ { p->key[0], p->key[1] }, p->layer, (uint32_t)image, (uint32_t)block << 4,
		(uint64_t)ceil(p->drop * 4294967296.0) };
}

/* Lane e * APART + s is in the low half of element e of vector s; the high halves hold leftovers. */
enum { HELD = REGISTER / 8, APART = PM_LANES / HELD };
typedef uint64_t words __attribute__((vector_size(REGISTER)));

/* Products of the low halves. */
INLINE words multiply(words a, words b)
{
#if defined(__AVX512F__)
	return (words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
	return (words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
	return (words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
	return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

/* Bit l of keep[i]: lane l of pixel 4 quad + i stays. Two vectors at a time hide each other's latency. */
INLINE void keep_quad(uint16_t keep[4], const struct dropout *p, uint32_t quad)
{
	const words zero = { 0 }, m0 = zero + PHILOX_M0, m1 = zero + PHILOX_M1;
	words kept[4] = { { 0 } }, lane = zero;

	for (uint32_t e = 0; e < HELD; e++)
		lane[e] = p->channel | e * APART;
	for (int first = 0; first < APART; first += 2) {
		words c[4][2];
		for (int s = 0; s < 2; s++) {
			c[0][s] = zero + quad;
			c[1][s] = lane + (uint32_t)(first + s);
			c[2][s] = zero + p->image;
			c[3][s] = zero + p->layer;
		}
		uint32_t k0 = p->key[0], k1 = p->key[1];
		for (int r = 0; r < ROUNDS; r++, k0 += PHILOX_W0, k1 += PHILOX_W1)
			for (int s = 0; s < 2; s++) {
				words a = multiply(c[0][s], m0), b = multiply(c[2][s], m1);
				c[0][s] = b >> 32 ^ c[1][s] ^ k0;
				c[2][s] = a >> 32 ^ c[3][s] ^ k1;
				c[1][s] = b;
				c[3][s] = a;
			}
		for (int i = 0; i < 4; i++) {
#if defined(__AVX512F__)
			__m512i word = _mm512_mask_blend_epi32(0xaaaa, (__m512i)c[i][0], _mm512_slli_epi64((__m512i)c[i][1], 32));
			keep[i] = p->least >> 32 ? 0 : _mm512_cmpge_epu32_mask(word, _mm512_set1_epi32((int)(uint32_t)p->least));
#else
			for (int s = 0; s < 2; s++) /* the sign of least - 1 - word */
				kept[i] |= (p->least - 1 - (c[i][s] & 0xffffffff)) >> 63 << (first + s);
#endif
		}
	}
#if !defined(__AVX512F__)
	for (int i = 0; i < 4; i++) {
		uint64_t bits = 0;
		for (int e = 0; e < HELD; e++)
			bits |= kept[i][e] << (e * APART);
		keep[i] = (uint16_t)bits;
	}
#else
	(void)kept;
#endif
}

/* keep[i] for the pixels first.. first + count - 1. */
static inline void keep_row(uint16_t *keep, const struct dropout *p, int64_t first, int64_t count)
{
	for (int64_t q = first, end = first + count; q < end;) {
		uint16_t four[4];
		keep_quad(four, p, (uint32_t)(q >> 2));
		for (; q < end; q++) {
			*keep++ = four[q & 3];
			if ((q & 3) == 3) {
				q++;
				break;
			}
		}
	}
}

#endif
