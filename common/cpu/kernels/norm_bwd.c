/*
 * norm_bwd.c: the gradient of norm_act in two passes over z. The first sums dy' and dy' (z - mean), dy' being what
 * comes through pooling, dropout and activation; the second finds it again and writes
 * dz = scale dy' + slant (z - mean) + lift.
 */
#include <assert.h>
#include <stdlib.h>

#include "cpu/kernels/dropout.h"
#include "cpu/kernels/norm.h"

/* Blocks are taken together as long as what both passes read of them stays in the cache. */
enum { CACHED = 8 << 20 };

struct types {
	enum ftype z, y, dy, dpool, dz;
	bool drop;
};

struct pass {
	const void *z, *dy, *dpool; /* of one image's block, from k.lane on; the last two may be NULL */
	void *dz;
	const uint16_t *keep; /* of each pixel */
	struct affine k;
	vec slant, lift; /* of the second pass */
	vec sum[2];      /* of the first */
};

/* One pixel: gradient g of what left the dropout, centred = z - mean. */
INLINE void pixel(struct pass *a, int64_t q, struct types t, vec centred, vec g, mask sign, bool second)
{
	g = dropped(pick(sign, g, g * a->k.slope), &a->k, t.drop, t.drop ? a->keep[q] : 0);
	if (second) {
		store(a->dz, q * PM_LANES, t.dz, g * a->k.scale + (centred * a->slant + a->lift));
	} else {
		a->sum[0] += g;
		a->sum[1] += g * centred;
	}
}

INLINE void window(struct pass *a, const struct strip *s, int64_t x, struct types t, int size, bool second)
{
	vec centred[8], y[8], best = splat(-INFINITY), gain = load(a->dpool, (s->pooled + x) * PM_LANES, t.dpool);
	mask sign[8], found = mask_bits(0);

#pragma GCC unroll UNROLL
	for (int i = 0; i < size; i++) {
		int64_t q = s->q[i / 2] + 2 * x + i % 2;
		centred[i] = load(a->z, q * PM_LANES, t.z) - a->k.mean;
		y[i] = rounded(dropped(activate(centred[i], &a->k, &sign[i]), &a->k, t.drop, t.drop ? a->keep[q] : 0), t.y);
		best = larger(y[i], best);
	}
#pragma GCC unroll UNROLL
	for (int i = 0; i < size; i++) {
		int64_t q = s->q[i / 2] + 2 * x + i % 2;
		mask here = (mask)(equal(y[i], best) & ~found);
		vec g = pick(here, gain, (vec){ 0 });
		found |= here;
		if (a->dy)
			g += load(a->dy, q * PM_LANES, t.dy);
		pixel(a, q, t, centred[i], g, sign[i], second);
	}
}

/* The types and second are constants where this is called. */
INLINE void backward_strip(struct pass *a, const struct strip *s, struct types t, bool second)
{
	int64_t windows = a->dpool ? s->windows : 0;

	if (!PM_TYPED)
		for (int64_t x = 0; x < windows; x++)
			window(a, s, x, t, 2 * s->rows, second);
	else if (s->rows == 2)
		for (int64_t x = 0; x < windows; x++)
			window(a, s, x, t, 4, second);
	else
		for (int64_t x = 0; x < windows; x++)
			window(a, s, x, t, 8, second);
	for (int r = 0; r < s->rows; r++)
		for (int64_t i = 2 * windows; i < s->count; i++) {
			int64_t q = s->q[r] + i;
			vec g = { 0 }, centred = load(a->z, q * PM_LANES, t.z) - a->k.mean;
			mask sign;
			activate(centred, &a->k, &sign);
			if (a->dy)
				g = load(a->dy, q * PM_LANES, t.dy);
			pixel(a, q, t, centred, g, sign, second);
		}
}

INLINE void backward_typed(struct pass *a, const struct strip *s, struct types t, bool second)
{
	const struct types bf16 = { F_BF16, F_BF16, F_BF16, F_BF16, F_BF16, false };
	const struct types bf16_drop = { F_BF16, F_BF16, F_BF16, F_BF16, F_BF16, true };
	const struct types full = { F_REAL, F_REAL, F_REAL, F_REAL, F_REAL, false };
	const struct types full_drop = { F_REAL, F_REAL, F_REAL, F_REAL, F_REAL, true };
	bool same = t.y == t.z && t.dy == t.z && t.dpool == t.z && t.dz == t.z;

	if (!PM_TYPED || !same)
		backward_strip(a, s, t, second);
	else if (t.z == F_BF16 && t.drop)
		backward_strip(a, s, bf16_drop, second);
	else if (t.z == F_BF16)
		backward_strip(a, s, bf16, second);
	else if (t.drop)
		backward_strip(a, s, full_drop, second);
	else
		backward_strip(a, s, full, second);
}

static const void *block_at(const struct fmap *f, int64_t image, int64_t block, int lane)
{
	int64_t i = image * f->stride + block * fmap_space(f) * PM_LANES + lane;
	return f->data ? (const char *)f->data + (size_t)i * ftype_size(f->type) : NULL;
}

/* The work, the same for all threads: pieces are (block, image, part) in this order. */
struct job {
	const struct norm_act *p;
	const struct fmap *dy, *dpool;
	struct fmap *dz;
	struct types t;
	struct cut cut;
	int64_t per_part, parts;
	double (*sum)[2][PM_LANES];  /* of each piece */
	real (*linear)[2][PM_LANES]; /* slant and lift, [block][set of images that share statistics] */
	uint16_t *keep;              /* [image][block][pixel], or NULL */
};

