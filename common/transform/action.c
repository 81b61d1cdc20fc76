/* action.c: see action.h. */
#include "transform/action.h"

#include "tensor/normal.h"
#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform/channels.h"
#include "transform/grid.h"

#include <stdlib.h>

int actions_grid(struct actions *a, const struct record *r, int64_t size[3], struct err *e)
{
	if (!a->known && grid_of(r, a->size, e))
		return -1;
	a->known = true;
	memcpy(size, a->size, sizeof a->size);
	return 0;
}

static struct action *add(struct actions *a, enum action_kind kind)
{
	if (a->n == a->cap)
		a->v = xresize(a->v, (size_t)(a->cap = 2 * a->cap + 4), sizeof *a->v);
	a->v[a->n] = (struct action){ .kind = kind };
	return &a->v[a->n++];
}

struct change *draw_change(struct actions *a, enum action_kind kind, int64_t channel)
{
	struct change *c = &add(a, kind)->change;

	*c = (struct change){ .channel = channel, .a = NAN, .b = NAN, .above = -INFINITY, .to = { NAN, NAN } };
	return c;
}

struct warp *draw_warp(struct actions *a, enum action_kind kind, const int64_t to[3])
{
	struct warp *w = &add(a, kind)->warp;

	memcpy(w->from, a->size, sizeof w->from);
	memcpy(w->to, to, sizeof w->to);
	memcpy(a->size, to, sizeof a->size);
	for (int i = 0; i < 3; i++)
		w->map[i][i] = 1;
	return w;
}

static bool same(const int64_t a[3], const int64_t b[3]) { return !memcmp(a, b, 3 * sizeof *a); }

void draw_shift(struct actions *a, const int64_t to[3], const int64_t start[3], enum border border)
{
	if (same(a->size, to))
		return;
	struct warp *w = draw_warp(a, ACTION_SHIFT, to);

	w->border = border;
	for (int i = 0; i < 3; i++) {
		w->map[i][3] = w->own[3 + i] = (double)start[i];
		w->own[i] = (double)to[i];
	}
}

void draw_flip(struct actions *a, const bool axes[3])
{
	if (!axes[0] && !axes[1] && !axes[2])
		return;
	struct warp *w = draw_warp(a, ACTION_FLIP, a->size);

	for (int i = 0; i < 3; i++) {
		w->own[i] = axes[i];
		w->map[i][i] = axes[i] ? -1 : 1;
		w->map[i][3] = axes[i] ? (double)(w->from[i] - 1) : 0;
	}
}

void draw_swap(struct actions *a, int one, int other)
{
	const int axis[2] = { one < other ? one : other, one < other ? other : one };
	int64_t to[3];

	memcpy(to, a->size, sizeof to);
	to[one] = a->size[other];
	to[other] = a->size[one];
	struct warp *w = draw_warp(a, ACTION_SWAP, to);

	for (int i = 0; i < 2; i++) {
		w->own[i] = axis[i];
		w->map[axis[i]][axis[i]] = 0;
		w->map[axis[i]][axis[1 - i]] = 1;
	}
}

void draw_zoom(struct actions *a, const int64_t to[3], bool cubic)
{
	if (same(a->size, to))
		return;
	struct warp *w = draw_warp(a, ACTION_ZOOM, to);

	w->cubic = cubic;
	for (int i = 0; i < 3; i++) {
		w->map[i][i] = w->from[i] > 1 && to[i] > 1 ? (double)(w->from[i] - 1) / (double)(to[i] - 1) : (double)w->from[i] / (double)to[i];
		w->own[i] = (double)to[i];
	}
}

void affine_map(double map[3][4], const int64_t size[3], const double matrix[3][3], const double moved[3])
{
	for (int i = 0; i < 3; i++) {
		map[i][3] = (double)(size[i] - 1) / 2 - moved[i];
		for (int k = 0; k < 3; k++) {
			map[i][k] = matrix[i][k];
			map[i][3] -= matrix[i][k] * (double)(size[k] - 1) / 2;
		}
	}
}

void draw_affine(struct actions *a, const double matrix[3][3], const double moved[3], bool cubic)
{
	struct warp *w = draw_warp(a, ACTION_AFFINE, a->size);

	w->cubic = cubic;
	affine_map(w->map, a->size, matrix, moved);
	memcpy(w->own, w->map, sizeof w->map);
}

