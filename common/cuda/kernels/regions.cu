/* regions.cu: extremes, slopes, strips and affinities of neighbouring pixels on plain maps: a thread gathers what lies around its own. */
#include <math.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

/* --- extremes of three --- */

struct extreme {
	real *y;
	const real *x, *dy;
	uint32_t mid, inner;
	float sign; /* -1: the most */
	bool add;
};

CELL void extreme(const struct extreme *a, uint32_t i)
{
	const uint32_t m = i / a->inner % a->mid;
	const float before = a->sign * a->x[m ? i - a->inner : i], here = a->sign * a->x[i];
	const float after = a->sign * a->x[m + 1 < a->mid ? i + a->inner : i];

	a->y[i] = a->sign * fminf(fminf(before, here), after);
}
EACH(extreme)

/* Element i + by * inner, or what is beyond all. */
CELL float neighbour(const struct extreme *a, uint32_t i, int by)
{
	const int64_t m = (int64_t)(i / a->inner % a->mid) + by;
	return m < 0 || m >= a->mid ? INFINITY : a->sign * a->x[(int64_t)i + by * (int64_t)a->inner];
}

/* Which of the three extremes that it can be is it? The first of equals. */
struct blame {
	struct extreme e;
};

CELL void blame(const struct blame *b, uint32_t i)
{
	const struct extreme *e = &b->e;
	const uint32_t m = i / e->inner % e->mid;
	const float x[5] = { neighbour(e, i, -2), neighbour(e, i, -1), neighbour(e, i, 0), neighbour(e, i, 1), neighbour(e, i, 2) };
	float s = 0;

	if (m && x[2] < x[0] && x[2] < x[1])
		s += e->dy[i - e->inner];
	if (x[2] < x[1] && x[2] <= x[3])
		s += e->dy[i];
	if (m + 1 < e->mid && x[2] <= x[3] && x[2] <= x[4])
		s += e->dy[i + e->inner];
	e->y[i] = e->add ? e->y[i] + s : s;
}
EACH(blame)

static void cuda_extreme(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most)
{
	const struct extreme a = { y, x, NULL, (uint32_t)mid, (uint32_t)inner, most ? -1.0f : 1.0f, false };
	extreme_each(&a, outer * mid * inner);
}

static void cuda_extreme_bwd(real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most, bool add)
{
	struct blame b;
	const struct extreme e = { dx, x, dy, (uint32_t)mid, (uint32_t)inner, most ? -1.0f : 1.0f, add };

	b.e = e;
	blame_each(&b, outer * mid * inner);
}

/* --- slopes --- */

struct slope_cell {
	enum slope f;
	real *y;
	const real *x, *dy;
	uint32_t d, h, w;
	bool add;
};

/* Differences of pixel i along d, h, w, 0 beyond the end; within: none was beyond it. */
struct rise {
	float e[3];
	bool within;
};

CELL struct rise rise_at(const struct slope_cell *a, uint32_t i)
{
	const uint32_t size[3] = { a->d, a->h, a->w };
	uint32_t step = 1, rest = i;
	struct rise r;

	r.within = true;
	for (int axis = 2; axis >= 0; axis--) {
		const bool next = rest % size[axis] + 1 < size[axis];
		r.e[axis] = next ? a->x[i + step] - a->x[i] : 0;
		r.within &= next || size[axis] == 1;
		rest /= size[axis];
		step *= size[axis];
	}
	return r;
}

CELL float squares_of(const struct rise *r) { return r->e[0] * r->e[0] + r->e[1] * r->e[1] + r->e[2] * r->e[2]; }

CELL void slope_cell(const struct slope_cell *a, uint32_t i)
{
	const struct rise r = rise_at(a, i);

	if (a->f == SLOPE_ABS)
		a->y[i] = fabsf(r.e[0]) + fabsf(r.e[1]) + fabsf(r.e[2]);
	else if (a->f == SLOPE_SQUARE)
		a->y[i] = squares_of(&r);
	else
		a->y[i] = r.within ? sqrtf(squares_of(&r) + 1e-8f) : 0;
}
EACH(slope_cell)

/* What the slope at a pixel says of its neighbour on an axis; the opposite of it of the pixel itself. */
CELL float flow_of(const struct slope_cell *a, const struct rise *r, float dy, int axis)
{
	if (a->f == SLOPE_ABS)
		return dy * (float)((r->e[axis] > 0) - (r->e[axis] < 0));
	if (a->f == SLOPE_SQUARE)
		return dy * 2 * r->e[axis];
	return r->within ? dy * r->e[axis] / sqrtf(squares_of(r) + 1e-8f) : 0;
}

struct slope_back {
	struct slope_cell a;
};

CELL void slope_back(const struct slope_back *b, uint32_t i)
{
	const struct slope_cell *a = &b->a;
	const uint32_t size[3] = { a->d, a->h, a->w };
	const struct rise own = rise_at(a, i);
	uint32_t step = 1, rest = i;
	float s = 0;

	for (int axis = 2; axis >= 0; axis--) {
		s -= flow_of(a, &own, a->dy[i], axis);
		if (rest % size[axis]) {
			const struct rise before = rise_at(a, i - step);
			s += flow_of(a, &before, a->dy[i - step], axis);
		}
		rest /= size[axis];
		step *= size[axis];
	}
	a->y[i] = a->add ? a->y[i] + s : s;
}
EACH(slope_back)

