/* augment.cu: actions of transforms (tensor/action.h) on arrays of one sample; the host's are in transform/action.c and tensor/. */
#include <math.h>

#include "base/philox.h"
#include "cuda/kernels.h"
#include "cuda/kernels/vec.h"
#include "tensor/normal.h"
#include "tensor/spline.h"

/* Coefficients of splines along the lines of an axis of x, which are n long and whose elements lie a step apart. */
struct lines {
	float *x;
	int64_t n, step;
};

CELL void lines(const struct lines *a, uint32_t i) { spline_line(a->x + i / a->step * a->step * a->n + i % a->step, a->n, a->step, 1); }
EACH(lines)

struct bends {
	struct bend b;
	float *to;
};

CELL void bends(const struct bends *a, uint32_t i) { bend_point(&a->b, i, a->to + 3 * (int64_t)i); }
EACH(bends)

struct moved {
	struct warp w;
	void *dst;
	const void *src; /* order 3: coefficients */
	enum ftype type;
	int order;
	bool reflect;
	const float *point; /* control points of a displacement, or NULL */
};

/* Where a voxel comes from along one axis: the first of the neighbours (-1: from outside), the share of the next one. */
struct tap {
	int64_t lo;
	float share;
};

/* p: the place in the old grid, of n voxels along this axis. */
CELL struct tap tap_at(const struct moved *m, double p, int64_t n)
{
	const double slack = 1e-9, last = (double)(n - 1);
	struct tap t = { -1, 0 };

	if (m->reflect)
		p = (double)mirrored((int64_t)floor(p + 0.5), n);
	if (!(p >= -slack && p <= last + slack))
		return t;
	p = p < 0 ? 0 : p > last ? last : p;
	t.lo = (int64_t)(m->order ? p : p + 0.5);
	t.lo -= m->order && t.lo > 0 && t.lo == n - 1;
	t.share = (float)(p - (double)t.lo);
	return t;
}

CELL void displace(const struct bend *b, const float *point, const double o[3], double p[3])
{
	int64_t first[3];
	float w[3][4], u[3] = { 0, 0, 0 };
	int n[3];

	for (int a = 0; a < 3; a++)
		n[a] = bend_knots(b, a, o[a], &first[a], w[a]);
	for (int k = 0; k < n[0]; k++)
		for (int j = 0; j < n[1]; j++)
			for (int i = 0; i < n[2]; i++) {
				const float *v = point + 3 * (((first[0] + k) * b->points[1] + first[1] + j) * b->points[2] + first[2] + i);
				for (int a = 0; a < 3; a++)
					u[a] += w[0][k] * w[1][j] * w[2][i] * v[a];
			}
	for (int a = 0; a < 3; a++)
		p[a] += (double)u[a];
}

/* The sum over neighbours: one, two or four along each axis. */
CELL float taken(const struct moved *m, int64_t channel, const struct tap t[3])
{
	const int64_t *n = m->w.from;
	const int side = m->order + 1, before = m->order / 2;
	float w[3][4], sum = 0;

	for (int a = 0; a < 3; a++) {
		w[a][0] = m->order ? 1 - t[a].share : 1;
		w[a][1] = t[a].share;
		if (m->order == 3)
			spline_weights(t[a].share, w[a]);
	}
	for (int k = 0; k < side; k++)
		for (int j = 0; j < side; j++) {
			const int64_t row = ((channel * n[0] + mirrored(t[0].lo - before + k, n[0])) * n[1] + mirrored(t[1].lo - before + j, n[1])) * n[2];
			for (int i = 0; i < side; i++)
				sum += w[0][k] * w[1][j] * w[2][i] * load1(m->src, row + mirrored(t[2].lo - before + i, n[2]), m->type);
		}
	return sum;
}

/* Thread i of dst [channels, to]. */
CELL void moved(const struct moved *m, uint32_t i)
{
	const struct warp *w = &m->w;
	const uint32_t row = i / (uint32_t)w->to[2], plane = row / (uint32_t)w->to[1];
	const double o[3] = { (double)(plane % (uint32_t)w->to[0]), (double)(row % (uint32_t)w->to[1]), (double)(i % (uint32_t)w->to[2]) };
	double p[3];
	struct tap t[3];

	for (int a = 0; a < 3; a++)
		p[a] = w->map[a][0] * o[0] + w->map[a][1] * o[1] + w->map[a][2] * o[2] + w->map[a][3];
	if (m->point)
		displace(&w->bend, m->point, o, p);
	for (int a = 0; a < 3; a++)
		t[a] = tap_at(m, p[a], w->from[a]);
	store1(m->dst, i, m->type, t[0].lo < 0 || t[1].lo < 0 || t[2].lo < 0 ? 0 : taken(m, plane / (uint32_t)w->to[0], t));
}
EACH(moved)

