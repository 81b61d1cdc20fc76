/*
 * wino_grad.c: the gradient of 3x3 and 3x3x3 filters by minimal filtering: both the inputs and the outputs' gradients are
 * transformed, multiplied over all tiles, and the sums transformed back to nine taps.
 */
#include "cpu/kernels/gemm.h"
#include "cpu/kernels/wino.h"

/* Gradients of one output tile to those of its products; returns the sum of its pixels. */
INLINE vec output_back_tile(const struct fmap *f, const struct wino_tile *t, int lane, enum ftype type, bool whole, real *y,
	int64_t point_stride)
{
	vec half[TILE][SPAN], x[TILE], m[SPAN], sum = { 0 };

	for (int j = 0; j < TILE; j++) {
#pragma GCC unroll UNROLL
		for (int i = 0; i < TILE; i++)
			x[i] = wino_pixel(f, t, lane, i, j, type, whole, NULL);
		if (whole)
			wino_ahead(f->data, t, lane, j, TILE, type);
		sum += (x[0] + x[1]) + (x[2] + x[3]);
		wino_output_back(half[j], x);
	}
	for (int i = 0; i < SPAN; i++) {
#pragma GCC unroll UNROLL
		for (int j = 0; j < TILE; j++)
			x[j] = half[j][i];
		wino_output_back(m, x);
#pragma GCC unroll UNROLL
		for (int j = 0; j < SPAN; j++)
			*(vec_loose *)(y + (i * SPAN + j) * point_stride) = m[j];
	}
	return sum;
}

/* y[point][block][row][PM_LANES], rows [planes][columns]; adds the sum of the pixels of each channel to bias. */
static void outputs_back(const struct wino_grid *g, const struct wino_chunk *c, const struct fmap *f, int64_t first, int64_t last,
	real *y, int64_t point_stride, int64_t block_stride, double *bias)
{
	for (int64_t b = first; b < last; b++)
		for (int l = 0; l < PM_LANES; l += WIDTH) {
			vec_double sum = { 0 };
			struct wino_row row = wino_first(g, c, c->plane);
			for (int64_t r = 0; r < c->planes * c->columns; r++, wino_next(g, c, &row)) {
				struct wino_tile t = wino_tile(f, &row, b, row.plane, 0, TILE);
				real *to = y + b * block_stride + r * PM_LANES + l;
				vec s;
				if (!wino_whole(&t, TILE))
					s = output_back_tile(f, &t, l, f->type, false, to, point_stride);
				else if (f->type == F_BF16)
					s = output_back_tile(f, &t, l, F_BF16, true, to, point_stride);
				else
					s = output_back_tile(f, &t, l, F_REAL, true, to, point_stride);
				sum += __builtin_convertvector(s, vec_double);
			}
			for (int k = 0; k < WIDTH; k++)
				bias[b * PM_LANES + l + k] += sum[k];
		}
}

/* Filters in the transformed domain: [point][tap][in][out], as sums. */
struct sums {
	const struct filters *s;
	int64_t v_point, v_block, y_point, y_block;
};

/* The products of rows of one point, added unless they are the first. Rows are taken some at a time, so that they stay in the nearest cache. */
static void multiply(const struct sums *q, const struct wino_chunk *c, int64_t tap, int64_t block, const real *v, const real *y, real *u, bool first)
{
	enum { NEAR = 224 };
	int64_t rows = c->planes * c->columns;

	for (int64_t r = 0; r < rows; r += NEAR)
		outer(least(NEAR, rows - r), v + block * q->v_block + (r + tap * c->columns) * PM_LANES, q->s->out,
			y + r * PM_LANES, q->y_block, u + (tap * q->s->in + block * PM_LANES) * q->s->out, q->s->out, r || !first);
}

/* dw[out][in][taps][3][3] = the sum of the parts, transformed back. */
static void filters_back(const struct filters *s, const real *u, int64_t parts, int64_t part_stride, real *dw)
{
	int64_t points = s->taps * s->in * s->out;

#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t c = 0; c < s->in; c++)
		for (int64_t b = 0; b < s->out; b += PM_LANES)
			for (int64_t tap = 0; tap < s->taps; tap++)
				for (int l = 0; l < PM_LANES; l += WIDTH) {
					vec half[SPAN][3], x[SPAN], g[3];
					const real *from = u + (tap * s->in + c) * s->out + b + l;
					for (int j = 0; j < SPAN; j++) {
						for (int i = 0; i < SPAN; i++) {
							x[i] = (vec){ 0 };
							for (int64_t p = 0; p < parts; p++)
								x[i] += load(from + p * part_stride, (i * SPAN + j) * points, F_REAL);
						}
						wino_filter_back(half[j], x);
					}
					for (int i = 0; i < 3; i++) {
						for (int j = 0; j < SPAN; j++)
							x[j] = half[j][i];
						wino_filter_back(g, x);
						for (int j = 0; j < 3; j++)
							for (int k = 0; k < WIDTH; k++)
								dw[((b + l + k) * s->in + c) * s->taps * 9 + tap * 9 + i * 3 + j] = g[j][k];
					}
				}
}

enum { CACHE = 3 << 19, ROWS_MOST = 112, ROWS_UNIT = 28, DEEP = 8, OWN = 5 << 18, SHARED = 24 << 20 };

