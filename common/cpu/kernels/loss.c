/*
 * loss.c: softmax, cross-entropy and overlap sums of planar logits [n,k,v], a register of pixels at a time. Sums go to double
 * after each PIECE pixels, and the pieces are the same for any number of threads.
 */
#include <stdlib.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/rows.h"

enum { PIECE = 512 };

/* e[c] = exp(z_c - max); returns their sum. */
INLINE vec exps(vec_loose *e, const real *z, int64_t k, int64_t v, int count, vec *max)
{
	vec m = load_part(z, count), s = { 0 };
	for (int64_t c = 1; c < k; c++)
		m = larger(load_part(z + c * v, count), m);
	for (int64_t c = 0; c < k; c++) {
		e[c] = vec_exp(load_part(z + c * v, count) - m);
		s += e[c];
	}
	*max = m;
	return s;
}

/* Walks over the pixels of all images in fixed pieces; e is room for k vectors, one per thread. */
#define FOR_PIECES(n, k, v) \
	_Pragma("omp parallel if ((n) * (k) * (v) > ALONE)") \
	for (vec_loose *e = xmalloc((size_t)(k) * sizeof *e); e; free(e), e = NULL) \
		_Pragma("omp for collapse(2) schedule(static)") \
		for (int64_t image = 0; image < (n); image++) \
			for (int64_t piece = 0; piece < pieces(v, PIECE); piece++)
#define FOR_PIXELS(v) \
	for (int64_t p = piece * PIECE, end = least(v, p + PIECE); p < end; p += WIDTH)

void NAME(softmax)(real *y, const real *x, int64_t n, int64_t k, int64_t v)
{
	FOR_PIECES(n, k, v)
		FOR_PIXELS(v) {
			int64_t at = image * k * v + p;
			int count = (int)least(WIDTH, end - p);
			vec max, scale = 1 / exps(e, x + at, k, v, count, &max);
			for (int64_t c = 0; c < k; c++)
				store_part(y + at + c * v, count, e[c] * scale);
		}
}

void NAME(softmax_bwd)(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v)
{
	FOR_PIECES(n, k, v)
		FOR_PIXELS(v) {
			int64_t at = image * k * v + p;
			int count = (int)least(WIDTH, end - p);
			vec dot = { 0 };
			for (int64_t c = 0; c < k; c++) {
				e[c] = load_part(dy + at + c * v, count);
				dot += e[c] * load_part(y + at + c * v, count);
			}
			for (int64_t c = 0; c < k; c++) {
				real *out = dx + at + c * v;
				store_part(out, count, load_part(out, count) + load_part(y + at + c * v, count) * (e[c] - dot));
			}
		}
}

/* The truth at up to WIDTH pixels. */
struct truth {
	const real *prob; /* row of class 0, or NULL */
	int64_t v;
	int count;
	vec label, weight; /* weight 0 where the label is no class and beyond count */
};

INLINE struct truth truth_at(const struct target *t, int64_t image, int64_t p, int64_t k, int64_t v, int count)
{
	struct truth s = { .v = v, .count = count };
	const vec zero = { 0 };

	if (t->weight) {
		s.weight = load_part(t->weight + image * v + p, count);
	} else {
		vec lane;
		for (int l = 0; l < WIDTH; l++)
			lane[l] = (real)l;
		s.weight = pick(greater(splat((real)count), lane), splat(1), zero);
	}
	if (t->label) {
		vec_u8 u = { 0 };
		memcpy(&u, t->label + image * v + p, (size_t)count);
		s.label = __builtin_convertvector(u, vec);
		s.weight = pick(greater(splat((real)k), s.label), s.weight, zero);
	} else {
		s.prob = t->prob + image * k * v + p;
	}
	return s;
}

/* y_c */
INLINE vec truth_class(const struct truth *s, int64_t c)
{
	if (s->prob)
		return load_part(s->prob + c * s->v, s->count);
	return pick(equal(s->label, splat((real)c)), splat(1), (vec){ 0 });
}

/* part[rows][n] summed along n. */
static void finish(real *sum, const double *part, int64_t rows, int64_t n)
{
	for (int64_t r = 0; r < rows; r++) {
		double s = 0;
		for (int64_t i = 0; i < n; i++)
			s += part[r * n + i];
		sum[r] = (real)s;
	}
}

