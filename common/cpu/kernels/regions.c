/*
 * regions.c: extremes, slopes, strips and affinities of neighbouring pixels on plain maps. Each result is gathered from what lies
 * around it, so that no two threads write to the same place.
 */
#include <math.h>
#include <stdlib.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/rows.h"

/* --- extremes of three --- */

INLINE real less(real a, real b) { return a < b ? a : b; }
INLINE real more(real a, real b) { return a > b ? a : b; }

INLINE void extreme_row(real *y, const real *before, const real *x, const real *after, int64_t n, bool most)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = most ? more(more(before[i], x[i]), after[i]) : less(less(before[i], x[i]), after[i]);
}

/* Rows of neighbours along mid. */
INLINE void extreme_along(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most)
{
#pragma omp parallel for collapse(2) schedule(static) if (outer * mid * inner > ALONE)
	for (int64_t o = 0; o < outer; o++)
		for (int64_t m = 0; m < mid; m++) {
			const real *row = x + (o * mid + m) * inner;
			extreme_row(y + (o * mid + m) * inner, row - (m ? inner : 0), row, row + (m + 1 < mid ? inner : 0), inner, most);
		}
}

/* Neighbours lie side by side. */
INLINE void extreme_beside(real *y, const real *x, int64_t rows, int64_t n, bool most)
{
#pragma omp parallel for schedule(static) if (rows * n > ALONE)
	for (int64_t r = 0; r < rows; r++) {
		const real *in = x + r * n;
		real *out = y + r * n;
		extreme_row(out + 1, in, in + 1, in + 2, n - 2, most);
		extreme_row(out, in, in, in + (n > 1), 1, most);
		extreme_row(out + n - 1, in + n - 1 - (n > 1), in + n - 1, in + n - 1, 1, most);
	}
}

static void extreme(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most)
{
	if (inner == 1 && most)
		extreme_beside(y, x, outer, mid, true);
	else if (inner == 1)
		extreme_beside(y, x, outer, mid, false);
	else if (most)
		extreme_along(y, x, outer, mid, inner, true);
	else
		extreme_along(y, x, outer, mid, inner, false);
}

/* x[k]: the element k - 2 further on, dy[k]: the gradient of the extreme k - 1 further on, which this element may have been. */
INLINE void blame_row(real *dx, const real *const dy[3], const real *const x[5], int64_t n, real sign, bool add)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		const real a = sign * x[0][i], b = sign * x[1][i], c = sign * x[2][i], d = sign * x[3][i], e = sign * x[4][i];
		const bool first = c <= d && c <= e, middle = c < b && c <= d, last = c < a && c < b;
		const real s = (last ? dy[0][i] : 0) + (middle ? dy[1][i] : 0) + (first ? dy[2][i] : 0);
		dx[i] = add ? dx[i] + s : s;
	}
}

static void blame_along(real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, real sign, bool add)
{
	real *beyond = kernel_scratch((size_t)(2 * inner) * sizeof *beyond), *none = beyond + inner;

	for (int64_t i = 0; i < inner; i++) {
		beyond[i] = sign * (real)INFINITY;
		none[i] = 0;
	}
#pragma omp parallel for collapse(2) schedule(static) if (outer * mid * inner > ALONE)
	for (int64_t o = 0; o < outer; o++)
		for (int64_t m = 0; m < mid; m++) {
			const real *xs[5], *dys[3];
			for (int64_t k = 0; k < 5; k++)
				xs[k] = m + k - 2 < 0 || m + k - 2 >= mid ? beyond : x + (o * mid + m + k - 2) * inner;
			for (int64_t k = 0; k < 3; k++)
				dys[k] = m + k - 1 < 0 || m + k - 1 >= mid ? none : dy + (o * mid + m + k - 1) * inner;
			blame_row(dx + (o * mid + m) * inner, dys, xs, inner, sign, add);
		}
}

