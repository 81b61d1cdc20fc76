/*
 * conv_plain.c: convolution as im2col and a matrix product (OpenBLAS). The portable path, the one of the double build, and
 * the twin that tests hold against oneDNN. A strip of pixels at a time: columns [pixels][ic * kk].
 */
#include "base/base.h"
#include "cpu/conv.h"
#include "cpu/kernels.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

enum { STRIP = 1 << 20 }; /* elements of a strip's columns, about */

static void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const real *a, const real *b, real beta, real *c)
{
	CBLAS_TRANSPOSE at = ta ? CblasTrans : CblasNoTrans, bt = tb ? CblasTrans : CblasNoTrans;
	int lda = (int)(ta ? m : k), ldb = (int)(tb ? k : n);
#ifdef PM_REAL_DOUBLE
	cblas_dgemm(CblasRowMajor, at, bt, (int)m, (int)n, (int)k, 1, a, lda, b, ldb, beta, c, (int)n);
#else
	cblas_sgemm(CblasRowMajor, at, bt, (int)m, (int)n, (int)k, 1, a, lda, b, ldb, beta, c, (int)n);
#endif
}

static real load(const struct fmap *f, int64_t at, int64_t channel)
{
	real v = f->type == F_BF16 ? (real)bf16_get(((const uint16_t *)f->data)[at]) : ((const real *)f->data)[at];

	if (f->act) {
		v = (f->act->scale ? v * f->act->scale[channel] : v) + f->act->shift[channel];
		v = v > 0 ? v : v * (real)f->act->slope;
	}
	return v;
}

static void store(struct fmap *f, int64_t at, real v)
{
	if (f->type == F_BF16)
		((uint16_t *)f->data)[at] = bf16_put((float)v);
	else
		((real *)f->data)[at] = v;
}

/* One strip: pixels first .. first + count of image n, in a space of [d,h,w]. */
struct strip {
	int64_t n, first, count;
};

/* Element of channel c (physical) at pixel p of image n. */
static int64_t element(const struct fmap *f, int64_t n, int64_t c, int64_t p)
{
	return n * f->stride + (c / f->lanes * fmap_space(f) + p) * f->lanes + c % f->lanes;
}

/* The pixel that tap k of pixel p reads, or -1 outside. */
static int64_t tap(const struct conv *c, int64_t p, int64_t k)
{
	int64_t h = c->s.size[1], w = c->s.size[2], size = c->s.kernel, far = size / 2;
	int64_t z = p / (h * w) + (c->s.dims == 3 ? (k / (size * size) - far) * c->s.dilation : 0);
	int64_t y = p / w % h + (k / size % size - far) * c->s.dilation;
	int64_t x = p % w + (k % size - far) * c->s.dilation;

	if (z < 0 || z >= c->s.size[0] || y < 0 || y >= h || x < 0 || x >= w)
		return -1;
	return (z * h + y) * w + x;
}

/* Channels of a result that there is room for: without the padding ones where it is plain. */
static int64_t stored(const struct conv *c, const struct fmap *y) { return y->lanes == 1 ? y->c : c->oc; }

static void columns(const struct conv *c, const struct fmap *x, const struct strip *s, real *col)
{
#pragma omp parallel for
	for (int64_t i = 0; i < s->count; i++)
		for (int64_t k = 0; k < c->kk; k++) {
			int64_t q = tap(c, s->first + i, k);
			for (int64_t ch = 0; ch < c->ic; ch++)
				col[(i * c->ic + ch) * c->kk + k] = q < 0 ? 0 : load(x, element(x, s->n, ch, q), ch);
		}
}

static void rows(const struct conv *c, const struct fmap *y, const struct strip *s, real *out)
{
#pragma omp parallel for
	for (int64_t i = 0; i < s->count; i++)
		for (int64_t ch = 0; ch < stored(c, y); ch++)
			out[i * c->oc + ch] = load(y, element(y, s->n, ch, s->first + i), ch);
}