void NAME(ce)(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	int64_t per_image = pieces(v, PIECE), all = n * per_image;
	double *part = xcalloc((size_t)(2 * all), sizeof *part);

	FOR_PIECES(n, k, v) {
		vec loss = { 0 }, weight = { 0 };
		FOR_PIXELS(v) {
			int count = (int)least(WIDTH, end - p);
			const real *row = z + image * k * v + p;
			struct truth s = truth_at(t, image, p, k, v, count);
			vec max, lse = vec_log(exps(e, row, k, v, count, &max)), l = { 0 };
			for (int64_t c = 0; c < k; c++)
				l += (a ? a[c] : 1) * truth_class(&s, c) * (lse - (load_part(row + c * v, count) - max));
			loss += s.weight * l;
			weight += s.weight;
		}
		part[image * per_image + piece] = total(loss);
		part[all + image * per_image + piece] = total(weight);
	}
	finish(sum, part, 2, all);
	free(part);
}

void NAME(ce_bwd)(real *dz, const real *dsum, const real *z, const struct target *t, const real *a,
	int64_t n, int64_t k, int64_t v)
{
	FOR_PIECES(n, k, v)
		FOR_PIXELS(v) {
			int64_t at = image * k * v + p;
			int count = (int)least(WIDTH, end - p);
			struct truth s = truth_at(t, image, p, k, v, count);
			vec max, scale = 1 / exps(e, z + at, k, v, count, &max), w = s.weight * dsum[0], mass = { 0 };
			for (int64_t c = 0; c < k; c++)
				mass += (a ? a[c] : 1) * truth_class(&s, c);
			scale *= mass;
			for (int64_t c = 0; c < k; c++) {
				vec d = e[c] * scale - (a ? a[c] : 1) * truth_class(&s, c);
				store_part(dz + at + c * v, count, load_part(dz + at + c * v, count) + w * d);
			}
		}
}

void NAME(overlap)(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
{
	int64_t per_image = pieces(v, PIECE), all = n * per_image;
	double *part = xcalloc((size_t)(3 * k * all), sizeof *part);

#pragma omp parallel if (n * k * v > ALONE)
	{
		vec_loose *e = xmalloc((size_t)(4 * k) * sizeof *e), *acc = e + k;
#pragma omp for collapse(2) schedule(static)
		for (int64_t image = 0; image < n; image++)
			for (int64_t piece = 0; piece < per_image; piece++) {
				memset(acc, 0, (size_t)(3 * k) * sizeof *acc);
				FOR_PIXELS(v) {
					int count = (int)least(WIDTH, end - p);
					struct truth s = truth_at(t, image, p, k, v, count);
					vec max, scale = s.weight / exps(e, z + image * k * v + p, k, v, count, &max);
					for (int64_t c = 0; c < k; c++) {
						vec y = truth_class(&s, c), prob = e[c] * scale;
						acc[c] += y * prob;
						acc[k + c] += prob;
						acc[2 * k + c] += y * s.weight;
					}
				}
				for (int64_t c = 0; c < 3 * k; c++)
					part[c * all + image * per_image + piece] = total(acc[c]);
			}
		free(e);
	}
	finish(sum, part, 3 * k, all);
	free(part);
}

void NAME(overlap_bwd)(real *dz, const real *dsum, const real *z, const struct target *t,
	int64_t n, int64_t k, int64_t v)
{
	FOR_PIECES(n, k, v)
		FOR_PIXELS(v) {
			int64_t at = image * k * v + p;
			int count = (int)least(WIDTH, end - p);
			struct truth s = truth_at(t, image, p, k, v, count);
			vec max, scale = 1 / exps(e, z + at, k, v, count, &max), dot = { 0 };
			for (int64_t c = 0; c < k; c++) {
				e[c] *= scale;
				dot += e[c] * (dsum[c] * truth_class(&s, c) + dsum[k + c]);
			}
			for (int64_t c = 0; c < k; c++) {
				vec d = s.weight * e[c] * (dsum[c] * truth_class(&s, c) + dsum[k + c] - dot);
				store_part(dz + at + c * v, count, load_part(dz + at + c * v, count) + d);
			}
		}
}

void NAME(argmax)(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v)
{
#pragma omp parallel for collapse(2) schedule(static) if (n * k * v > ALONE)
	for (int64_t image = 0; image < n; image++)
		for (int64_t piece = 0; piece < pieces(v, PIECE); piece++)
			FOR_PIXELS(v) {
				int count = (int)least(WIDTH, end - p);
				const real *row = z + image * k * v + p;
				vec best = load_part(row, count), which = { 0 };
				for (int64_t c = 1; c < k; c++) {
					vec x = load_part(row + c * v, count);
					mask more = greater(x, best);
					best = pick(more, x, best);
					which = pick(more, splat((real)c), which);
				}
				vec_u8 u = __builtin_convertvector(which, vec_u8);
				memcpy(y + image * v + p, &u, (size_t)count);
			}
}
