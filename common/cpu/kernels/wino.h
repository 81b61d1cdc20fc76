/*
 * wino.h: minimal filtering F(4x4, 3x3) (Winograd 1980; Lavin and Gray, CVPR 2016): a tile of 6x6 inputs and a filter of
 * 3x3, each transformed, are multiplied point by point, 36 products for 16 outputs instead of 144. The points are 0, +-2/3,
 * +-3/2 and infinity: in f32 half a digit better than the usual 0, +-1, +-2, and within a factor 2 of direct sums.
 */
#ifndef PM_WINO_H
#define PM_WINO_H

#include "cpu/kernels/family.h"
#include "cpu/kernels/act.h"

enum { TILE = 4, SPAN = 6, POINTS = SPAN * SPAN };

#define POINT_A ((real)2 / 3)
#define POINT_B ((real)3 / 2)
#define A2 (POINT_A * POINT_A)
#define B2 (POINT_B * POINT_B)

/* Six inputs along one axis; A2 B2 = 1. */
INLINE void wino_input(vec y[SPAN], const vec x[SPAN])
{
	vec even = x[4] - x[2] * B2, odd = (x[3] - x[1] * B2) * POINT_A;
	y[0] = x[0] + x[4] - x[2] * (A2 + B2);
	y[1] = even + odd;
	y[2] = even - odd;
	even = x[4] - x[2] * A2;
	odd = (x[3] - x[1] * A2) * POINT_B;
	y[3] = even + odd;
	y[4] = even - odd;
	y[5] = x[1] + x[5] - x[3] * (A2 + B2);
}

/* Six products to four outputs. */
INLINE void wino_output(vec y[TILE], const vec m[SPAN])
{
	vec sa = m[1] + m[2], da = (m[1] - m[2]) * POINT_A, sb = m[3] + m[4], db = (m[3] - m[4]) * POINT_B;
	y[0] = m[0] + sa + sb;
	y[1] = da + db;
	y[2] = sa * A2 + sb * B2;
	y[3] = da * A2 + db * B2 + m[5];
}

/* The transpose of wino_output: gradients of four outputs to those of the products. */
INLINE void wino_output_back(vec m[SPAN], const vec y[TILE])
{
	vec even = y[0] + y[2] * A2, odd = (y[1] + y[3] * A2) * POINT_A;
	m[0] = y[0];
	m[1] = even + odd;
	m[2] = even - odd;
	even = y[0] + y[2] * B2;
	odd = (y[1] + y[3] * B2) * POINT_B;
	m[3] = even + odd;
	m[4] = even - odd;
	m[5] = y[3];
}

#define NORM_A (1 / (2 * A2 * (A2 - B2)))
#define NORM_B (1 / (2 * B2 * (B2 - A2)))

/* Three taps of a filter along one axis. */
INLINE void wino_filter(vec y[SPAN], const vec g[3])
{
	vec even = (g[0] + g[2] * A2) * NORM_A, odd = g[1] * (POINT_A * NORM_A);
	y[0] = g[0];
	y[1] = even + odd;
	y[2] = even - odd;
	even = (g[0] + g[2] * B2) * NORM_B;
	odd = g[1] * (POINT_B * NORM_B);
	y[3] = even + odd;
	y[4] = even - odd;
	y[5] = g[2];
}

/* Its transpose: gradients of the transformed filter to those of the taps. */
INLINE void wino_filter_back(vec g[3], const vec y[SPAN])
{
	vec sa = (y[1] + y[2]) * NORM_A, sb = (y[3] + y[4]) * NORM_B;
	g[0] = y[0] + sa + sb;
	g[1] = (y[1] - y[2]) * (POINT_A * NORM_A) + (y[3] - y[4]) * (POINT_B * NORM_B);
	g[2] = sa * A2 + sb * B2 + y[5];
}