static struct wino_grid grad_grid(const struct fmap *x, const struct filters *s, int64_t budget, int64_t most)
{
	int64_t deep = s->taps > 1 ? least(DEEP, x->d) : 1;
	int64_t rows = budget / (POINTS * (s->in + s->out) * (int64_t)sizeof(real)) / ROWS_UNIT * ROWS_UNIT;

	rows = rows < ROWS_UNIT ? ROWS_UNIT : least(rows, most);
	return wino_grid(x, pieces(rows, deep), deep);
}

/* Shares of the chunks, each with sums of its own: as many as there is room for, whatever the number of threads. */
static int64_t shares(const struct wino_grid *g, int64_t filters) { return least(g->chunks, filters < 1 << 16 ? 32 : 8); }

/* Few filters, many tiles: every share of the tiles is somebody's, transformations and products. */
static void grad_by_tiles(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db)
{
	struct wino_grid g = grad_grid(x, s, CACHE, ROWS_MOST);
	int64_t rows_in = g.wide * (g.deep + s->taps - 1), rows = g.wide * g.deep, in_blocks = s->in / PM_LANES, out_blocks = s->out / PM_LANES;
	struct sums q = { s, in_blocks * rows_in * PM_LANES + PM_LANES, rows_in * PM_LANES, out_blocks * rows * PM_LANES + PM_LANES, rows * PM_LANES };
	int64_t filters = POINTS * s->taps * s->in * s->out, need = POINTS * (q.v_point + q.y_point);
	int64_t threads = omp_get_max_threads(), parts = shares(&g, filters);
	size_t bytes = (size_t)(parts * filters + threads * need) * sizeof(real) + (size_t)(parts * s->out) * sizeof(double);
	real *u = kernel_scratch(bytes), *scratch = u + parts * filters;
	double *bias = (double *)(scratch + threads * need);

#pragma omp parallel for schedule(dynamic, 1)
	for (int64_t part = 0; part < parts; part++) {
		real *mine = u + part * filters, *v = scratch + omp_get_thread_num() * need, *y = v + POINTS * q.v_point;
		double *sum = bias + part * s->out;
		memset(sum, 0, (size_t)s->out * sizeof *sum);
		int64_t begin = g.chunks * part / parts;
		for (int64_t i = begin; i < g.chunks * (part + 1) / parts; i++) {
			struct wino_chunk c = wino_chunk(&g, i);
			wino_inputs(&g, &c, x, (int)s->taps, 0, in_blocks, v, q.v_point, q.v_block);
			outputs_back(&g, &c, dy, 0, out_blocks, y, q.y_point, q.y_block, sum);
			for (int k = 0; k < POINTS; k++)
				for (int64_t tap = 0; tap < s->taps; tap++)
					for (int64_t b = 0; b < in_blocks; b++)
						multiply(&q, &c, tap, b, v + k * q.v_point, y + k * q.y_point, mine + k * (filters / POINTS), i == begin);
		}
	}
	filters_back(s, u, parts, filters, dw);
	for (int64_t o = 0; o < s->out; o++) {
		double sum = 0;
		for (int64_t part = 0; part < parts; part++)
			sum += bias[part * s->out + o];
		db[o] = (real)sum;
	}
}

/* Many filters, few tiles: all threads transform a large chunk, then share out the points and blocks of the product. */
static void grad_by_filters(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db)
{
	struct wino_grid g = grad_grid(x, s, SHARED, INT32_MAX);
	int64_t rows_in = g.wide * (g.deep + s->taps - 1), rows = g.wide * g.deep, in_blocks = s->in / PM_LANES, out_blocks = s->out / PM_LANES;
	struct sums q = { s, in_blocks * rows_in * PM_LANES + PM_LANES, rows_in * PM_LANES, out_blocks * rows * PM_LANES + PM_LANES, rows * PM_LANES };
	int64_t filters = POINTS * s->taps * s->in * s->out;
	real *u = kernel_scratch((size_t)(filters + POINTS * (q.v_point + q.y_point)) * sizeof(real) + (size_t)s->out * sizeof(double));
	real *v = u + filters, *y = v + POINTS * q.v_point;
	double *bias = (double *)(y + POINTS * q.y_point);

	memset(bias, 0, (size_t)s->out * sizeof *bias);
#pragma omp parallel
	for (int64_t i = 0; i < g.chunks; i++) {
		struct wino_chunk c = wino_chunk(&g, i);
#pragma omp for schedule(dynamic, 1)
		for (int64_t b = 0; b < in_blocks + out_blocks; b++)
			if (b < in_blocks)
				wino_inputs(&g, &c, x, (int)s->taps, b, b + 1, v, q.v_point, q.v_block);
			else
				outputs_back(&g, &c, dy, b - in_blocks, b - in_blocks + 1, y, q.y_point, q.y_block, bias);
#pragma omp for schedule(dynamic, 1)
		for (int64_t k = 0; k < POINTS * s->taps; k++) {
			int64_t point = k / s->taps, tap = k % s->taps;
			real *to = u + point * (filters / POINTS);
			for (int64_t b = 0; b < in_blocks; b++)
				multiply(&q, &c, tap, b, v + point * q.v_point, y + point * q.y_point, to, !i);
		}
	}
	filters_back(s, u, 1, 0, dw);
	for (int64_t o = 0; o < s->out; o++)
		db[o] = (real)bias[o];
}

void NAME(wino_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db)
{
	if (POINTS * s->taps * s->in * s->out * (int64_t)sizeof(real) <= OWN)
		grad_by_tiles(x, dy, s, dw, db);
	else
		grad_by_filters(x, dy, s, dw, db);
}