static void blame_beside(real *dx, const real *dy, const real *x, int64_t rows, int64_t n, real sign, bool add)
{
#pragma omp parallel if (rows * n > ALONE)
	{
		real *xs = xmalloc((size_t)(2 * n + 6) * sizeof *xs), *dys = xs + n + 4; /* rows with what is beyond their ends */
		xs[0] = xs[1] = xs[n + 2] = xs[n + 3] = sign * (real)INFINITY;
		dys[0] = dys[n + 1] = 0;
#pragma omp for schedule(static)
		for (int64_t r = 0; r < rows; r++) {
			memcpy(xs + 2, x + r * n, (size_t)n * sizeof *xs);
			memcpy(dys + 1, dy + r * n, (size_t)n * sizeof *dys);
			blame_row(dx + r * n, (const real *const[]){ dys, dys + 1, dys + 2 },
				(const real *const[]){ xs, xs + 1, xs + 2, xs + 3, xs + 4 }, n, sign, add);
		}
		free(xs);
	}
}

static void extreme_bwd(real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most, bool add)
{
	if (inner == 1)
		blame_beside(dx, dy, x, outer, mid, most ? -1 : 1, add);
	else
		blame_along(dx, dy, x, outer, mid, inner, most ? -1 : 1, add);
}

/* --- slopes --- */

/* A row of pixels and its neighbours, which are itself beyond the end; within: no axis ends here. */
struct lines {
	const real *here, *down, *deep;
	bool within;
};

INLINE struct lines lines_of(const real *x, int64_t map, const int64_t size[3], int64_t z, int64_t y)
{
	const int64_t d = size[0], h = size[1], w = size[2];
	const real *here = x + ((map * d + z) * h + y) * w;

	return (struct lines){ here, here + (y + 1 < h ? w : 0), here + (z + 1 < d ? h * w : 0), (y + 1 < h || h == 1) && (z + 1 < d || d == 1) };
}

/* Differences along w, h, d of pixel i, whose neighbour in the row is r; returns their sum of squares. */
INLINE real rises(const struct lines *l, int64_t i, int64_t r, real e[3])
{
	e[0] = l->here[r] - l->here[i];
	e[1] = l->down[i] - l->here[i];
	e[2] = l->deep[i] - l->here[i];
	return e[0] * e[0] + e[1] * e[1] + e[2] * e[2];
}

INLINE real magnitude(real x) { return x < 0 ? -x : x; }
INLINE real root(real x) { return sizeof x == sizeof(float) ? (real)sqrtf((float)x) : (real)sqrt((double)x); }

INLINE real slope_at(enum slope f, const struct lines *l, int64_t i, int64_t r)
{
	real e[3], squares = rises(l, i, r, e);

	if (f == SLOPE_ABS)
		return magnitude(e[0]) + magnitude(e[1]) + magnitude(e[2]);
	return f == SLOPE_SQUARE ? squares : root(squares + (real)1e-8);
}

INLINE void slopes(enum slope f, real *y, const real *x, int64_t count, const int64_t size[3])
{
	const int64_t d = size[0], h = size[1], w = size[2];

#pragma omp parallel for collapse(3) schedule(static) if (count * d * h * w > ALONE)
	for (int64_t map = 0; map < count; map++)
		for (int64_t z = 0; z < d; z++)
			for (int64_t row = 0; row < h; row++) {
				const struct lines l = lines_of(x, map, size, z, row);
				real *out = y + (l.here - x);
				if (f == SLOPE_LENGTH && !l.within) {
					memset(out, 0, (size_t)w * sizeof *out);
					continue;
				}
#pragma omp simd
				for (int64_t i = 0; i < w - 1; i++)
					out[i] = slope_at(f, &l, i, i + 1);
				out[w - 1] = f == SLOPE_LENGTH && w > 1 ? 0 : slope_at(f, &l, w - 1, w - 1);
			}
}

static void slope(enum slope f, real *y, const real *x, int64_t count, const int64_t size[3])
{
	if (f == SLOPE_ABS)
		slopes(SLOPE_ABS, y, x, count, size);
	else if (f == SLOPE_SQUARE)
		slopes(SLOPE_SQUARE, y, x, count, size);
	else
		slopes(SLOPE_LENGTH, y, x, count, size);
}

/* What the slope at pixel i says of its neighbour on an axis; the opposite of it of the pixel itself. */
INLINE real flow_at(enum slope f, int axis, real dy, const struct lines *l, int64_t i, int64_t r)
{
	real e[3], squares = rises(l, i, r, e);

	if (f == SLOPE_ABS)
		return dy * (real)((e[axis] > 0) - (e[axis] < 0));
	return dy * e[axis] * (f == SLOPE_SQUARE ? 2 : 1 / root(squares + (real)1e-8));
}