/*
 * How the tiles of a map are worked on. A column is a tile's place (image, y, x), all planes of the depth one behind the
 * other; a chunk is some columns times some planes. Its rows are ordered [plane][column], so that the plane above is
 * `columns` rows away, and each row holds the PM_LANES channels of one block.
 */
struct wino_grid {
	int64_t d, h, w, ty, tx, columns; /* columns in all */
	int64_t wide, deep;               /* of a chunk */
	int64_t chunks;
};

struct wino_chunk {
	int64_t column, columns, plane, planes;
};

static inline struct wino_grid wino_grid(const struct fmap *f, int64_t wide, int64_t deep)
{
	struct wino_grid g = { .d = f->d, .h = f->h, .w = f->w, .ty = pieces(f->h, TILE), .tx = pieces(f->w, TILE) };

	g.columns = f->n * g.ty * g.tx;
	g.wide = least(wide, g.columns);
	g.deep = least(deep, f->d);
	g.chunks = pieces(g.columns, g.wide) * pieces(g.d, g.deep);
	return g;
}

static inline struct wino_chunk wino_chunk(const struct wino_grid *g, int64_t i)
{
	int64_t layers = pieces(g->d, g->deep);
	struct wino_chunk c = { .column = i / layers * g->wide, .plane = i % layers * g->deep };

	c.columns = least(g->wide, g->columns - c.column);
	c.planes = least(g->deep, g->d - c.plane);
	return c;
}

/* A walk over the rows of a chunk: no divisions on the way. */
struct wino_row {
	int64_t n, y, x, plane; /* the tile's image and place in it, its plane */
	int64_t column;         /* in the chunk */
};

INLINE struct wino_row wino_first(const struct wino_grid *g, const struct wino_chunk *c, int64_t plane)
{
	int64_t k = c->column;
	return (struct wino_row){ k / g->tx / g->ty, k / g->tx % g->ty, k % g->tx, plane, 0 };
}

INLINE void wino_next(const struct wino_grid *g, const struct wino_chunk *c, struct wino_row *r)
{
	if (++r->column == c->columns) {
		*r = wino_first(g, c, r->plane + 1);
		return;
	}
	if (++r->x < g->tx)
		return;
	r->x = 0;
	if (++r->y < g->ty)
		return;
	r->y = 0;
	r->n++;
}

/* A tile in its plane: the element where it begins, and which of its pixels there are. */
struct wino_tile {
	int64_t at, line;       /* of the first pixel (which may lie outside), and from one image row to the next */
	int y0, y1, x0, x1;     /* pixels y0 <= i < y1, x0 <= j < x1 lie inside */
};

/* The tile of `span` pixels that begins `before` pixels above and left of a row's outputs, in a block's plane z. */
INLINE struct wino_tile wino_tile(const struct fmap *f, const struct wino_row *r, int64_t block, int64_t z, int before, int span)
{
	int64_t x = r->x * TILE - before, y = r->y * TILE - before;
	struct wino_tile t = { .line = f->w * PM_LANES };

	t.at = r->n * f->stride + (((block * f->d + z) * f->h + y) * f->w + x) * PM_LANES;
	t.y0 = y < 0 ? (int)-y : 0;
	t.x0 = x < 0 ? (int)-x : 0;
	t.y1 = (int)least(span, f->h - y);
	t.x1 = (int)least(span, f->w - x);
	return t;
}

/* Pixel (i, j) of a tile, 0 outside; whole: it is known to lie inside. */
INLINE vec wino_pixel(const struct fmap *f, const struct wino_tile *t, int lane, int i, int j, enum ftype type, bool whole,
	const struct act_vec *act)
{
	if (!whole && (i < t->y0 || i >= t->y1 || j < t->x0 || j >= t->x1))
		return (vec){ 0 };
	return acted(load(f->data, t->at + i * t->line + j * PM_LANES + lane, type), act);
}

