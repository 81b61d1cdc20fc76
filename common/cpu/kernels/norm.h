/* norm.h: what the forward and the backward pass of normalisation, activation, dropout and pooling share. */
#ifndef PM_NORM_H
#define PM_NORM_H

#include <math.h>
#include <omp.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/simd.h"

/* Pixels that are summed in f32 before the sum goes to double, and about as many as are one piece of parallel work. */
enum { STRIP = 512, PART = 8192 };

/* The constants of WIDTH channels of a block from lane on, 0 in padding lanes. */
struct affine {
	vec mean, scale, beta;
	real slope, grow; /* grow: 1 / (1 - drop) */
	int lane;
};

INLINE struct affine affine_of(const struct norm_act *p, int64_t image, int64_t block, int lane)
{
	struct channels ch = block_channels(&p->z, block);
	const double *mean = p->mean + sharing_set(p->share, image) * p->z.c, *rstd = p->rstd + (mean - p->mean);
	struct affine k = { .lane = lane, .slope = (real)p->slope, .grow = p->drop < 1 ? (real)(1 / (1 - p->drop)) : 0 };

	for (int l = 0; l < WIDTH && lane + l < ch.count; l++) {
		int64_t c = ch.first + lane + l;
		k.mean[l] = (real)mean[c];
		k.scale[l] = (real)((double)p->gamma[c] * rstd[c]);
		k.beta[l] = p->beta[c];
	}
	return k;
}

/* Before dropout. sign: where the activation is linear. */
INLINE vec activate(vec centred, const struct affine *k, mask *sign)
{
	vec a = centred * k->scale + k->beta;
	*sign = greater(a, (vec){ 0 });
	return pick(*sign, a, a * k->slope);
}

/* keep: of the pixel's 16 lanes. */
INLINE vec dropped(vec a, const struct affine *k, bool drop, uint16_t keep)
{
	return drop ? pick(mask_bits((uint16_t)(keep >> k->lane)), a * k->grow, (vec){ 0 }) : a;
}

/*
 * How an image's block is cut. Without pooling: strips of STRIP pixels. With it: the 2 or 4 rows whose windows make one
 * row of the pooled map, cut into about STRIP pixels; the last lacks rows where a size is odd, then it has no window.
 */
struct cut {
	int64_t d, h, w, space;
	int dims;                     /* of pooling, 0: none */
	int64_t rows, across, strips; /* groups of rows in h, strips along a row, strips in all */
	int64_t windows;              /* of one strip */
};

struct strip {
	int rows;
	int64_t q[4], count;     /* first pixel of each row, pixels of a row */
	int64_t pooled, windows; /* the first pixel of the pooled map, and how many there are */
};

static inline struct cut cut_of(const struct norm_act *p)
{
	const struct fmap *z = &p->z;
	struct cut c = { .d = z->d, .h = z->h, .w = z->w, .space = fmap_space(z), .dims = p->pool.data ? p->dims : 0 };

	if (!c.dims) {
		c.strips = pieces(c.space, STRIP);
		return c;
	}
	c.windows = STRIP >> c.dims;
	c.rows = pieces(c.h, 2);
	c.across = c.w < 2 ? 1 : pieces(c.w / 2, c.windows);
	c.strips = (c.dims == 3 ? pieces(c.d, 2) : c.d) * c.rows * c.across;
	return c;
}

INLINE struct strip strip_at(const struct cut *c, int64_t i)
{
	struct strip s = { .rows = 1 };

	if (!c->dims) {
		s.q[0] = i * STRIP;
		s.count = least(STRIP, c->space - s.q[0]);
		return s;
	}
	int64_t part = i % c->across, h = i / c->across % c->rows, d = i / c->across / c->rows, deep = c->dims == 3 ? 2 : 1;
	int64_t x = part * c->windows * 2, planes = least(deep, c->d - d * deep), lines = least(2, c->h - 2 * h);
	bool whole = planes == deep && lines == 2;
	s.count = part == c->across - 1 ? c->w - x : 2 * c->windows;
	s.rows = 0;
	for (int64_t j = 0; j < planes; j++)
		for (int64_t k = 0; k < lines; k++)
			s.q[s.rows++] = ((d * deep + j) * c->h + 2 * h + k) * c->w + x;
	s.windows = whole ? s.count / 2 : 0;
	s.pooled = (d * (c->h / 2) + h) * (c->w / 2) + x / 2;
	return s;
}

/* The thread's share of count pieces, the same pieces for the same number of threads. */
static inline void share(int64_t count, int64_t *first, int64_t *end)
{
	int64_t t = omp_get_thread_num(), threads = omp_get_num_threads();
	*first = count * t / threads;
	*end = count * (t + 1) / threads;
}

#endif