INLINE void flow_row(enum slope f, int axis, real *to, const real *dy, const struct lines *l, int64_t w)
{
	if (f == SLOPE_LENGTH && !l->within) {
		memset(to, 0, (size_t)w * sizeof *to);
		return;
	}
#pragma omp simd
	for (int64_t i = 0; i < w - 1; i++)
		to[i] = flow_at(f, axis, dy[i], l, i, i + 1);
	to[w - 1] = f == SLOPE_LENGTH && w > 1 ? 0 : flow_at(f, axis, dy[w - 1], l, w - 1, w - 1);
}

INLINE void plus(real *sum, const real *x, int64_t n, real sign)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		sum[i] += sign * x[i];
}

INLINE void slopes_back(enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add)
{
	const int64_t d = size[0], h = size[1], w = size[2];

#pragma omp parallel if (count * d * h * w > ALONE)
	{
		real *to = xmalloc((size_t)w * sizeof *to);
#pragma omp for collapse(3) schedule(static)
		for (int64_t map = 0; map < count; map++)
			for (int64_t z = 0; z < d; z++)
				for (int64_t row = 0; row < h; row++) {
					const struct lines l = lines_of(x, map, size, z, row);
					const int64_t at = l.here - x;
					real *out = dx + at;
					if (!add)
						memset(out, 0, (size_t)w * sizeof *out);
					flow_row(f, 0, to, dy + at, &l, w);
					plus(out, to, w, -1);
					plus(out + 1, to, w - 1, 1);
					for (int axis = 1; axis < 3; axis++) { /* of this row, and of the one before it on that axis */
						const int64_t step = axis == 1 ? w : h * w;
						if (size[2 - axis] == 1)
							continue;
						flow_row(f, axis, to, dy + at, &l, w);
						plus(out, to, w, -1);
						if (axis == 1 ? !row : !z)
							continue;
						const struct lines before = lines_of(x, map, size, z - (axis == 2), row - (axis == 1));
						flow_row(f, axis, to, dy + at - step, &before, w);
						plus(out, to, w, 1);
					}
				}
		free(to);
	}
}

static void slope_bwd(enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add)
{
	if (f == SLOPE_ABS)
		slopes_back(SLOPE_ABS, dx, dy, x, count, size, add);
	else if (f == SLOPE_SQUARE)
		slopes_back(SLOPE_SQUARE, dx, dy, x, count, size, add);
	else
		slopes_back(SLOPE_LENGTH, dx, dy, x, count, size, add);
}

/* --- strips --- */

/* The first element of the strip that element i is in, -1: it is in none. before: what this was of element i - 1. */
INLINE int64_t strip_first(const real *in, int64_t i, int64_t before, int64_t width)
{
	return !(in[i] > 0) ? -1 : before < 0 || i - before == width ? i : before;
}

static void strips(real *y, const real *x, const real *in, int64_t rows, int64_t n, int64_t width)
{
#pragma omp parallel for schedule(static) if (rows * n > ALONE)
	for (int64_t at = 0; at < rows * n; at += n)
		for (int64_t i = 0, first = -1; i < n; i++) {
			first = strip_first(in + at, i, first, width);
			y[at + i] = 0;
			if (first >= 0)
				y[at + first] += x[at + i];
		}
}

static void strips_bwd(real *dx, const real *dy, const real *in, int64_t rows, int64_t n, int64_t width, bool add)
{
#pragma omp parallel for schedule(static) if (rows * n > ALONE)
	for (int64_t at = 0; at < rows * n; at += n)
		for (int64_t i = 0, first = -1; i < n; i++) {
			first = strip_first(in + at, i, first, width);
			dx[at + i] = (add ? dx[at + i] : 0) + (first < 0 ? 0 : dy[at + first]);
		}
}

/* --- affinities --- */

enum { SIDE = 2 * AFFINITY_RADIUS + 1 };

/* Planes with `radius` columns of zeros on both sides, and whole registers of columns. */
struct wide {
	const real *row;
	int64_t pitch, plane;
};

