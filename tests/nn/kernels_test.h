/* kernels_test.h: feature maps for the tests of the kernels, and the kernels of every instruction set that runs here. */
#ifndef PM_KERNELS_TEST_H
#define PM_KERNELS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <omp.h>

#include "base/base.h"
#include "cpu/kernels.h"

#ifdef PM_REAL_DOUBLE
static const double TOLERANCE = 1e-11, RELATIVE = 1e-14;
#else
static const double TOLERANCE = 1e-5, RELATIVE = 3e-7;
#endif

static const struct kernels *const all_kernels[] = { &kernels_base, &kernels_avx2, &kernels_avx512, &kernels_avx512bf16 };

/* Each set up to the one that the program would use. */
#define FOR_KERNELS(k) \
	for (const struct kernels *const *at_ = all_kernels, *k = *at_; k; k = k == kernels() ? NULL : *++at_)

#define EACH(f, n_, c_, d_, h_, w_) \
	for (int64_t n_ = 0; n_ < (f)->n; n_++) \
		for (int64_t c_ = 0; c_ < (f)->c; c_++) \
			for (int64_t d_ = 0; d_ < (f)->d; d_++) \
				for (int64_t h_ = 0; h_ < (f)->h; h_++) \
					for (int64_t w_ = 0; w_ < (f)->w; w_++)

static inline double of_type(enum ftype t) { return t == F_BF16 ? 1.0 / 256 : TOLERANCE; }

#define near(got, want, tolerance) near_at(got, want, tolerance, __LINE__)
static inline void near_at(double got, double want, double tolerance, int line)
{
	if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
		fail_msg("line %d: %.10g, not %.10g", line, got, want);
}

/* In (-1, 1), from a hash of its arguments. */
static inline double noise(uint64_t seed, int64_t i)
{
	uint64_t x = (seed << 40) ^ (uint64_t)i;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (double)((x ^ x >> 31) >> 12) / (double)(1ull << 51) - 1;
}

/* How many threads the kernels use; 0: as many as the machine has. */
static inline void threads(int n) { omp_set_num_threads(n ? n : cpu_count()); }

/* extra: elements between an image and the next. */
static inline void map_make(struct fmap *f, enum ftype t, int lanes, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w,
	int64_t split, int64_t extra)
{
	*f = (struct fmap){ .type = t, .lanes = lanes, .n = n, .c = c, .d = d, .h = h, .w = w, .split = split };
	f->stride = fmap_image(f) + extra;
	f->data = xcalloc((size_t)(n * f->stride), ftype_size(t));
}

static inline void map_free(struct fmap *f) { free(f->data); }

static inline int64_t map_at(const struct fmap *f, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	int64_t left = (f->split + f->lanes - 1) / f->lanes, i = c < f->split ? c : c - f->split;
	int64_t block = i / f->lanes + (c < f->split ? 0 : left);
	return n * f->stride + (((block * f->d + d) * f->h + h) * f->w + w) * f->lanes + i % f->lanes;
}

static inline double map_get(const struct fmap *f, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	int64_t i = map_at(f, n, c, d, h, w);
	if (f->type == F_U8)
		return ((const uint8_t *)f->data)[i];
	if (f->type == F_REAL)
		return (double)((const real *)f->data)[i];
	uint32_t u = (uint32_t)((const uint16_t *)f->data)[i] << 16;
	float x;
	memcpy(&x, &u, sizeof x);
	return (double)x;
}

/* To the nearest bf16, ties to even. */
static inline double bf16(double v)
{
	float x = (float)v;
	uint32_t u;
	memcpy(&u, &x, sizeof u);
	u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000;
	memcpy(&x, &u, sizeof x);
	return (double)x;
}

static inline void map_set(struct fmap *f, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w, double v)
{
	int64_t i = map_at(f, n, c, d, h, w);
	float x = (float)bf16(v);
	uint32_t u;
	memcpy(&u, &x, sizeof u);
	if (f->type == F_BF16)
		((uint16_t *)f->data)[i] = (uint16_t)(u >> 16);
	else
		((real *)f->data)[i] = (real)v;
}

static inline void map_fill(struct fmap *f, uint64_t seed)
{
	EACH(f, n, c, d, h, w)
		map_set(f, n, c, d, h, w, noise(seed, map_at(f, n, c, d, h, w)));
}

/* Padding lanes, and what lies between the images, are zero as map_make left them. */
static inline void check_padding(const struct fmap *f)
{
	int64_t size = f->n * f->stride;
	char *used = xcalloc((size_t)size, 1);
	EACH(f, n, c, d, h, w)
		used[map_at(f, n, c, d, h, w)] = 1;
	for (int64_t i = 0; i < size; i++)
		if (!used[i] && (f->type == F_BF16 ? ((const uint16_t *)f->data)[i] != 0 : ((const real *)f->data)[i] != 0))
			fail_msg("element %lld of a [%lld,%lld] map is padding and not 0", (long long)i, (long long)f->n, (long long)f->c);
	free(used);
}

#endif