static void cuda_slope(enum slope f, real *y, const real *x, int64_t count, const int64_t size[3])
{
	const struct slope_cell a = { f, y, x, NULL, (uint32_t)size[0], (uint32_t)size[1], (uint32_t)size[2], false };
	slope_cell_each(&a, count * size[0] * size[1] * size[2]);
}

static void cuda_slope_bwd(enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add)
{
	struct slope_back b;
	const struct slope_cell a = { f, dx, x, dy, (uint32_t)size[0], (uint32_t)size[1], (uint32_t)size[2], add };

	b.a = a;
	slope_back_each(&b, count * size[0] * size[1] * size[2]);
}

/* --- strips --- */

struct strip {
	real *y;
	const real *x, *in;
	uint32_t n, width;
	bool add;
};

/* How many elements of its run come before element i, which is in one. */
CELL uint32_t strip_place(const struct strip *a, uint32_t i)
{
	uint32_t before = 0;

	while (before < i % a->n && a->in[i - before - 1] > 0)
		before++;
	return before;
}

CELL void strip(const struct strip *a, uint32_t i)
{
	float sum = 0;

	if (a->in[i] > 0 && strip_place(a, i) % a->width == 0)
		for (uint32_t k = 0; k < a->width && i % a->n + k < a->n && a->in[i + k] > 0; k++)
			sum += a->x[i + k];
	a->y[i] = sum;
}
EACH(strip)

CELL void strip_back(const struct strip *a, uint32_t i)
{
	const float d = a->in[i] > 0 ? a->x[i - strip_place(a, i) % a->width] : 0;
	a->y[i] = a->add ? a->y[i] + d : d;
}
EACH_OF(strip_back, strip)

static void cuda_strips(real *y, const real *x, const real *in, int64_t rows, int64_t n, int64_t width)
{
	const struct strip a = { y, x, in, (uint32_t)n, (uint32_t)width, false };
	strip_each(&a, rows * n);
}

static void cuda_strips_bwd(real *dx, const real *dy, const real *in, int64_t rows, int64_t n, int64_t width, bool add)
{
	const struct strip a = { dx, dy, in, (uint32_t)n, (uint32_t)width, add };
	strip_back_each(&a, rows * n);
}

/* --- affinities --- */

enum { CLASSES = 4 }; /* of a thread */

struct messages {
	real *m;
	const real *p, *image;
	uint32_t k, channels, groups, d, h, w;
	int radius;
	float contrast, near[2][AFFINITY_RADIUS + 1];
};

/* Thread i: a pixel and a group of classes; neighbouring threads have neighbouring pixels. */
CELL void messages(const struct messages *a, uint32_t i)
{
	const uint32_t plane = a->h * a->w, space = a->d * plane, at = i % space, n = i / space / a->groups, first = i / space % a->groups * CLASSES;
	const int row = (int)(at % plane / a->w), column = (int)(at % a->w), h = (int)a->h, w = (int)a->w;
	const real *image = a->image + (size_t)n * a->channels * space + at, *p = a->p + ((size_t)n * a->k + first) * space + at;
	const uint32_t classes = a->k - first < CLASSES ? a->k - first : CLASSES;
	float sum[CLASSES] = { 0, 0, 0, 0 };

	for (int y = -a->radius; y <= a->radius; y++)
		for (int x = -a->radius; x <= a->radius; x++) {
			const int dy = y < 0 ? -y : y, dx = x < 0 ? -x : x;
			const int64_t to = (int64_t)y * w + x;
			float far = 0;
			if (row + y < 0 || row + y >= h || column + x < 0 || column + x >= w || !(dx + dy))
				continue;
			for (uint32_t c = 0; c < a->channels; c++) {
				const float e = image[(int64_t)c * space + to] - image[(size_t)c * space];
				far += e * e;
			}
			far = a->near[0][dy] * a->near[0][dx] * expf(-a->contrast * far) + a->near[1][dy] * a->near[1][dx];
			for (uint32_t c = 0; c < CLASSES; c++)
				if (c < classes)
					sum[c] += far * p[(int64_t)c * space + to];
		}
	for (uint32_t c = 0; c < CLASSES; c++)
		if (c < classes)
			a->m[((size_t)n * a->k + first + c) * space + at] = sum[c];
}
EACH(messages)

static void cuda_messages(struct fmap *m, const struct fmap *p, const struct fmap *image, const struct affinity *a)
{
	struct messages s;

	s.m = (real *)m->data;
	s.p = (const real *)p->data;
	s.image = (const real *)image->data;
	s.k = (uint32_t)p->c;
	s.channels = (uint32_t)image->c;
	s.groups = (s.k + CLASSES - 1) / CLASSES;
	s.d = (uint32_t)p->d;
	s.h = (uint32_t)p->h;
	s.w = (uint32_t)p->w;
	s.radius = a->radius;
	s.contrast = (float)a->contrast;
	for (int j = 0; j < 2; j++)
		for (int i = 0; i <= AFFINITY_RADIUS; i++)
			s.near[j][i] = (float)a->near[j][i];
	messages_each(&s, p->n * s.groups * fmap_space(p));
}

const struct regions cuda_regions = {
	cuda_extreme, cuda_extreme_bwd, cuda_slope, cuda_slope_bwd, cuda_strips, cuda_strips_bwd, cuda_messages,
};
