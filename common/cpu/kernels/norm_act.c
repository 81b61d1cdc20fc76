/* norm_act.c: batch statistics; and normalisation, activation, dropout and pooling in one pass. */
#include <assert.h>
#include <stdlib.h>

#include "cpu/kernels/dropout.h"
#include "cpu/kernels/norm.h"

enum { MOMENTS = 128 }; /* pixels summed in f32: with 512, many equal values made an error of 1e-6 */

/* A value near the mean of each lane of the images from first on: the sums of squares of what is left do not cancel. */
static void typical(real shift[PM_LANES], const struct fmap *z, int64_t block, int64_t first, int64_t images)
{
	int64_t space = fmap_space(z), step = space / PM_LANES + 1;

	for (int l = 0; l < PM_LANES; l += WIDTH) {
		int64_t count = 0;
		vec s = { 0 };
		for (int64_t n = first; n < first + images; n++)
			for (int64_t q = 0; q < space; q += step, count++)
				s += load(z->data, n * z->stride + (block * space + q) * PM_LANES + l, z->type);
		store(shift, l, F_REAL, s * (real)(1 / (double)count));
	}
}

/* Adds the sums of x - shift and of its square over the pixels to sum[0] and sum[1]. */
INLINE void moments(vec_double sum[2], const void *data, enum ftype type, int64_t at, int64_t count, vec shift)
{
	enum { CHAINS = 4 };
	vec s[CHAINS] = { { 0 } }, t[CHAINS] = { { 0 } };
	int64_t q = 0;

	for (; q + CHAINS <= count; q += CHAINS)
		for (int j = 0; j < CHAINS; j++) {
			vec x = load(data, at + (q + j) * PM_LANES, type) - shift;
			s[j] += x;
			t[j] += x * x;
		}
	for (; q < count; q++) {
		vec x = load(data, at + q * PM_LANES, type) - shift;
		s[0] += x;
		t[0] += x * x;
	}
	sum[0] += __builtin_convertvector((s[0] + s[1]) + (s[2] + s[3]), vec_double);
	sum[1] += __builtin_convertvector((t[0] + t[1]) + (t[2] + t[3]), vec_double);
}

void NAME(norm_stats)(const struct fmap *z, const struct sharing *share, double *mean, double *var)
{
	int64_t blocks = fmap_blocks(z), space = fmap_space(z), parts = pieces(space, PART);
	double (*part)[2][PM_LANES] = xcalloc((size_t)(blocks * z->n * parts), sizeof *part);
	real (*shift)[PM_LANES] = xmalloc((size_t)(blocks * share->sets) * sizeof *shift);

	assert(z->lanes == PM_LANES && z->n * space > 0);
	for (int64_t b = 0; b < blocks; b++)
		for (int64_t s = 0; s < share->sets; s++)
			typical(shift[b * share->sets + s], z, b, s * share->images, sharing_count(*share, z->n, s));
#pragma omp parallel for collapse(3) schedule(static) if (z->n * fmap_image(z) > ALONE)
	for (int64_t b = 0; b < blocks; b++)
		for (int64_t n = 0; n < z->n; n++)
			for (int64_t p = 0; p < parts; p++) {
				double (*out)[PM_LANES] = part[(b * z->n + n) * parts + p];
				for (int l = 0; l < PM_LANES; l += WIDTH) {
					vec_double sum[2] = { { 0 } };
					vec middle = load(shift[b * share->sets + sharing_set(*share, n)], l, F_REAL);
					for (int64_t q = p * PART, end = least(space, q + PART); q < end; q += MOMENTS) {
						int64_t at = n * z->stride + (b * space + q) * PM_LANES + l, count = least(MOMENTS, end - q);
						if (z->type == F_BF16)
							moments(sum, z->data, F_BF16, at, count, middle);
						else
							moments(sum, z->data, F_REAL, at, count, middle);
					}
					memcpy(out[0] + l, &sum[0], sizeof sum[0]);
					memcpy(out[1] + l, &sum[1], sizeof sum[1]);
				}
			}
	for (int64_t i = 0; i < blocks * share->sets; i++) {
		const int64_t b = i / share->sets, set = i % share->sets, images = sharing_count(*share, z->n, set);
		const int64_t first = (b * z->n + set * share->images) * parts;
		struct channels ch = block_channels(z, b);
		double count = (double)(images * space);
		for (int l = 0; l < ch.count; l++) {
			int64_t c = set * z->c + ch.first + l;
			double s = 0, t = 0;
			for (int64_t k = first; k < first + images * parts; k++) {
				s += part[k][0][l];
				t += part[k][1][l];
			}
			mean[c] = (double)shift[i][l] + s / count;
			var[c] = fmax(0, t / count - s / count * (s / count));
		}
	}
	free(part);
	free(shift);
}