void cuda_warp(void *dst, void *src, enum ftype type, int64_t channels, const struct action *a, int order)
{
	const struct warp *w = &a->warp;
	const int64_t points = w->bend.points[0] * w->bend.points[1] * w->bend.points[2];
	float *point = points ? (float *)device_scratch((size_t)(3 * points) * sizeof *point) : NULL;
	const struct moved m = { *w, dst, src, type, order, a->kind == ACTION_SHIFT && w->border == BORDER_REFLECT, point };
	const struct bends b = { w->bend, point };
	int64_t step = 1;

	bends_each(&b, points);
	for (int k = 2; k >= 0 && order == 3; step *= w->from[k--]) {
		const struct lines l = { (float *)src, w->from[k], step };
		lines_each(&l, channels * w->from[0] * w->from[1] * w->from[2] / w->from[k]);
	}
	moved_each(&m, channels * w->to[0] * w->to[1] * w->to[2]);
}

/* --- what a change has to know of its channel: in three steps of fewer threads each --- */

enum { SCANS = 16384, MERGES = 128 };

struct stats {
	float lo, hi;
	double count, sum, square; /* of the values above the threshold, less the origin */
};

struct scan {
	const float *x;
	int64_t n;
	float above;
	struct stats *to;
};

/* Keeps the squares small: no cancellation. */
CELL double origin_of(const float *x, float above) { return x[0] > above ? (double)x[0] : 0; }

CELL void scan(const struct scan *a, uint32_t i)
{
	const double origin = origin_of(a->x, a->above);
	struct stats s = { a->x[0], a->x[0], 0, 0, 0 };

	for (int64_t k = i; k < a->n; k += SCANS) {
		const float x = a->x[k];
		const double d = x > a->above ? (double)x - origin : 0;
		s.lo = x < s.lo ? x : s.lo;
		s.hi = x > s.hi ? x : s.hi;
		s.count += x > a->above;
		s.sum += d;
		s.square += d * d;
	}
	a->to[i] = s;
}
EACH(scan)

CELL struct stats merged(const struct stats *x, uint32_t first, uint32_t step, uint32_t n)
{
	struct stats s = x[first];

	for (uint32_t k = first + step; k < n; k += step) {
		s.lo = x[k].lo < s.lo ? x[k].lo : s.lo;
		s.hi = x[k].hi > s.hi ? x[k].hi : s.hi;
		s.count += x[k].count;
		s.sum += x[k].sum;
		s.square += x[k].square;
	}
	return s;
}

struct merge {
	const struct stats *from;
	struct stats *to;
};

CELL void merge(const struct merge *a, uint32_t i) { a->to[i] = merged(a->from, i, MERGES, SCANS); }
EACH(merge)

/* The numbers of the change of each value. */
struct settled {
	float lo, hi, shift, scale, to;
	struct gamma gamma;
};

struct settle {
	struct action a;
	const float *x;
	const struct stats *from;
	struct settled *to;
};

CELL double given(double v, double own) { return v != v ? own : v; }

CELL void settle(const struct settle *k, uint32_t i)
{
	const struct change *c = &k->a.change;
	const struct stats s = merged(k->from, i, 1, MERGES);
	const double mean = s.count > 0 ? origin_of(k->x, (float)c->above) + s.sum / s.count : 0;
	struct settled *to = k->to;

	to->lo = s.lo;
	to->hi = s.hi;
	to->to = 0;
	if (k->a.kind == ACTION_RANGE) {
		const double v0 = given(c->a, (double)s.lo), v1 = given(c->b, (double)s.hi);
		to->lo = (float)v0;
		to->hi = (float)v1;
		to->shift = (float)(c->on ? v0 : v0 / 2 + v1 / 2);
		to->scale = v1 > v0 ? (float)((c->on ? 1 : 2) / (v1 - v0)) : 0;
	} else if (k->a.kind == ACTION_GAMMA) {
		to->gamma = gamma_of(s.lo, s.hi, (float)c->a, c->on);
	} else if (k->a.kind == ACTION_NORMALIZE) {
		const double variance = s.count > 0 ? (s.square - s.sum * s.sum / s.count) / s.count : 1;
		const double std = s.count > 0 ? sqrt(variance < 0 ? 0 : variance) + 1e-5 : 1;
		to->shift = (float)given(c->a, mean);
		to->scale = (float)(1 / given(c->b, std));
	} else if (k->a.kind == ACTION_SCALE) {
		to->shift = (float)given(c->b, mean);
		to->scale = (float)c->a;
		to->to = (float)given(c->to[0], mean);
	}
}
EACH(settle)

struct changed {
	struct action a;
	float *x;
	int64_t n;
	const struct settled *to;
};

/* Number i of n: as fill_normal gives them. */
CELL float normal_at(const struct rng *rng, uint32_t i, int64_t n)
{
	const uint32_t piece = i / NORMAL_PIECE * NORMAL_PIECE, left = (uint32_t)n - piece;
	const uint32_t half = (left < NORMAL_PIECE ? left + left % 2 : (uint32_t)NORMAL_PIECE) / 2, at = piece + (i - piece) % half;
	float a, b;

	normal_pair(rng_word(rng, at), rng_word(rng, at + half), &a, &b);
	return i - piece < half ? a : b;
}

