#include "overlay.h"
#include "tensor/spatial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 256, SAMPLES = 1 << 20 };

/* Easy to tell apart, also for most colour-blind people (Okabe and Ito, 2008), brightened for a black ground. */
static const unsigned char colour[][3] = {
	{ 230, 75, 53 }, { 86, 180, 233 }, { 240, 228, 66 }, { 0, 190, 130 }, { 204, 121, 167 }, { 255, 159, 0 }, { 60, 110, 230 },
	{ 180, 240, 120 },
};

struct picture {
	const struct tensor *image, *fill, *outline;
	int64_t d, h, w;
	int zoom, columns;
	bool flip_x, flip_y;
	double lo, hi;
	int64_t *slice, slices;
};

static void grey_window(struct picture *p)
{
	int64_t n = p->d * p->h * p->w, step = n / SAMPLES + 1, k = 0;
	float *x = xmalloc((size_t)(n / step + 1) * sizeof(*x));
	for (int64_t i = 0; i < n; i += step) {
		float v = (float)tensor_at(p->image, i);
		if (isfinite(v))
			x[k++] = v;
	}
	p->lo = k ? percentile(x, k, 1) : 0;
	p->hi = k ? percentile(x, k, 99) : 1;
	if (!(p->hi > p->lo))
		p->hi = p->lo + 1;
	free(x);
}

static bool holds(const struct tensor *t, int64_t at, int64_t n)
{
	for (int64_t i = 0; t && i < n; i++)
		if (tensor_at(t, at + i) > 0)
			return true;
	return false;
}

static void choose_slices(struct picture *p, int most)
{
	int64_t first = 0, last = p->d - 1, plane = p->h * p->w;
	while (first < p->d && !holds(p->fill, first * plane, plane) && !holds(p->outline, first * plane, plane))
		first++;
	if (first == p->d)
		first = 0;
	else
		while (last > first && !holds(p->fill, last * plane, plane) && !holds(p->outline, last * plane, plane))
			last--;
	int64_t n = last - first + 1;
	p->slices = n < most ? n : most;
	p->slice = xcalloc((size_t)p->slices, sizeof(*p->slice));
	for (int64_t i = 0; i < p->slices; i++)
		p->slice[i] = first + (2 * i + 1) * n / (2 * p->slices);
}

static int64_t label_at(const struct tensor *t, const struct picture *p, int64_t z, int64_t y, int64_t x)
{
	return (int64_t)tensor_at(t, (z * p->h + y) * p->w + x);
}

/* Whether a pixel of the zoomed picture lies at the border of its structure: the next pixel belongs to another one. */
static bool at_border(const struct tensor *t, const struct picture *p, int64_t z, int64_t py, int64_t px)
{
	int64_t here = label_at(t, p, z, py / p->zoom, px / p->zoom);
	for (int i = 0; i < 4; i++) {
		int64_t y = py + (i == 0) - (i == 1), x = px + (i == 2) - (i == 3);
		if (y < 0 || x < 0 || y >= p->h * p->zoom || x >= p->w * p->zoom ||
			label_at(t, p, z, y / p->zoom, x / p->zoom) != here)
			return true;
	}
	return false;
}

static void blend(double rgb[3], int64_t label, double share)
{
	const unsigned char *c = colour[(label - 1) % (int64_t)PM_COUNT(colour)];
	for (int k = 0; k < 3; k++)
		rgb[k] = (1 - share) * rgb[k] + share * c[k];
}

static void draw_pixel(const struct picture *p, int64_t z, int64_t py, int64_t px, double rgb[3])
{
	int64_t y = py / p->zoom, x = px / p->zoom;
	double grey = (tensor_at(p->image, (z * p->h + y) * p->w + x) - p->lo) / (p->hi - p->lo);
	rgb[0] = rgb[1] = rgb[2] = 255 * (grey > 0 ? grey < 1 ? grey : 1 : 0); /* NaN is black */
	int64_t fill = p->fill ? label_at(p->fill, p, z, y, x) : 0, line = p->outline ? label_at(p->outline, p, z, y, x) : 0;
	if (fill > 0)
		blend(rgb, fill, at_border(p->fill, p, z, py, px) && !p->outline ? 1 : 0.45);
	if (line > 0 && at_border(p->outline, p, z, py, px))
		blend(rgb, line, 1);
}

static void draw_tile(const struct picture *p, int64_t i, struct volume *v)
{
	int64_t th = p->h * p->zoom, tw = p->w * p->zoom, width = v->t.dim[3], plane = v->t.dim[2] * width;
	uint8_t *to = (uint8_t *)v->t.data + i / p->columns * th * width + i % p->columns * tw;
	for (int64_t y = 0; y < th; y++)
		for (int64_t x = 0; x < tw; x++) {
			double rgb[3];
			draw_pixel(p, p->slice[i], p->flip_y ? th - 1 - y : y, p->flip_x ? tw - 1 - x : x, rgb);
			for (int k = 0; k < 3; k++)
				to[k * plane + y * width + x] = (uint8_t)lrint(rgb[k]);
		}
}

void overlay_draw(const struct tensor *image, const struct tensor *fill, const struct tensor *outline,
	const struct geometry *g, int slices, struct volume *v)
{
	struct picture p = { .image = image, .fill = fill, .outline = outline, .d = image->dim[1], .h = image->dim[2],
		.w = image->dim[3] };
	bool placed = g->dims == 3 && (g->has_nifti ? g->nifti[1] > 0 || g->nifti[2] > 0 : geometry_placed(g)); /* a qform or sform */
	p.flip_x = placed && g->affine[0] > 0; /* x grows to the patient's right in the file, y to the front */
	p.flip_y = placed && g->affine[5] > 0;
	int64_t side = p.h > p.w ? p.h : p.w;
	p.zoom = side < TILE ? (int)((TILE + side - 1) / side) : 1;
	grey_window(&p);
	choose_slices(&p, slices);
	p.columns = 1;
	while ((int64_t)p.columns * p.columns * 3 * p.w < 4 * p.slices * p.h && p.columns < p.slices)
		p.columns++; /* about 4:3 */
	int64_t rows = (p.slices + p.columns - 1) / p.columns;
	struct err e;
	const int64_t dim[4] = { 3, 1, rows * p.h * p.zoom, p.columns * p.w * p.zoom };
	if (volume_reserve(v, "overlay", PM_U8, dim, (int64_t)1 << 32, &e) != 0)
		die(PM_FAIL, "%s; choose fewer --slices", e.msg);
	memset(v->t.data, 0, (size_t)tensor_count(&v->t));
	v->geo = *g;
	v->geo.has_nifti = false;
	for (int64_t i = 0; i < p.slices; i++)
		draw_tile(&p, i, v);
	free(p.slice);
}
