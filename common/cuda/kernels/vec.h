/* vec.h: eight channels of a pixel, 16 bytes of bf16: what a thread reads at once; and where they lie. */
#ifndef PM_VEC_H
#define PM_VEC_H

#include "cuda/kernels/each.h"

#ifdef __CUDACC__
#include <cuda_bf16.h>
#endif

enum { VEC = 8, GROUPS = PM_LANES / VEC };

struct vec8 {
	float x[VEC];
};

CELL float from_bf16(uint16_t b)
{
#ifdef __CUDACC__
	return __uint_as_float((uint32_t)b << 16);
#else
	union { uint32_t u; float f; } v = { (uint32_t)b << 16 };
	return v.f;
#endif
}

/* To the nearest, ties to even. */
CELL uint16_t to_bf16(float f)
{
#ifdef __CUDACC__
	return __bfloat16_as_ushort(__float2bfloat16_rn(f));
#else
	union { float f; uint32_t u; } v = { f };
	return f != f ? 0x7fc0 : (uint16_t)((v.u + 0x7fff + (v.u >> 16 & 1)) >> 16);
#endif
}

CELL float rounded(float f, enum ftype t) { return t == F_BF16 ? from_bf16(to_bf16(f)) : f; }

CELL float load1(const void *p, int64_t at, enum ftype t)
{
	if (t == F_BF16)
		return from_bf16(((const uint16_t *)p)[at]);
	return t == F_U8 ? (float)((const uint8_t *)p)[at] : ((const float *)p)[at];
}

CELL void store1(void *p, int64_t at, enum ftype t, float f)
{
	if (t == F_BF16)
		((uint16_t *)p)[at] = to_bf16(f);
	else if (t == F_U8)
		((uint8_t *)p)[at] = (uint8_t)f;
	else
		((float *)p)[at] = f;
}

/* Maps of feature are bf16 or real, and groups of eight channels are aligned. */
CELL struct vec8 load8(const void *p, int64_t at, enum ftype t)
{
	struct vec8 v;
#ifdef __CUDACC__
	if (t == F_BF16) {
		const uint4 u = *(const uint4 *)((const uint16_t *)p + at);
		const uint32_t w[4] = { u.x, u.y, u.z, u.w };
		for (int i = 0; i < 4; i++) {
			v.x[2 * i] = __uint_as_float(w[i] << 16);
			v.x[2 * i + 1] = __uint_as_float(w[i] & 0xffff0000u);
		}
	} else {
		const float4 a = *(const float4 *)((const float *)p + at), b = *(const float4 *)((const float *)p + at + 4);
		v.x[0] = a.x, v.x[1] = a.y, v.x[2] = a.z, v.x[3] = a.w;
		v.x[4] = b.x, v.x[5] = b.y, v.x[6] = b.z, v.x[7] = b.w;
	}
#else
	for (int i = 0; i < VEC; i++)
		v.x[i] = load1(p, at + i, t);
#endif
	return v;
}

CELL void store8(void *p, int64_t at, enum ftype t, struct vec8 v)
{
#ifdef __CUDACC__
	if (t == F_BF16) {
		uint32_t w[4];
		for (int i = 0; i < 4; i++)
			w[i] = (uint32_t)to_bf16(v.x[2 * i]) | (uint32_t)to_bf16(v.x[2 * i + 1]) << 16;
		*(uint4 *)((uint16_t *)p + at) = make_uint4(w[0], w[1], w[2], w[3]);
	} else {
		*(float4 *)((float *)p + at) = make_float4(v.x[0], v.x[1], v.x[2], v.x[3]);
		*(float4 *)((float *)p + at + 4) = make_float4(v.x[4], v.x[5], v.x[6], v.x[7]);
	}
#else
	for (int i = 0; i < VEC; i++)
		store1(p, at + i, t, v.x[i]);
#endif
}

/* The element where group `group` of eight physical channels begins, at pixel q of image n. */
CELL int64_t group_at(const struct fmap *f, uint32_t n, uint32_t q, uint32_t group)
{
	return n * f->stride + group / GROUPS * f->block + q * f->pitch + group % GROUPS * VEC;
}

/* The element of physical channel p; of any map. */
CELL int64_t channel_at(const struct fmap *f, uint32_t n, uint32_t q, uint32_t p)
{
	return n * f->stride + p / f->lanes * f->block + q * f->pitch + p % f->lanes;
}

/* The channel that physical channel p is, or -1: padding. */
CELL int channel_of(const struct fmap *f, uint32_t p)
{
	int64_t left = f->split ? (f->split + f->lanes - 1) / f->lanes * f->lanes : 0;
	int64_t c = p < left ? p : f->split + p - left;
	return c < (p < left ? f->split : f->c) ? (int)c : -1;
}

/* The physical channel of channel c. */
CELL uint32_t physical_of(const struct fmap *f, uint32_t c)
{
	return c < f->split || !f->split ? c : (uint32_t)((f->split + f->lanes - 1) / f->lanes * f->lanes + c - f->split);
}

static inline uint32_t groups_of(const struct fmap *f) { return (uint32_t)fmap_blocks(f) * GROUPS; }

/* Thread i of a map's (image, pixel, group): groups lie side by side. */
struct place {
	uint32_t n, q, group;
};

CELL struct place place_of(uint32_t i, uint32_t groups, uint32_t space)
{
	struct place p;
	p.group = i % groups;
	p.q = i / groups % space;
	p.n = i / groups / space;
	return p;
}

#endif