/* --- several as one --- */

static bool bends(const struct warp *w) { return w->bend.points[0] > 0; }

/* Every voxel that it asks for lies in the grid that it starts from. */
static bool stays_inside(const struct action *b)
{
	const double *own = b->warp.own;
	bool inside = b->kind < ACTION_AFFINE;

	for (int i = 0; i < 3 && b->kind == ACTION_SHIFT; i++)
		inside &= own[3 + i] >= 0 && own[3 + i] + own[i] <= (double)b->warp.from[i];
	return inside;
}

/* Each axis by itself, so that control points of a displacement stay in line. */
static bool straight(const struct action *b) { return b->kind <= ACTION_ZOOM && b->kind != ACTION_SWAP; }

/* New place to that before both. */
static void map_after(double map[3][4], const double next[3][4])
{
	double was[3][4];

	memcpy(was, map, sizeof was);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 4; j++) {
			map[i][j] = j == 3 ? was[i][3] : 0;
			for (int k = 0; k < 3; k++)
				map[i][j] += was[i][k] * next[k][j];
		}
}

/* Turned by right angles: mirrored where it is exchanged. */
static bool turn(struct action *a, const struct action *b)
{
	if (a->kind != ACTION_SWAP || b->kind != ACTION_FLIP)
		return false;
	map_after(a->warp.map, b->warp.map);
	for (int i = 0; i < 3; i++)
		a->warp.own[2 + i] = a->warp.own[2 + i] != b->warp.own[i];
	return true;
}

static bool join(struct action *a, const struct action *b)
{
	struct warp *w = &a->warp;
	const struct warp *next = &b->warp;
	const struct warp was = *w;

	if (!action_blends(a) || !action_warps(b) || (bends(w) && !straight(b)) || (!stays_inside(b) && (w->cut || b->kind == ACTION_SHIFT)))
		return false;
	if (bends(next))
		w->bend = next->bend;
	map_after(w->map, next->map);
	for (int i = 0; i < 3; i++) {
		if (bends(&was)) {
			w->bend.start[i] += w->bend.rate[i] * next->map[i][3];
			w->bend.rate[i] *= next->map[i][i];
		}
		for (int j = 0; j < 3 && bends(next); j++) {
			w->bend.most[i][j] = 0;
			for (int k = 0; k < 3; k++)
				w->bend.most[i][j] += was.map[i][k] * next->bend.most[k][j];
		}
	}
	memcpy(w->to, next->to, sizeof w->to);
	w->cubic |= next->cubic;
	w->cut |= b->kind == ACTION_SHIFT;
	a->kind = ACTION_AFFINE;
	return true;
}

void actions_join(struct actions *a)
{
	int n = 0;

	for (int i = 0; i < a->n; i++) {
		struct action *b = &a->v[i];

		for (int k = 0; k < 3 && b->kind == ACTION_ZOOM; k++)
			if (b->warp.from[k] == 1)
				b->warp.map[k][k] = 0; /* the only voxel is repeated */
		if (!n || !(turn(&a->v[n - 1], b) || join(&a->v[n - 1], b)))
			a->v[n++] = *b;
	}
	a->n = n;
}

/* As they are used: x += scale noise; or x = noise where it is not above. */
static void add_noise(float *x, int64_t n, float scale, struct rng rng)
{
	float noise[NORMAL_PIECE];

	for (int64_t at = 0; at < n; at += NORMAL_PIECE) {
		const int64_t part = n - at < NORMAL_PIECE ? n - at : NORMAL_PIECE;

		fill_normal(noise, part, &rng);
		for (int64_t i = 0; i < part; i++)
			x[at + i] += scale * noise[i];
	}
}

static void shift_scale_above(float *x, int64_t n, float above, float shift, float scale, struct rng rng)
{
	float noise[NORMAL_PIECE];

	for (int64_t at = 0; at < n; at += NORMAL_PIECE) {
		const int64_t part = n - at < NORMAL_PIECE ? n - at : NORMAL_PIECE;

		fill_normal(noise, part, &rng);
		for (int64_t i = 0; i < part; i++)
			x[at + i] = x[at + i] > above ? (x[at + i] - shift) * scale : noise[i];
	}
}

