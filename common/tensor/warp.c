/* warp.c: see warp.h. Where the voxels of a row come from is found once for all channels. */
#include "tensor/warp.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where a voxel comes from: the place in the source, or in its coefficients, of the lower corner; -1: outside. */
struct source {
	int64_t at;
	float share[3]; /* of the upper one */
};

/* What is read. */
struct grid {
	int64_t size[3], stride[3];
	int order;
};

/* Rounding must not push the outermost voxels of a right angle out of the image. */
static inline bool inside(double *x, int64_t n)
{
	const double slack = 1e-9, last = (double)(n - 1);

	if (!(*x >= -slack && *x <= last + slack))
		return false;
	*x = *x < 0 ? 0 : *x > last ? last : *x;
	return true;
}

static inline struct source find(double p[3], const struct grid *g)
{
	struct source s = { .at = -1 };
	int64_t at = 0;

	for (int a = 0; a < 3; a++) {
		if (!inside(&p[a], g->size[a]))
			return s;
		int64_t lo = (int64_t)(g->order ? p[a] : p[a] + 0.5);

		lo -= g->order && lo > 0 && lo == g->size[a] - 1; /* there is an upper one, even at the end */
		s.share[a] = (float)(p[a] - (double)lo);
		at += lo * g->stride[a];
	}
	s.at = at;
	return s;
}

/* --- displacements: along a row they are a spline of few coefficients --- */

struct bending {
	const struct bend *b;
	float (*point)[3], (*row)[3]; /* control points of the grid, and of the row */
	struct along {
		int64_t first;
		int n;
		float weight[4];
	} *x; /* of each voxel of a row */
};

static struct bending bending_open(const struct bend *b, int64_t width)
{
	const int64_t n = b->points[0] * b->points[1] * b->points[2];
	struct bending g = { b, xcalloc((size_t)(n + b->points[2]), sizeof *g.point), NULL, xcalloc((size_t)width, sizeof *g.x) };

	g.row = g.point + n;
	for (int64_t i = 0; i < n; i++)
		bend_point(b, (uint32_t)i, g.point[i]);
	for (int64_t x = 0; n && x < width; x++)
		g.x[x].n = bend_knots(b, 2, (double)x, &g.x[x].first, g.x[x].weight);
	return g;
}

static void bending_row(const struct bending *g, double z, double y)
{
	const int64_t *n = g->b->points;
	float wz[4], wy[4];
	int64_t iz, iy;
	const int nz = bend_knots(g->b, 0, z, &iz, wz), ny = bend_knots(g->b, 1, y, &iy, wy);

	memset(g->row, 0, (size_t)n[2] * sizeof *g->row);
	for (int k = 0; k < nz; k++)
		for (int j = 0; j < ny; j++)
			for (int64_t i = 0; i < n[2]; i++)
				for (int a = 0; a < 3; a++)
					g->row[i][a] += wz[k] * wy[j] * g->point[((iz + k) * n[1] + iy + j) * n[2] + i][a];
}

static inline void bending_add(const struct bending *g, int64_t x, double p[3])
{
	const struct along *l = &g->x[x];
	float u[3] = { 0 };

	for (int i = 0; i < l->n; i++)
		for (int a = 0; a < 3; a++)
			u[a] += l->weight[i] * g->row[l->first + i][a];
	for (int a = 0; a < 3; a++)
		p[a] += (double)u[a];
}

/* --- values --- */

#define PICK(T) \
	static void pick_##T(T *dst, const T *src, const struct source *s, int64_t n) \
	{ \
		for (int64_t i = 0; i < n; i++) \
			dst[i] = s[i].at < 0 ? 0 : src[s[i].at]; \
	}
PICK(uint8_t)
PICK(uint16_t)
PICK(uint32_t)
PICK(uint64_t)

static void pick(void *dst, const void *src, const struct source *s, int64_t n, size_t bytes)
{
	switch (bytes) {
	case 1: pick_uint8_t(dst, src, s, n); break;
	case 2: pick_uint16_t(dst, src, s, n); break;
	case 4: pick_uint32_t(dst, src, s, n); break;
	default: pick_uint64_t(dst, src, s, n); break;
	}
}

static inline float mixed(float a, float b, float share) { return (1 - share) * a + share * b; }

static inline float bilinear(const float *p, const struct source *s, int64_t step_y, int64_t step_x)
{
	return mixed(mixed(p[0], p[step_x], s->share[2]), mixed(p[step_y], p[step_y + step_x], s->share[2]), s->share[1]);
}

/* flat: in a slice. */
static void linear(float *dst, const float *src, const struct source *s, int64_t n, const struct grid *g, bool flat)
{
	int64_t step[3];

	for (int a = 0; a < 3; a++)
		step[a] = g->size[a] > 1 ? g->stride[a] : 0;
	for (int64_t i = 0; i < n; i++) {
		const float *p = src + s[i].at;

		if (s[i].at < 0)
			dst[i] = 0;
		else if (flat)
			dst[i] = bilinear(p, &s[i], step[1], step[2]);
		else
			dst[i] = mixed(bilinear(p, &s[i], step[1], step[2]), bilinear(p + step[0], &s[i], step[1], step[2]), s[i].share[0]);
	}
}

/* Cubic splines take one neighbour more in front of an axis, and two behind. */
enum { FRONT = 1, AROUND = 3 };

