/*
 * first.c: the first convolution of a network: its inputs are plain images of few channels, each value multiplied by a whole
 * register of output channels. An image row and its neighbours are copied into lines with zeros at both ends.
 */
#include "cpu/conv.h"
#include "cpu/kernels/family.h"
#include "cpu/kernels/moments.h"

enum { PARTS = 32, FLUSHED = 128, ROWS = 8 }; /* rows of a piece of work */
#if defined(__AVX512F__)
enum { PIXELS = 24, TOGETHER = 9 }; /* of a row at once; taps whose gradients are summed at once */
#else
enum { PIXELS = 8, TOGETHER = 9 };
#endif

/* A convolution seen from one row of pixels: `lines` rows of input under taps along x. */
struct view {
	int64_t rows, per_image; /* rows in all, and of an image (d h) */
	int64_t lines, kx, dilation, far, width; /* width: of a line, zeros included */
	int planes, ky;
};

static struct view view_of(const struct fmap *x, const struct conv_shape *s)
{
	struct view v = { .per_image = x->d * x->h, .kx = s->kernel, .ky = s->kernel, .dilation = s->dilation };

	v.planes = s->dims == 3 ? s->kernel : 1;
	v.far = s->kernel / 2 * s->dilation;
	v.rows = x->n * v.per_image;
	v.lines = x->c * v.planes * v.ky;
	v.width = x->w + 2 * v.far + PIXELS;
	return v;
}

/* The lines of a row, in the order [channel][plane][ky] of the filter. */
static void lines_load(const struct view *v, const struct fmap *x, int64_t row, real *to)
{
	int64_t n = row / v->per_image, z = row % v->per_image / x->h, y = row % x->h;

	for (int64_t i = 0; i < v->lines; i++, to += v->width) {
		int64_t c = i / (v->planes * v->ky), zz = z + (i / v->ky % v->planes - v->planes / 2) * v->dilation;
		int64_t yy = y + (i % v->ky - v->ky / 2) * v->dilation, at = n * x->stride + ((c * x->d + zz) * x->h + yy) * x->w;
		if (zz < 0 || zz >= x->d || yy < 0 || yy >= x->h) {
			memset(to, 0, (size_t)v->width * sizeof *to);
			continue;
		}
		memset(to, 0, (size_t)v->far * sizeof *to);
		for (int64_t k = 0; k < x->w; k++)
			to[v->far + k] = x->type == F_BF16 ? bf16_get(((const uint16_t *)x->data)[at + k]) : ((const real *)x->data)[at + k];
		memset(to + v->far + x->w, 0, (size_t)(v->width - v->far - x->w) * sizeof *to);
	}
}

/* w[out][taps] with a row per tap: [tap][out]. */
void NAME(first_pack)(real *u, const real *w, int64_t out, int64_t taps)
{
	for (int64_t t = 0; t < taps; t++)
		for (int64_t o = 0; o < out; o++)
			u[t * out + o] = w[o * taps + t];
}

/* PIXELS pixels of WIDTH channels from line[x] on. */
INLINE void pixels(const struct view *v, const real *line, const real *u, int64_t out, vec sum[PIXELS])
{
	for (int i = 0; i < PIXELS; i++)
		sum[i] = (vec){ 0 };
	for (int64_t k = 0; k < v->lines; k++)
		for (int64_t t = 0; t < v->kx; t++, u += out) {
			const real *x = line + k * v->width + t * v->dilation;
			vec w = *(const vec_loose *)u;
#pragma GCC unroll 24
			for (int i = 0; i < PIXELS; i++)
				sum[i] += splat(x[i]) * w;
		}
}