static int normalize(const struct change *c, float *x, int64_t n, struct err *e)
{
	double mean, std;
	const int64_t counted = moments(x, n, (float)c->above, &mean, &std);

	if (finite_moments(mean, std, e))
		return -1;
	mean = isnan(c->a) ? mean : c->a;
	std = !isnan(c->b) ? c->b : counted ? std + 1e-5 : std;
	if (c->on)
		shift_scale_above(x, n, (float)c->above, (float)mean, (float)(1 / std), c->rng);
	else
		shift_scale(x, n, (float)mean, (float)(1 / std));
	return 0;
}

static int scale(const struct change *c, float *x, int64_t n, struct err *e)
{
	double mean = 0, std = 0;
	float lo = -INFINITY, hi = INFINITY;

	if (isnan(c->b) || isnan(c->to[0]))
		moments(x, n, -INFINITY, &mean, &std);
	if (finite_moments(mean, std, e))
		return -1;
	if (c->on)
		extent(x, n, &lo, &hi);
	const float from = (float)(isnan(c->b) ? mean : c->b), times = (float)c->a, to = (float)(isnan(c->to[0]) ? mean : c->to[0]);
	for (int64_t i = 0; i < n; i++) {
		const float v = (x[i] - from) * times + to, least = v < lo ? lo : v;
		x[i] = least > hi ? hi : least;
	}
	return 0;
}

static void clip(const struct change *c, float *x, int64_t n)
{
	const float lo = (float)c->a, hi = (float)c->b, low = (float)c->to[0], high = (float)c->to[1];

	if (low == lo && high == hi) {
		limit(x, n, lo, hi);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		x[i] = x[i] < lo ? low : x[i] > hi ? high : x[i];
}

static void blur(const struct change *c, float *x)
{
	double sigma[3];

	for (int a = 0; a < 3; a++)
		sigma[a] = c->axis[a] ? c->a : 0;
	gaussian(x, c->size, sigma);
}

/* What looks at the channel's range. */
static void change_range(enum action_kind kind, const struct change *c, float *x, int64_t n)
{
	float lo, hi;

	extent(x, n, &lo, &hi);
	if (kind == ACTION_RANGE) {
		const double v0 = isnan(c->a) ? (double)lo : c->a, v1 = isnan(c->b) ? (double)hi : c->b;

		limit(x, n, (float)v0, (float)v1);
		shift_scale(x, n, (float)(c->on ? v0 : v0 / 2 + v1 / 2), v1 > v0 ? (float)((c->on ? 1 : 2) / (v1 - v0)) : 0); /* of one value: 0 */
	} else if (kind == ACTION_GAMMA && lo < hi) {
		gamma_curve(x, n, lo, hi, (float)c->a, c->on);
	} else if (kind == ACTION_NOISE) {
		add_noise(x, n, (float)c->a, c->rng);
		if (c->on)
			limit(x, n, lo, hi);
	}
}

static int change(const struct action *a, float *x, int64_t n, struct err *e)
{
	switch (a->kind) {
	case ACTION_NORMALIZE: return normalize(&a->change, x, n, e);
	case ACTION_SCALE: return scale(&a->change, x, n, e);
	case ACTION_CLIP: clip(&a->change, x, n); return 0;
	case ACTION_BLUR: blur(&a->change, x); return 0;
	default: change_range(a->kind, &a->change, x, n); return 0;
	}
}

static int apply(const struct action *a, struct record *r, struct err *e)
{
	if (action_warps(a))
		return grid_warp(r, a, false, e);
	const struct tensor *image = image_float(r, e);
	const int64_t n = image ? tensor_count(image) / image->dim[0] : 0;

	return !image || change(a, (float *)image->data + a->change.channel * n, n, e);
}

int actions_apply(struct actions *a, struct record *r, struct err *e)
{
	actions_join(a);
	for (int i = 0; i < a->n; i++)
		if (apply(&a->v[i], r, e))
			return err_prefix(e, "%s", a->v[i].by);
	const bool numbers = a->numbers;

	a->n = 0;
	a->known = a->numbers = false;
	return numbers && !image_float(r, e) ? -1 : 0;
}