static void cubic(float *dst, const float *src, const struct source *s, int64_t n, const struct grid *g, bool flat)
{
	for (int64_t i = 0; i < n; i++) {
		float w[3][4], sum[4] = { 0 };

		dst[i] = 0;
		if (s[i].at < 0)
			continue;
		for (int a = 0; a < 3; a++)
			spline_weights(s[i].share[a], w[a]);
		w[0][FRONT] = flat ? 1 : w[0][FRONT];
		for (int k = flat ? FRONT : 0; k < (flat ? FRONT + 1 : 4); k++)
			for (int j = 0; j < 4; j++) {
				const float *p = src + s[i].at + k * g->stride[0] + j * g->stride[1], share = w[0][k] * w[1][j];

				for (int x = 0; x < 4; x++)
					sum[x] += share * p[x];
			}
		for (int x = 0; x < 4; x++)
			dst[i] += w[2][x] * sum[x];
	}
}

/* The coefficients of a channel with what a voxel at its edges needs around it. */
static void coefficients(float *c, const float *src, const int64_t n[3], bool flat)
{
	const int64_t to[3] = { n[0] + AROUND, n[1] + AROUND, n[2] + AROUND }, start[3] = { -FRONT, -FRONT, -FRONT };
	const int64_t plane = n[1] * n[2];
	float *x = xmalloc((size_t)(n[0] * plane) * sizeof *x);

	memcpy(x, src, (size_t)(n[0] * plane) * sizeof *x);
	spline_line(x, flat ? 1 : n[0], plane, plane);
	for (int64_t z = 0; z < n[0]; z++)
		spline_line(x + z * plane, n[1], n[2], n[2]);
	for (int64_t i = 0; i < n[0] * n[1]; i++)
		spline_line(x + i * n[2], n[2], 1, 1);
	crop_pad(c, to, x, n, start, 1, PM_F32, BORDER_REFLECT);
	free(x);
}

/* Where the voxels of a row come from. */
static void find_row(struct source *s, const struct warp *w, const struct bending *bend, int64_t z, int64_t y, const struct grid *g)
{
	const bool bent = bend->b->points[0] > 0;
	double at[3];

	for (int a = 0; a < 3; a++)
		at[a] = w->map[a][0] * (double)z + w->map[a][1] * (double)y + w->map[a][3];
	if (bent)
		bending_row(bend, (double)z, (double)y);
	for (int64_t x = 0; x < w->to[2]; x++) {
		double p[3];

		for (int a = 0; a < 3; a++)
			p[a] = at[a] + w->map[a][2] * (double)x;
		if (bent)
			bending_add(bend, x, p);
		s[x] = find(p, g);
	}
}

/* Whether slices stay slices and all are changed alike: then what is found for one of them serves all. first: where slice 0 comes from. */
static bool in_planes(const struct warp *w, int64_t *first)
{
	const double k = w->map[0][3], *z = w->map[0], *most = w->bend.most[0];
	const bool flat = z[0] == 1 && z[1] == 0 && z[2] == 0 && w->map[1][0] == 0 && w->map[2][0] == 0 && w->bend.points[0] < 2 &&
		most[0] == 0 && most[1] == 0 && most[2] == 0 && k == floor(k) && k >= 0 && k + (double)w->to[0] <= (double)w->from[0];

	*first = flat ? (int64_t)k : 0;
	return flat;
}

void warp(void *dst, const void *src, const struct warp *w, int64_t channels, enum dtype t, int order)
{
	const int64_t *n = w->from, *to = w->to, more = order == 3 ? AROUND : 0, voxels = to[0] * to[1] * to[2];
	const struct grid g = { { n[0], n[1], n[2] }, { (n[1] + more) * (n[2] + more), n[2] + more, 1 }, order };
	const int64_t held = (n[0] + more) * g.stride[0];
	const size_t bytes = dtype_size(t);
	struct bending bend = bending_open(&w->bend, to[2]);
	struct source *row = xcalloc((size_t)to[2], sizeof *row);
	float *spline = NULL;
	int64_t first;
	const bool flat = in_planes(w, &first);

	assert(order == 0 || ((order == 1 || order == 3) && t == PM_F32));
	if (order == 3) {
		spline = xmalloc((size_t)(channels * held) * sizeof *spline);
		for (int64_t c = 0; c < channels; c++)
			coefficients(spline + c * held, (const float *)src + c * n[0] * n[1] * n[2], n, flat);
		src = spline;
	}
	for (int64_t i = 0; i < to[0] * to[1]; i++) {
		const int64_t z = flat ? i % to[0] : i / to[1], y = flat ? i / to[0] : i % to[1], slice = flat ? first + z : 0;

		if (!flat || z == 0)
			find_row(row, w, &bend, z - slice, y, &g);
		for (int64_t c = 0; c < channels; c++) {
			char *out = (char *)dst + (size_t)(c * voxels + (z * to[1] + y) * to[2]) * bytes;
			const char *in = (const char *)src + (size_t)(c * held + slice * g.stride[0]) * bytes;

			if (order == 0)
				pick(out, in, row, to[2], bytes);
			else if (order == 1)
				linear((float *)out, (const float *)in, row, to[2], &g, flat);
			else
				cubic((float *)out, (const float *)in, row, to[2], &g, flat);
		}
	}
	free(spline);
	free(row);
	free(bend.x);
	free(bend.point);
}