INLINE void forward_window(const struct norm_act *p, const struct strip *s, int64_t x, const struct affine *k,
	uint16_t keep[4][STRIP], int64_t z, int64_t y, int64_t pool, enum ftype tz, enum ftype ty, bool drop, int rows)
{
	vec best = splat(-INFINITY);
	mask sign;

#pragma GCC unroll UNROLL
	for (int i = 0; i < 2 * rows; i++) {
		int64_t at = 2 * x + i % 2, q = (s->q[i / 2] + at) * PM_LANES;
		vec a = activate(load(p->z.data, z + q, tz) - k->mean, k, &sign);
		a = dropped(a, k, drop, drop ? keep[i / 2][at] : 0);
		if (p->y.data)
			store(p->y.data, y + q, ty, a);
		best = larger(a, best);
	}
	store(p->pool.data, pool + (s->pooled + x) * PM_LANES, ty, best);
}

/* The types and whether there is dropout are constants where this is called. */
INLINE void forward_strip(const struct norm_act *p, const struct strip *s, const struct affine *k,
	uint16_t keep[4][STRIP], int64_t z, int64_t y, int64_t pool, enum ftype tz, enum ftype ty, bool drop)
{
	mask sign;

	if (s->rows == 2)
		for (int64_t x = 0; x < s->windows; x++)
			forward_window(p, s, x, k, keep, z, y, pool, tz, ty, drop, 2);
	else
		for (int64_t x = 0; x < s->windows; x++)
			forward_window(p, s, x, k, keep, z, y, pool, tz, ty, drop, 4);
	for (int r = 0; r < s->rows && p->y.data; r++)
		for (int64_t i = 2 * s->windows; i < s->count; i++) {
			int64_t q = (s->q[r] + i) * PM_LANES;
			vec a = dropped(activate(load(p->z.data, z + q, tz) - k->mean, k, &sign), k, drop, drop ? keep[r][i] : 0);
			store(p->y.data, y + q, ty, a);
		}
}

INLINE void forward_typed(const struct norm_act *p, const struct strip *s, const struct affine *k,
	uint16_t keep[4][STRIP], int64_t z, int64_t y, int64_t pool, enum ftype tz, enum ftype ty, bool drop)
{
	if (!PM_TYPED)
		forward_strip(p, s, k, keep, z, y, pool, tz, ty, drop);
	else if (tz == F_BF16 && ty == F_BF16 && !drop)
		forward_strip(p, s, k, keep, z, y, pool, F_BF16, F_BF16, false);
	else if (tz == F_BF16 && ty == F_BF16)
		forward_strip(p, s, k, keep, z, y, pool, F_BF16, F_BF16, true);
	else if (tz == F_REAL && ty == F_REAL && !drop)
		forward_strip(p, s, k, keep, z, y, pool, F_REAL, F_REAL, false);
	else if (tz == F_REAL && ty == F_REAL)
		forward_strip(p, s, k, keep, z, y, pool, F_REAL, F_REAL, true);
	else
		forward_strip(p, s, k, keep, z, y, pool, tz, ty, drop);
}

void NAME(norm_act)(const struct norm_act *p)
{
	struct cut cut = cut_of(p);
	int64_t per_part = pieces(PART * cut.strips, cut.space), parts = pieces(cut.strips, per_part);
	int64_t blocks = fmap_blocks(&p->z), pool_space = fmap_space(&p->pool);
	enum ftype tz = p->z.type, ty = p->y.data ? p->y.type : p->pool.type;
	bool drop = p->drop > 0;

	assert(p->z.lanes == PM_LANES && (p->y.data || p->pool.data));
	assert(!p->pool.data || !p->y.data || p->pool.type == p->y.type);
#pragma omp parallel for collapse(3) schedule(static) if (p->z.n * fmap_image(&p->z) > ALONE)
	for (int64_t n = 0; n < p->z.n; n++)
		for (int64_t b = 0; b < blocks; b++)
			for (int64_t part = 0; part < parts; part++) {
				struct affine k[PM_LANES / WIDTH];
				struct dropout d = dropout_of(p, n, b);
				int64_t z = n * p->z.stride + b * cut.space * PM_LANES, y = n * p->y.stride + b * cut.space * PM_LANES;
				int64_t pool = n * p->pool.stride + b * pool_space * PM_LANES;
				uint16_t keep[4][STRIP];
				for (int l = 0; l < PM_LANES; l += WIDTH)
					k[l / WIDTH] = affine_of(p, n, b, l);
				for (int64_t i = part * per_part; i < least(cut.strips, (part + 1) * per_part); i++) {
					struct strip s = strip_at(&cut, i);
					for (int r = 0; r < s.rows && drop; r++)
						keep_row(keep[r], &d, s.q[r], s.count);
					for (int l = 0; l < PM_LANES; l += WIDTH)
						forward_typed(p, &s, &k[l / WIDTH], keep, z + l, y + l, pool + l, tz, ty, drop);
				}
			}
}
