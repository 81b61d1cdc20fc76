/* wino.c: convolutions 3x3 and 3x3x3 by minimal filtering in the two axes of a plane: forward and to the data. */
#include <assert.h>

#include "cpu/kernels/gemm.h"
#include "cpu/kernels/wino.h"

/* Columns of filters that are multiplied together from output block `block` on. */
static int group_columns(int64_t block, int64_t blocks) { return block + PAIR / PM_LANES <= blocks ? PAIR : PM_LANES; }

/* Where group `block`, point p begins in packed filters: [group][point][tap][in channel][column of the group]. */
static int64_t filter_at(const struct filters *s, int64_t block, int columns, int p)
{
	int64_t rows = s->taps * s->in;
	return rows * (block * PM_LANES * POINTS + (int64_t)p * columns);
}

/*
 * w is [out][in][taps][3][3]. back: the filters of the way back to the data: s->out and s->in are then that way's, w is
 * [in][out][taps]..., and taps are taken in reverse.
 */
void NAME(wino_pack)(real *u, const real *w, const struct filters *s, bool back)
{
	int64_t blocks = s->out / PM_LANES, kk = s->taps * 9;

#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t b = 0; b < blocks; b++)
		for (int64_t c = 0; c < s->in; c++) {
			int64_t whole = b / (PAIR / PM_LANES) * (PAIR / PM_LANES);
			int columns = group_columns(whole, blocks);
			int64_t group = columns == PAIR ? whole : b, inside = (b - group) * PM_LANES;
			for (int64_t tap = 0; tap < s->taps; tap++) {
				real taps[9][PM_LANES];
				for (int l = 0; l < PM_LANES; l++) {
					int64_t o = b * PM_LANES + l;
					const real *from = back ? w + (c * s->out + o) * kk + (s->taps - 1 - tap) * 9 : w + (o * s->in + c) * kk + tap * 9;
					for (int k = 0; k < 9; k++)
						taps[back ? 8 - k : k][l] = from[k];
				}
				for (int l = 0; l < PM_LANES; l += WIDTH) {
					vec half[3][SPAN], g[3], y[SPAN];
					for (int j = 0; j < 3; j++) {
						for (int i = 0; i < 3; i++)
							g[i] = load(taps[3 * i + j], l, F_REAL);
						wino_filter(half[j], g);
					}
					for (int i = 0; i < SPAN; i++) {
						for (int j = 0; j < 3; j++)
							g[j] = half[j][i];
						wino_filter(y, g);
						for (int j = 0; j < SPAN; j++)
							store(u, filter_at(s, group, columns, i * SPAN + j) + (tap * s->in + c) * columns + inside + l, F_REAL, y[j]);
					}
				}
			}
		}
}

/* y = act(scale sum + shift): the bias alone, or a normalisation with its activation. */
INLINE vec finished(vec x, const struct finish *f, int64_t channel)
{
	if (f->scale)
		x = x * load(f->scale, channel, F_REAL);
	x += load(f->shift, channel, F_REAL);
	return f->slope == 1 ? x : pick(greater(x, (vec){ 0 }), x, x * (real)f->slope);
}

INLINE void output_tile(const real *m, int64_t point_stride, const struct finish *f, int64_t channel, struct fmap *y,
	const struct wino_tile *t, int lane, enum ftype type, bool whole)
{
	vec half[SPAN][TILE], x[SPAN], r[TILE];

	for (int j = 0; j < SPAN; j++) {
#pragma GCC unroll UNROLL
		for (int i = 0; i < SPAN; i++)
			x[i] = *(const vec_loose *)(m + (i * SPAN + j) * point_stride);
		wino_output(half[j], x);
	}
	for (int i = 0; i < TILE; i++) {
#pragma GCC unroll UNROLL
		for (int j = 0; j < SPAN; j++)
			x[j] = half[j][i];
		wino_output(r, x);
		for (int j = 0; j < TILE; j++)
			if (whole || (i < t->y1 && j < t->x1))
				store(y->data, t->at + i * t->line + j * PM_LANES + lane, type, finished(r[j], f, channel));
	}
}