CELL float limited(float x, float lo, float hi)
{
	x = x < lo ? lo : x;
	return x > hi ? hi : x;
}

CELL void changed(const struct changed *k, uint32_t i)
{
	const struct change *c = &k->a.change;
	const struct settled *to = k->to;
	float *x = &k->x[i];

	if (k->a.kind == ACTION_RANGE)
		*x = (limited(*x, to->lo, to->hi) - to->shift) * to->scale;
	else if (k->a.kind == ACTION_GAMMA)
		*x = to->lo < to->hi ? gamma_value(*x, &to->gamma) : *x;
	else if (k->a.kind == ACTION_NOISE)
		*x = limited(*x + (float)c->a * normal_at(&c->rng, i, k->n), c->on ? to->lo : -INFINITY, c->on ? to->hi : INFINITY);
	else if (k->a.kind == ACTION_CLIP)
		*x = *x < (float)c->a ? (float)c->to[0] : *x > (float)c->b ? (float)c->to[1] : *x;
	else if (k->a.kind == ACTION_SCALE)
		*x = limited((*x - to->shift) * to->scale + to->to, c->on ? to->lo : -INFINITY, c->on ? to->hi : INFINITY);
	else
		*x = c->on && !(*x > (float)c->above) ? normal_at(&c->rng, i, k->n) : (*x - to->shift) * to->scale;
}
EACH(changed)

/* --- a blur: from one array to another and back, axis by axis --- */

struct blurred {
	const float *from;
	float *to;
	int64_t n, step; /* of the axis */
	double sigma;    /* 0: a copy */
};

/* i in 0..n-1 with the edges repeated, back and forth as often as needed. */
CELL int64_t repeated(int64_t i, int64_t n)
{
	const int64_t m = (i % (2 * n) + 2 * n) % (2 * n);
	return m < n ? m : 2 * n - 1 - m;
}

CELL void blurred(const struct blurred *k, uint32_t i)
{
	const int64_t at = i / k->step % k->n, radius = (int64_t)(4 * k->sigma + 0.5);
	const float *line = k->from + i - at * k->step;
	double sum = (double)k->from[i], weights = 1;

	for (int64_t d = 1; d <= radius; d++) {
		const double w = exp(-0.5 * (double)(d * d) / (k->sigma * k->sigma));
		sum += w * ((double)line[repeated(at - d, k->n) * k->step] + (double)line[repeated(at + d, k->n) * k->step]);
		weights += 2 * w;
	}
	k->to[i] = (float)(sum / weights);
}
EACH(blurred)

static void blur(float *x, int64_t n, const struct change *c)
{
	float *y = (float *)device_scratch((size_t)n * sizeof *y);
	int64_t step = 1;

	for (int a = 2; a >= -1; step *= a < 0 ? 1 : c->size[a], a--) { /* the fourth brings it back to x */
		const bool there = a == 2 || a == 0;
		const struct blurred k = { there ? x : y, there ? y : x, a < 0 ? 1 : c->size[a], step, a >= 0 && c->axis[a] ? c->a : 0 };
		blurred_each(&k, n);
	}
}

void cuda_change(float *x, int64_t n, const struct action *a)
{
	if (a->kind == ACTION_BLUR) {
		blur(x, n, &a->change);
		return;
	}
	struct stats *stats = (struct stats *)device_scratch((SCANS + MERGES) * sizeof *stats + sizeof(struct settled));
	struct settled *to = (struct settled *)(stats + SCANS + MERGES);
	const struct scan scans = { x, n, a->kind == ACTION_NORMALIZE ? (float)a->change.above : -INFINITY, stats };
	const struct merge merges = { stats, stats + SCANS };
	const struct settle settles = { *a, x, stats + SCANS, to };
	const struct changed all = { *a, x, n, to };

	scan_each(&scans, SCANS);
	merge_each(&merges, MERGES);
	settle_each(&settles, 1);
	changed_each(&all, n);
}

struct rows {
	void *y;
	const void *x;
	enum ftype type;
	uint32_t c, slices, plane;
};

CELL void rows(const struct rows *a, uint32_t i)
{
	const uint32_t p = i % a->plane, c = i / a->plane % a->c, row = i / a->plane / a->c, s = row % a->slices, n = row / a->slices;

	store1(a->y, i, a->type, load1(a->x, ((int64_t)(n * a->c + c) * a->slices + s) * a->plane + p, a->type));
}
EACH(rows)

void cuda_rows(void *y, const void *x, enum ftype type, int64_t n, int64_t c, int64_t slices, int64_t plane)
{
	const struct rows a = { y, x, type, (uint32_t)c, (uint32_t)slices, (uint32_t)plane };

	rows_each(&a, n * c * slices * plane);
}