void NAME(first_conv)(const struct fmap *x, const real *u, const struct conv_shape *s, const real *shift, struct fmap *y, double *moments)
{
	struct view v = view_of(x, s);
	int64_t need = v.lines * v.width, pieces_ = pieces(v.rows, ROWS), out = fmap_blocks(y) * PM_LANES;
	size_t sums_bytes = moments ? (size_t)(2 * pieces_ * out) * sizeof(double) : 0;
	double *sums = kernel_scratch(sums_bytes + (size_t)(omp_get_max_threads() * need) * sizeof(real));
	real *scratch = (real *)((char *)sums + sums_bytes);

	if (moments)
		memset(sums, 0, sums_bytes);
#pragma omp parallel for schedule(dynamic, 1)
	for (int64_t i = 0; i < pieces_; i++) {
		real *line = scratch + omp_get_thread_num() * need;
		for (int64_t row = i * ROWS; row < least(v.rows, (i + 1) * ROWS); row++) {
			lines_load(&v, x, row, line);
			for (int64_t c = 0; c < out; c += WIDTH) {
				struct moments mo = { 0 };
				int64_t at = row / v.per_image * y->stride + (c / PM_LANES * v.per_image + row % v.per_image) * y->w * PM_LANES + c % PM_LANES;
				vec sum[PIXELS], add = load(shift, c, F_REAL);
				for (int64_t k = 0; k < y->w; k += PIXELS) {
					int count = (int)least(PIXELS, y->w - k);
					pixels(&v, line + k, u + c, out, sum);
					for (int j = 0; j < count; j++) {
						if (moments)
							moments_add(&mo, sum[j], sum[j]);
						store(y->data, at + (k + j) * PM_LANES, y->type, sum[j] + add);
					}
					if (moments)
						moments_flush(&mo);
				}
				for (int l = 0; l < WIDTH && moments; l++) {
					sums[2 * i * out + c + l] += mo.total[l];
					sums[(2 * i + 1) * out + c + l] += mo.total_squares[l];
				}
			}
		}
	}
	if (moments)
		moments_of(y, shift, sums, pieces_, out, moments);
}

/* Adds to sum the gradients of taps first .. of one row, WIDTH channels from element at of dy on. */
INLINE void row_taps(const real *const x[TOGETHER], const struct fmap *dy, int64_t at, vec_double sum[TOGETHER])
{
	for (int64_t k = 0; k < dy->w; k += FLUSHED) {
		vec part[TOGETHER] = { { 0 } };
		for (int64_t i = k; i < least(dy->w, k + FLUSHED); i++) {
			vec g = load(dy->data, at + i * PM_LANES, dy->type);
#pragma GCC unroll 9
			for (int t = 0; t < TOGETHER; t++)
				part[t] += splat(x[t][i]) * g;
		}
		for (int t = 0; t < TOGETHER; t++)
			sum[t] += __builtin_convertvector(part[t], vec_double);
	}
}

/* dw[out][taps] and db[out]. The bias is one more tap, over a line of ones. */
void NAME(first_grad)(const struct fmap *x, const struct fmap *dy, const struct conv_shape *s, real *dw, real *db)
{
	struct view v = view_of(x, s);
	int64_t taps = v.lines * v.kx, out = fmap_blocks(dy) * PM_LANES, need = (v.lines + 1) * v.width, threads = omp_get_max_threads();
	int64_t parts = least(v.rows, PARTS), sums = (taps + 1) * out;
	double *u = kernel_scratch((size_t)(parts * sums) * sizeof *u + (size_t)(threads * need) * sizeof(real));
	real *scratch = (real *)(u + parts * sums);

#pragma omp parallel for schedule(dynamic, 1)
	for (int64_t part = 0; part < parts; part++) {
		real *line = scratch + omp_get_thread_num() * need, *ones = line + v.lines * v.width;
		double *mine = u + part * sums;
		memset(mine, 0, (size_t)sums * sizeof *mine);
		for (int64_t k = 0; k < v.width; k++)
			ones[k] = 1;
		for (int64_t row = v.rows * part / parts; row < v.rows * (part + 1) / parts; row++) {
			lines_load(&v, x, row, line);
			for (int64_t c = 0; c < out; c += WIDTH) {
				int64_t at = row / v.per_image * dy->stride + (c / PM_LANES * v.per_image + row % v.per_image) * dy->w * PM_LANES + c % PM_LANES;
				for (int64_t first = 0; first <= taps; first += TOGETHER) {
					const real *from[TOGETHER];
					vec_double sum[TOGETHER] = { { 0 } };
					for (int64_t t = first; t < first + TOGETHER; t++)
						from[t - first] = t < taps ? line + t / v.kx * v.width + t % v.kx * v.dilation : ones;
					row_taps(from, dy, at, sum);
					for (int64_t t = first; t < first + TOGETHER && t <= taps; t++)
						for (int l = 0; l < WIDTH; l++)
							mine[t * out + c + l] += sum[t - first][l];
				}
			}
		}
	}
	for (int64_t o = 0; o < out; o++)
		for (int64_t t = 0; t <= taps; t++) {
			double sum = 0;
			for (int64_t part = 0; part < parts; part++)
				sum += u[part * sums + t * out + o];
			*(t < taps ? &dw[o * taps + t] : &db[o]) = (real)sum;
		}
}
