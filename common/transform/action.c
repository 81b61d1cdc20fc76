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

void draw_zoom(struct actions *a, const int64_t to[3])
{
	if (same(a->size, to))
		return;
	struct warp *w = draw_warp(a, ACTION_ZOOM, to);

	for (int i = 0; i < 3; i++) {
		w->map[i][i] = w->from[i] > 1 && to[i] > 1 ? (double)(w->from[i] - 1) / (double)(to[i] - 1) : (double)w->from[i] / (double)to[i];
		w->own[i] = (double)to[i];
	}
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

int action_apply(const struct action *a, struct record *r, struct err *e)
{
	if (action_warps(a))
		return grid_warp(r, a, e);
	const struct tensor *image = record_peek(r, "image");
	const int64_t n = tensor_count(image) / image->dim[0];

	return change(a, (float *)image->data + a->change.channel * n, n, e);
}