static struct wide widen(real *to, const struct fmap *f, int64_t radius)
{
	const int64_t h = f->h, w = f->w, pitch = pieces(w, WIDTH) * WIDTH + 2 * radius, planes = f->n * f->c * f->d;

#pragma omp parallel for schedule(static)
	for (int64_t r = 0; r < planes * h; r++) {
		for (int64_t i = 0; i < pitch; i++)
			to[r * pitch + i] = 0;
		memcpy(to + r * pitch + radius, (const real *)f->data + r * w, (size_t)w * sizeof *to);
	}
	return (struct wide){ to + radius, pitch, h * pitch };
}

INLINE vec wide_at(const struct wide *x, int64_t plane, int64_t row, int64_t column)
{
	return *(const vec_loose *)(x->row + plane * x->plane + row * x->pitch + column);
}

/* A register of pixels at (row, column) of slice z of image n, and the rows around them. */
struct window {
	int64_t n, z, row, column, first, last;
	int radius;
};

/* Of every pixel of the window, row by row; p is 0 at those beyond the end of their row, so that theirs do not matter. */
INLINE void affinities(vec *k, const struct window *q, const struct wide *image, const struct fmap *shape, const struct affinity *a)
{
	for (int64_t y = q->first; y <= q->last; y++) {
		const double *const near[2] = { a->near[0], a->near[1] };
		const int64_t dy = y < q->row ? q->row - y : y - q->row;
		for (int64_t x = -q->radius; x <= q->radius; x++, k++) {
			const int64_t dx = x < 0 ? -x : x;
			vec far = { 0 };
			for (int64_t c = 0; c < shape->c; c++) {
				const int64_t plane = (q->n * shape->c + c) * shape->d + q->z;
				const vec e = wide_at(image, plane, y, q->column + x) - wide_at(image, plane, q->row, q->column);
				far += e * e;
			}
			const vec alike = vec_exp(larger(splat(-80), far * (real)-a->contrast)); /* denormals are slow */
			*k = (real)(near[0][dy] * near[0][dx]) * alike + (real)(near[1][dy] * near[1][dx]);
			if (!dy && !dx)
				*k = splat(0);
		}
	}
}

/* Sums over the window of affinities times the probabilities of a few classes from the first on. */
INLINE void gather(real *m, int count, int64_t step, const vec *k, const struct window *q, const struct wide *p, int64_t plane, int64_t planes,
	int classes)
{
	vec sum[4] = { { 0 } };

	for (int64_t y = q->first; y <= q->last; y++)
		for (int64_t x = -q->radius; x <= q->radius; x++, k++)
			for (int c = 0; c < classes; c++)
				sum[c] += *k * wide_at(p, plane + c * planes, y, q->column + x);
	for (int c = 0; c < classes; c++)
		store_part(m + c * step, count, sum[c]);
}

static void messages(struct fmap *m, const struct fmap *p, const struct fmap *image, const struct affinity *a)
{
	const int64_t d = p->d, h = p->h, w = p->w, k = p->c, r = a->radius, pitch = pieces(w, WIDTH) * WIDTH + 2 * r;
	real *room = kernel_scratch((size_t)(p->n * (k + image->c) * d * h * pitch) * sizeof *room);
	const struct wide wide_p = widen(room, p, r), wide_image = widen(room + p->n * k * d * h * pitch, image, r);

#pragma omp parallel for collapse(3) schedule(static)
	for (int64_t n = 0; n < p->n; n++)
		for (int64_t z = 0; z < d; z++)
			for (int64_t row = 0; row < h; row++) {
				vec near[SIDE * SIDE];
				for (int64_t x = 0; x < w; x += WIDTH) {
					const struct window q = { n, z, row, x, row > r ? row - r : 0, least(h - 1, row + r), (int)r };
					const int count = (int)least(WIDTH, w - x);
					affinities(near, &q, &wide_image, image, a);
					for (int64_t c = 0; c < k; c += c + 4 <= k ? 4 : 1) {
						real *to = (real *)m->data + (((n * k + c) * d + z) * h + row) * w + x;
						if (c + 4 <= k)
							gather(to, count, d * h * w, near, &q, &wide_p, (n * k + c) * d + z, d, 4);
						else
							gather(to, count, d * h * w, near, &q, &wide_p, (n * k + c) * d + z, d, 1);
					}
				}
			}
}

const struct regions NAME(regions) = {
	.extreme = extreme, .extreme_bwd = extreme_bwd, .slope = slope, .slope_bwd = slope_bwd,
	.strips = strips, .strips_bwd = strips_bwd, .messages = messages,
};