static int64_t strip_pixels(const struct conv *c)
{
	int64_t space = c->s.size[0] * c->s.size[1] * c->s.size[2], n = STRIP / (c->ic * c->kk);

	return n < 1 ? 1 : n < space ? n : space;
}

struct conv *conv_plain_open(const struct conv_shape *s)
{
	struct conv *c = xcalloc(1, sizeof *c);

	conv_init(c, s);
	return c;
}

void conv_plain_close(struct conv *c)
{
	conv_fini(c);
	free(c);
}

void conv_plain_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments)
{
	int64_t step = strip_pixels(c), space = fmap_space(y), taps = c->ic * c->kk;
	const real *weights = conv_weights(c, w), *bias = conv_bias(c, b);
	real *col = xcalloc((size_t)(step * taps), sizeof *col), *out = xcalloc((size_t)(step * c->oc), sizeof *out);

	(void)pack, (void)version;
	for (struct strip s = { 0 }; s.n < x->n; s.n++)
		for (s.first = 0; s.first < space; s.first += step) {
			s.count = space - s.first < step ? space - s.first : step;
			columns(c, x, &s, col);
			gemm(false, true, s.count, c->oc, taps, col, weights, 0, out);
#pragma omp parallel for
			for (int64_t i = 0; i < s.count; i++)
				for (int64_t ch = 0; ch < stored(c, y); ch++)
					store(y, element(y, s.n, ch, s.first + i), out[i * c->oc + ch] + bias[ch]);
		}
	if (moments)
		kernels()->norm_stats(y, &(struct sharing){ y->n, 1 }, moments, moments + y->c);
	free(col);
	free(out);
}

void conv_plain_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	int64_t step = strip_pixels(c), space = fmap_space(dy), taps = c->ic * c->kk;
	const real *weights = conv_weights(c, w);
	real *col = xcalloc((size_t)(step * taps), sizeof *col), *out = xcalloc((size_t)(step * c->oc), sizeof *out);
	real *image = xcalloc((size_t)(space * c->ic), sizeof *image);

	(void)pack, (void)version;
	for (struct strip s = { 0 }; s.n < dx->n; s.n++) {
		memset(image, 0, (size_t)(space * c->ic) * sizeof *image);
		for (s.first = 0; s.first < space; s.first += step) {
			s.count = space - s.first < step ? space - s.first : step;
			rows(c, dy, &s, out);
			gemm(false, false, s.count, taps, c->oc, out, weights, 0, col);
			for (int64_t i = 0; i < s.count; i++)
				for (int64_t k = 0; k < c->kk; k++) {
					int64_t q = tap(c, s.first + i, k);
					for (int64_t ch = 0; q >= 0 && ch < c->ic; ch++)
						image[q * c->ic + ch] += col[(i * c->ic + ch) * c->kk + k];
				}
		}
		for (int64_t q = 0; q < space; q++)
			for (int64_t ch = 0; ch < c->ic; ch++)
				store(dx, element(dx, s.n, ch, q), image[q * c->ic + ch]);
	}
	free(image);
	free(col);
	free(out);
}

void conv_plain_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	int64_t step = strip_pixels(c), space = fmap_space(dy), taps = c->ic * c->kk;
	real *col = xcalloc((size_t)(step * taps), sizeof *col), *out = xcalloc((size_t)(step * c->oc), sizeof *out);
	real *sum = xcalloc((size_t)(c->oc * taps), sizeof *sum), *bias = xcalloc((size_t)c->oc, sizeof *bias);

	for (struct strip s = { 0 }; s.n < x->n; s.n++)
		for (s.first = 0; s.first < space; s.first += step) {
			s.count = space - s.first < step ? space - s.first : step;
			columns(c, x, &s, col);
			rows(c, dy, &s, out);
			gemm(true, false, c->oc, taps, s.count, out, col, 1, sum);
			for (int64_t i = 0; i < s.count; i++)
				for (int64_t ch = 0; ch < c->oc; ch++)
					bias[ch] += out[i * c->oc + ch];
		}
	conv_weights_back(c, sum, dw);
	conv_bias_back(c, bias, db);
	free(bias);
	free(sum);
	free(col);
	free(out);
}