static void outputs(const struct wino_grid *g, const struct wino_chunk *c, const real *m, int64_t point_stride, int columns,
	const struct finish *f, int64_t block, struct fmap *y)
{
	for (int64_t p = 0; p < c->planes; p++)
		for (int64_t k = 0; k < c->columns; k++)
			for (int j = 0; j < columns; j += PM_LANES) {
				int64_t b = block + j / PM_LANES;
				struct wino_tile t = wino_tile(g, y, c->column + k, b, c->plane + p, 0, TILE);
				for (int l = 0; l < PM_LANES; l += WIDTH) {
					const real *from = m + (p * c->columns + k) * columns + j + l;
					if (!wino_whole(&t, TILE))
						output_tile(from, point_stride, f, b * PM_LANES + l, y, &t, l, y->type, false);
					else if (y->type == F_BF16)
						output_tile(from, point_stride, f, b * PM_LANES + l, y, &t, l, F_BF16, true);
					else
						output_tile(from, point_stride, f, b * PM_LANES + l, y, &t, l, F_REAL, true);
				}
			}
}

/* Rows of a chunk so that its transformed inputs stay in a processor's cache. */
enum { CACHE = 1 << 20, ROWS_MOST = 112, ROWS_UNIT = 28, DEEP = 8 };

static struct wino_grid conv_grid(const struct fmap *y, const struct filters *s)
{
	int64_t deep = s->taps > 1 ? least(DEEP, y->d) : 1;
	int64_t rows = CACHE / (POINTS * s->in * (int64_t)sizeof(real)) / ROWS_UNIT * ROWS_UNIT;

	rows = rows < ROWS_UNIT ? ROWS_UNIT : least(rows, ROWS_MOST);
	return wino_grid(y, pieces(rows, deep), deep);
}

void NAME(wino_conv)(const struct fmap *x, const real *u, const struct filters *s, const struct finish *f, struct fmap *y)
{
	struct wino_grid g = conv_grid(y, s);
	int64_t in_blocks = s->in / PM_LANES, out_blocks = s->out / PM_LANES;
	int64_t rows_in = g.wide * (g.deep + s->taps - 1), rows = g.wide * g.deep;
	int64_t v_point = in_blocks * rows_in * PM_LANES + PM_LANES, m_point = rows * PAIR + PM_LANES; /* + : points in other cache sets */
	int64_t need = POINTS * (v_point + m_point);
	/* Few chunks: each is worked on for some of the output blocks only, so that no thread is idle. */
	int64_t threads = omp_get_max_threads(), parts = g.chunks < 2 * threads ? least(pieces(2 * threads, g.chunks), pieces(out_blocks, PAIR / PM_LANES)) : 1;
	int64_t per_part = pieces(pieces(out_blocks, parts), PAIR / PM_LANES) * (PAIR / PM_LANES);
	real *scratch = kernel_scratch((size_t)(threads * need) * sizeof *scratch);

	parts = pieces(out_blocks, per_part);
#pragma omp parallel for schedule(dynamic, 1)
	for (int64_t i = 0; i < g.chunks * parts; i++) {
		struct wino_chunk c = wino_chunk(&g, i / parts);
		real *v = scratch + omp_get_thread_num() * need, *m = v + POINTS * v_point;
		struct product p = { in_blocks, rows_in * PM_LANES, s->taps, c.columns * PM_LANES };
		int64_t end = least(out_blocks, (i % parts + 1) * per_part);
		wino_inputs(&g, &c, x, (int)s->taps, 0, in_blocks, v, v_point, rows_in * PM_LANES);
		for (int64_t b = i % parts * per_part; b < end;) {
			int columns = group_columns(b, out_blocks);
			for (int k = 0; k < POINTS; k++)
				rows_by_columns(&p, c.planes * c.columns, columns, v + k * v_point, u + filter_at(s, b, columns, k), m + k * m_point);
			outputs(&g, &c, m, m_point, columns, f, b, y);
			b += columns / PM_LANES;
		}
	}
}
