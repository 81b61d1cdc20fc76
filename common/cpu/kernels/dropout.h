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

/* Bit l of keep[i]: lane l of pixel 4 quad + i stays. */
#if PM_AVX512
INLINE void keep_quad(uint16_t keep[4], const struct dropout *p, uint32_t quad)
{
	/* Even lanes in c[.][0], odd ones in c[.][1], each in the low half of 64 bits; the high halves hold leftovers. */
	const __m512i m0 = _mm512_set1_epi64(PHILOX_M0), m1 = _mm512_set1_epi64(PHILOX_M1);
	const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), base = _mm512_set1_epi64(p->channel);
	const __m512i limit = _mm512_set1_epi32((int)(uint32_t)p->least);
	__m512i c[4][2];
	uint32_t k0 = p->key[0], k1 = p->key[1];

	for (int s = 0; s < 2; s++) {
		c[0][s] = _mm512_set1_epi64(quad);
		c[1][s] = _mm512_or_si512(base, s ? _mm512_add_epi64(even, _mm512_set1_epi64(1)) : even);
		c[2][s] = _mm512_set1_epi64(p->image);
		c[3][s] = _mm512_set1_epi64(p->layer);
	}
	for (int r = 0; r < ROUNDS; r++, k0 += PHILOX_W0, k1 += PHILOX_W1)
		for (int s = 0; s < 2; s++) {
			__m512i a = _mm512_mul_epu32(c[0][s], m0), b = _mm512_mul_epu32(c[2][s], m1);
			/* 0x96: exclusive or of three */
			c[0][s] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(b, 32), c[1][s], _mm512_set1_epi64(k0), 0x96);
			c[2][s] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(a, 32), c[3][s], _mm512_set1_epi64(k1), 0x96);
			c[1][s] = b;
			c[3][s] = a;
		}
	for (int i = 0; i < 4; i++) {
		__m512i word = _mm512_mask_blend_epi32(0xaaaa, c[i][0], _mm512_slli_epi64(c[i][1], 32));
		keep[i] = p->least >> 32 ? 0 : _mm512_cmpge_epu32_mask(word, limit);
	}
}
#else
INLINE void keep_quad(uint16_t keep[4], const struct dropout *p, uint32_t quad)
{
	uint32_t c[4][PM_LANES], k0 = p->key[0], k1 = p->key[1];

	for (uint32_t l = 0; l < PM_LANES; l++) {
		c[0][l] = quad;
		c[1][l] = p->channel | l;
		c[2][l] = p->image;
		c[3][l] = p->layer;
	}
	for (int r = 0; r < ROUNDS; r++, k0 += PHILOX_W0, k1 += PHILOX_W1)
		for (int l = 0; l < PM_LANES; l++) {
			uint64_t a = (uint64_t)c[0][l] * PHILOX_M0, b = (uint64_t)c[2][l] * PHILOX_M1;
			c[0][l] = (uint32_t)(b >> 32) ^ c[1][l] ^ k0;
			c[2][l] = (uint32_t)(a >> 32) ^ c[3][l] ^ k1;
			c[1][l] = (uint32_t)b;
			c[3][l] = (uint32_t)a;
		}
	for (int i = 0; i < 4; i++) {
		unsigned bits = 0;
		for (int l = 0; l < PM_LANES; l++)
			bits |= (unsigned)(c[i][l] >= p->least) << l;
		keep[i] = (uint16_t)bits;
	}
}
#endif

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