static void piece(const struct job *j, int64_t index, bool second)
{
	const struct norm_act *p = j->p;
	int64_t part = index % j->parts, n = index / j->parts % p->z.n, b = index / j->parts / p->z.n;
	uint16_t *keep = j->keep ? j->keep + (n * fmap_blocks(&p->z) + b) * j->cut.space : NULL;
	struct dropout d = dropout_of(p, n, b);
	vec_double sum[PM_LANES / WIDTH][2] = { { { 0 } } };
	struct pass a[PM_LANES / WIDTH];

	for (int k = 0, l = 0; l < PM_LANES; k++, l += WIDTH) {
		a[k] = (struct pass){ .z = block_at(&p->z, n, b, l), .dy = block_at(j->dy, n, b, l), .dpool = block_at(j->dpool, n, b, l),
			.dz = (void *)block_at(j->dz, n, b, l), .keep = keep, .k = affine_of(p, n, b, l) };
		if (second) {
			real (*linear)[PM_LANES] = j->linear[b * p->share.sets + sharing_set(p->share, n)];
			a[k].slant = load(linear[0], l, F_REAL);
			a[k].lift = load(linear[1], l, F_REAL);
		}
	}
	for (int64_t i = part * j->per_part; i < least(j->cut.strips, (part + 1) * j->per_part); i++) {
		struct strip s = strip_at(&j->cut, i);
		for (int r = 0; r < s.rows && keep && !second; r++)
			keep_row(keep + s.q[r], &d, s.q[r], s.count);
		for (int k = 0; k < PM_LANES / WIDTH; k++) {
			if (second) {
				backward_typed(&a[k], &s, j->t, true);
				continue;
			}
			a[k].sum[0] = a[k].sum[1] = (vec){ 0 };
			backward_typed(&a[k], &s, j->t, false);
			sum[k][0] += __builtin_convertvector(a[k].sum[0], vec_double);
			sum[k][1] += __builtin_convertvector(a[k].sum[1], vec_double);
		}
	}
	for (int k = 0, l = 0; l < PM_LANES && !second; k++, l += WIDTH) {
		memcpy(j->sum[index][0] + l, &sum[k][0], sizeof sum[k][0]);
		memcpy(j->sum[index][1] + l, &sum[k][1], sizeof sum[k][1]);
	}
}

/* Adds to dgamma and dbeta and sets slant and lift of a block from the sums of its pieces, or those that are there. */
static void reduce(const struct job *j, int64_t block, bool fixed, real *dgamma, real *dbeta)
{
	const struct norm_act *p = j->p;
	struct channels ch = block_channels(&p->z, block);

	for (int l = 0; l < ch.count; l++) {
		int64_t c = ch.first + l;
		double shift = 0, slope = 0;
		for (int64_t set = 0; set < p->share.sets; set++) {
			const int64_t images = sharing_count(p->share, p->z.n, set), first = (block * p->z.n + set * p->share.images) * j->parts;
			const double m = (double)(images * j->cut.space);
			double s = p->summed ? p->sums[c] : 0, t = p->summed ? p->sums[p->z.c + c] : 0;
			double rstd = p->rstd[set * p->z.c + c], scale = (double)p->gamma[c] * rstd;
			real (*linear)[PM_LANES] = j->linear[block * p->share.sets + set];
			for (int64_t i = first; i < first + images * j->parts && !p->summed; i++) {
				s += j->sum[i][0][l];
				t += j->sum[i][1][l];
			}
			shift += s;
			slope += t * rstd;
			linear[0][l] = fixed ? 0 : (real)(-scale * rstd * rstd * t / m);
			linear[1][l] = fixed ? 0 : (real)(-scale * s / m);
		}
		dbeta[c] += (real)shift;
		dgamma[c] += (real)slope;
	}
}

void NAME(norm_act_bwd)(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed,
	real *dgamma, real *dbeta, struct fmap *dz)
{
	int64_t blocks = fmap_blocks(&p->z), space = fmap_space(&p->z);
	struct job j = { .p = p, .dy = dy, .dpool = dpool, .dz = dz, .cut = cut_of(p) };

	assert(p->z.lanes == PM_LANES && (!dpool->data || p->pool.data));
	j.t = (struct types){ p->z.type, p->z.type, p->z.type, p->z.type, dz->type, p->drop > 0 };
	if (p->pool.data)
		j.t.y = p->pool.type;
	if (dy->data)
		j.t.dy = dy->type;
	if (dpool->data)
		j.t.dpool = dpool->type;
	j.per_part = pieces(PART * j.cut.strips, space);
	j.parts = pieces(j.cut.strips, j.per_part);
	int64_t per_block = p->z.n * j.parts;
	j.sum = xcalloc((size_t)(blocks * per_block), sizeof *j.sum);
	j.linear = xcalloc((size_t)(blocks * p->share.sets), sizeof *j.linear);
	if (j.t.drop)
		j.keep = xmalloc((size_t)(p->z.n * blocks * space) * sizeof *j.keep);

	int64_t bytes = 2 * p->z.n * space * PM_LANES * (int64_t)ftype_size(p->z.type);
	int64_t together = bytes < CACHED ? CACHED / bytes : 1;
#pragma omp parallel if (p->z.n * fmap_image(&p->z) > ALONE)
	for (int64_t b = 0; b < blocks; b += together) {
		int64_t end = least(blocks, b + together), first, last;
		share((end - b) * per_block, &first, &last);
		for (int64_t i = first; i < last && !p->summed; i++)
			piece(&j, b * per_block + i, false);
#pragma omp barrier
#pragma omp single
		for (int64_t k = b; k < end; k++)
			reduce(&j, k, fixed, dgamma, dbeta);
		/* Backwards: what was read last is still in the cache. */
		for (int64_t i = last; i-- > first;)
			piece(&j, b * per_block + i, true);
	}
	free(j.sum);
	free(j.linear);
	free(j.keep);
}