/* Fetches a column of pixels that is needed two tiles later: a tile is too many short runs for a processor to foresee. */
INLINE void wino_ahead(const void *data, const struct wino_tile *t, int lane, int j, int rows, enum ftype type)
{
#pragma GCC unroll UNROLL
	for (int i = 0; i < rows; i++)
		__builtin_prefetch((const char *)data + (t->at + i * t->line + (j + 2 * TILE) * PM_LANES + lane) * (int64_t)ftype_size(type));
}

INLINE void wino_input_tile(const struct fmap *f, const struct wino_tile *t, int lane, enum ftype type, bool whole,
	const struct act_vec *act, real *v, int64_t point_stride)
{
	vec half[SPAN][SPAN], x[SPAN], y[SPAN];

	for (int j = 0; j < SPAN; j++) {
#pragma GCC unroll UNROLL
		for (int i = 0; i < SPAN; i++)
			x[i] = wino_pixel(f, t, lane, i, j, type, whole, act);
		if (whole && j >= SPAN - TILE)
			wino_ahead(f->data, t, lane, j, SPAN, type);
		wino_input(half[j], x);
	}
	for (int i = 0; i < SPAN; i++) {
#pragma GCC unroll UNROLL
		for (int j = 0; j < SPAN; j++)
			x[j] = half[j][i];
		wino_input(y, x);
#pragma GCC unroll UNROLL
		for (int j = 0; j < SPAN; j++)
		{
			__builtin_prefetch(v + (i * SPAN + j) * point_stride + 2 * PM_LANES, 1);
			*(vec_loose *)(v + (i * SPAN + j) * point_stride) = y[j];
		}
	}
}

INLINE bool wino_whole(const struct wino_tile *t, int span) { return !t->y0 && !t->x0 && t->y1 == span && t->x1 == span; }

/* The type, and whether there is an act, are constants in each branch. */
INLINE void wino_input_any(const struct fmap *f, const struct wino_tile *t, int lane, const struct act_vec *act, real *v,
	int64_t point_stride)
{
	if (!wino_whole(t, SPAN))
		wino_input_tile(f, t, lane, f->type, false, act, v, point_stride);
	else if (f->type == F_BF16 && act)
		wino_input_tile(f, t, lane, F_BF16, true, act, v, point_stride);
	else if (f->type == F_BF16)
		wino_input_tile(f, t, lane, F_BF16, true, NULL, v, point_stride);
	else if (act)
		wino_input_tile(f, t, lane, F_REAL, true, act, v, point_stride);
	else
		wino_input_tile(f, t, lane, F_REAL, true, NULL, v, point_stride);
}

/*
 * Transformed inputs of a chunk: v[point][block][row][PM_LANES], rows [planes + taps - 1][columns], zeros where a plane
 * lies outside. Only blocks first .. last - 1 are made.
 */
static void wino_inputs(const struct wino_grid *g, const struct wino_chunk *c, const struct fmap *f, int taps, int64_t first,
	int64_t last, real *v, int64_t point_stride, int64_t block_stride)
{
	for (int64_t b = first; b < last; b++)
		for (int l = 0; l < PM_LANES; l += WIDTH) {
			struct act_vec held, *act = act_at(&held, f->act, b * PM_LANES + l);
			struct wino_row row = wino_first(g, c, c->plane - taps / 2);
			real *to = v + b * block_stride + l;
			for (int64_t r = 0; r < (c->planes + taps - 1) * c->columns; r++, to += PM_LANES, wino_next(g, c, &row)) {
				int64_t z = row.plane;
				if (z < 0 || z >= g->d) {
					for (int i = 0; i < POINTS; i++)
						*(vec_loose *)(to + i * point_stride) = (vec){ 0 };
					continue;
				}
				struct wino_tile t = wino_tile(f, &row, b, z, 1, SPAN);
				wino_input_any(f, &t, l, act, to, point_stride);
			}
		}
}

#endif
