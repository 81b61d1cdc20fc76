/* wino.c: convolutions 3x3 and 3x3x3 by minimal filtering in the two axes of a plane: forward and to the data. */
#include "cpu/kernels/gemm.h"
#include "cpu/kernels/moments.h"
#include "cpu/kernels/wino.h"

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

INLINE void output_tile(const real *m, int64_t point_stride, vec shift, struct fmap *y, const struct wino_tile *t, int lane,
	enum ftype type, bool whole, enum summed what, struct gather *to)
{
	vec half[SPAN][TILE], x[SPAN], r[TILE];

	for (int j = 0; j < SPAN; j++) {
#pragma GCC unroll UNROLL
		for (int i = 0; i < SPAN; i++)
			x[i] = *(const vec_loose *)(m + (i * SPAN + j) * point_stride);
		wino_output(half[j], x);
	}
	for (int j = 0; whole && j < TILE; j++) {
		wino_ahead(y->data, t, lane, j, TILE, type);
		if (what == BEHIND)
			wino_ahead(to->z, t, lane, j, TILE, type);
	}
	for (int i = 0; i < TILE; i++) {
#pragma GCC unroll UNROLL
		for (int j = 0; j < SPAN; j++)
			x[j] = half[j][i];
		wino_output(r, x);
		for (int j = 0; j < TILE; j++)
			if (whole || (i < t->y1 && j < t->x1)) {
				int64_t at = t->at + i * t->line + j * PM_LANES + lane;
				gather(to, what, r[j], at, type);
				store(y->data, at, type, r[j] + shift);
			}
	}
}

INLINE void output_typed(const real *m, int64_t point_stride, vec shift, struct fmap *y, const struct wino_tile *t, int lane,
	enum ftype type, enum summed what, struct gather *to)
{
	if (what == BEHIND)
		output_tile(m, point_stride, shift, y, t, lane, type, true, BEHIND, to);
	else if (what == MOMENTS)
		output_tile(m, point_stride, shift, y, t, lane, type, true, MOMENTS, to);
	else
		output_tile(m, point_stride, shift, y, t, lane, type, true, NOTHING, to);
}

/* The type, and what is summed, are constants in each branch. */
INLINE void output_any(const real *m, int64_t point_stride, vec shift, struct fmap *y, const struct wino_tile *t, int lane,
	enum summed what, struct gather *to)
{
	if (!wino_whole(t, TILE))
		output_tile(m, point_stride, shift, y, t, lane, y->type, false, what, to);
	else if (y->type == F_BF16)
		output_typed(m, point_stride, shift, y, t, lane, F_BF16, what, to);
	else
		output_typed(m, point_stride, shift, y, t, lane, F_REAL, what, to);
}

/* m[point][row][columns] to y; sums [2][out], of this chunk. */
static void outputs(const struct wino_grid *g, const struct wino_chunk *c, const real *m, int64_t point_stride, int columns,
	const real *shift, int64_t block, struct fmap *y, enum summed what, double *sums, int64_t out)
{
	for (int j = 0; j < columns; j += WIDTH) {
		int64_t channel = block * PM_LANES + j, b = channel / PM_LANES;
		struct gather to = gather_of(y, what, b, j % PM_LANES);
		struct wino_row row = wino_first(g, c, c->plane);
		for (int64_t r = 0; r < c->planes * c->columns; r++, wino_next(g, c, &row)) {
			struct wino_tile t = wino_tile(y, &row, b, row.plane, 0, TILE);
			output_any(m + r * columns + j, point_stride, load(shift, channel, F_REAL), y, &t, j % PM_LANES, what, &to);
			if (what && r % 8 == 7)
				moments_flush(&to.mo);
		}
		if (what)
			moments_store(&to.mo, sums + channel, sums + out + channel);
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

void NAME(wino_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y, double *moments)
{
	struct wino_grid g = conv_grid(y, s);
	int64_t in_blocks = s->in / PM_LANES, out_blocks = s->out / PM_LANES, threads = omp_get_max_threads();
	int64_t rows_in = g.wide * (g.deep + s->taps - 1), rows = g.wide * g.deep;
	int64_t v_point = in_blocks * rows_in * PM_LANES + PM_LANES, m_point = rows * PAIR + PM_LANES; /* + : points in other cache sets */
	int64_t need = POINTS * (v_point + m_point);
	/* Few chunks: each is worked on for some of the output blocks only, so that no thread is idle. */
	int64_t pairs = pieces(out_blocks, PAIR / PM_LANES), parts = g.chunks < 2 * threads ? least(pieces(2 * threads, g.chunks), pairs) : 1;
	int64_t per_part = pieces(pairs, parts) * (PAIR / PM_LANES);
	enum summed what = summed_of(y, moments);
	size_t sums_bytes = what ? (size_t)(2 * g.chunks * s->out) * sizeof(double) : 0;
	double *sums = kernel_scratch(sums_bytes + (size_t)(threads * need) * sizeof(real));
	real *scratch = (real *)((char *)sums + sums_bytes);

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
			outputs(&g, &c, m, m_point, columns, shift, b, y, what, sums + 2 * (i / parts) * s->out, s->out);
			b += columns / PM_LANES;
		}
	}
	if (what == MOMENTS)
		moments_of(y, shift, sums, g.chunks, s->out, moments);
	if (what == BEHIND)
		behind_sums(y, sums, g.chunks, s->out);
}
