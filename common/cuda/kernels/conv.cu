/*
 * conv.cu: the convolutions of the backend. A library's (engine.h) where channels are many on both sides; our own direct
 * ones where they are few on one: the first layer reads plain images, the last writes plain logits, and both are bound by
 * the memory of the other side.
 */
#include <stdlib.h>
#include <string.h>

#include "cuda/engine.h"
#include "cuda/kernels.h"
#include "cuda/kernels/vec.h"

/* What kernels are told of a convolution. */
struct geometry {
	uint32_t ic, oc, taps;       /* physical channels (of plain maps: the channels), taps in all */
	uint32_t cin, cout, split;   /* those of the parameters */
	uint32_t kernel, dims, dilation, size[3];
	bool up;
};

enum { ENGINES = 8 };

struct conv {
	struct conv_shape s;
	struct geometry g;
	uint64_t number; /* no other convolution of this process has it */
	bool direct;
	struct engine *engine[ENGINES]; /* one for each pair of pitches that has come */
	int64_t x_pitch[ENGINES], y_pitch[ENGINES];
	int engines;
	float *gradient; /* of the library's weights, [oc][taps][ic]: its own scratch may move */
	size_t gradient_bytes;
};

static uint32_t padded(int64_t c) { return (uint32_t)((c + PM_LANES - 1) / PM_LANES * PM_LANES); }

CELL uint32_t padded_cell(uint32_t c) { return (c + PM_LANES - 1) / PM_LANES * PM_LANES; }

/* --- parameters as PyTorch orders them, and as kernels want them --- */

/* Which parameter is the weight of (out, in, tap), all physical? -1: none, a zero. */
CELL int64_t parameter_of(const struct geometry *g, uint32_t oc, uint32_t ic, uint32_t tap)
{
	const uint32_t left = g->split ? padded_cell(g->split) : 0, position = g->up ? oc / padded_cell(g->cout) : 0;
	const uint32_t o = g->up ? oc % padded_cell(g->cout) : oc, c = ic < left ? ic : g->split + ic - left;

	if (o >= g->cout || c >= (ic < left ? g->split : g->cin))
		return -1;
	if (g->up)
		return ((int64_t)(c * g->cout + o) << g->dims) + position;
	return (int64_t)(o * g->cin + c) * g->taps + tap;
}

/* The inverse: where weight number i lies. */
struct weight_place {
	uint32_t oc, ic, tap;
};

CELL struct weight_place weight_place(const struct geometry *g, uint32_t i)
{
	struct weight_place p;
	uint32_t c;

	if (g->up) {
		const uint32_t position = i & ((1u << g->dims) - 1), rest = i >> g->dims;
		p.oc = position * padded_cell(g->cout) + rest % g->cout;
		c = rest / g->cout;
		p.tap = 0;
	} else {
		p.tap = i % g->taps;
		c = i / g->taps % g->cin;
		p.oc = i / g->taps / g->cin;
	}
	p.ic = c < g->split || !g->split ? c : padded_cell(g->split) + c - g->split;
	return p;
}

/* Orders of packed weights: the library's, and those of the direct kernels, whose last axis is read as vectors. */
enum order { OC_TAP_IC, TAP_IC_OC, TAP_OC_IC };

CELL size_t packed_at(const struct geometry *g, enum order order, uint32_t oc, uint32_t ic, uint32_t tap)
{
	switch (order) {
	case OC_TAP_IC:
		return ((size_t)oc * g->taps + tap) * g->ic + ic;
	case TAP_IC_OC:
		return ((size_t)tap * g->ic + ic) * padded_cell(g->oc) + oc;
	default:
		return ((size_t)tap * g->oc + oc) * padded_cell(g->ic) + ic;
	}
}

/* Elements of packed weights: the axis read as vectors is padded. */
static size_t packed_count(const struct geometry *g, enum order order)
{
	const size_t oc = order == TAP_IC_OC ? padded(g->oc) : g->oc, ic = order == TAP_OC_IC ? padded(g->ic) : g->ic;
	return oc * ic * g->taps;
}

struct pack_weights {
	struct geometry g;
	enum order order;
	enum ftype type;
	const real *w;
	void *to;
};

CELL void pack_weights(const struct pack_weights *a, uint32_t i)
{
	const struct geometry *g = &a->g;
	const bool by_out = a->order == TAP_IC_OC;
	const uint32_t inner = a->order == OC_TAP_IC ? g->ic : padded_cell(by_out ? g->oc : g->ic);
	const uint32_t first = i % inner, second = i / inner;
	uint32_t oc, ic, tap;

	if (a->order == OC_TAP_IC) {
		ic = first, tap = second % g->taps, oc = second / g->taps;
	} else if (by_out) {
		oc = first, ic = second % g->ic, tap = second / g->ic;
	} else {
		ic = first, oc = second % g->oc, tap = second / g->oc;
	}
	const int64_t from = oc < g->oc && ic < g->ic ? parameter_of(g, oc, ic, tap) : -1;
	store1(a->to, i, a->type, from < 0 ? 0 : a->w[from]);
}
EACH(pack_weights)

/* In f32, and behind that in the type of the maps. */
struct pack_bias {
	const real *b;
	float *to;
	uint32_t cout, count;
	enum ftype type;
};

CELL void pack_bias(const struct pack_bias *a, uint32_t i)
{
	const uint32_t c = i % padded_cell(a->cout);
	const float b = c < a->cout ? a->b[c] : 0;

	a->to[i] = b;
	store1(a->to + a->count, i, a->type, b);
}
EACH(pack_bias)

/* Packed weights in a slot of the pack, the bias [2][padded oc] behind them; packed anew when the parameters have changed. */
static const void *packed(const struct conv *c, const real *w, const real *b, struct pack *p, int slot, uint64_t version, enum order order,
	const float **bias)
{
	const enum ftype type = order == OC_TAP_IC ? c->s.type : F_REAL;
	const size_t weights = (packed_count(&c->g, order) * ftype_size(type) + 15) / 16 * 16, bytes = weights + 2 * padded(c->g.oc) * sizeof(float);

	if (p->bytes[slot] != bytes) {
		if (p->mem[slot])
			device_free(p->mem[slot], p->bytes[slot]);
		p->mem[slot] = device_alloc(bytes);
		p->bytes[slot] = bytes;
		p->owner[slot] = 0;
	}
	float *shift = (float *)((char *)p->mem[slot] + weights);
	if (p->owner[slot] != c->number || p->version[slot] != version) {
		const struct pack_weights a = { c->g, order, type, w, p->mem[slot] };
		pack_weights_each(&a, (int64_t)packed_count(&c->g, order));
		if (b) {
			const struct pack_bias t = { b, shift, c->g.cout, padded(c->g.oc), c->s.type };
			pack_bias_each(&t, padded(c->g.oc));
		}
		p->owner[slot] = c->number;
		p->version[slot] = version;
	}
	*bias = shift;
	return p->mem[slot];
}

/* --- direct convolutions --- */

struct direct {
	struct geometry g;
	struct fmap x, y;  /* what is read, what is written */
	const float *w, *bias;
	uint32_t space, groups, channels; /* groups of eight channels of y; channels of x, physical */
	int sign;               /* of the taps: -1 on the way back */
};

/* The pixel that a tap of pixel q reads, or -1 outside. */
CELL int64_t tap_pixel(const struct geometry *g, uint32_t q, uint32_t tap, int sign)
{
	const int far = (int)g->kernel / 2, d = (int)g->dilation * sign, k = (int)g->kernel, h = (int)g->size[1], w = (int)g->size[2];
	const int z = (int)q / w / h + (g->dims == 3 ? ((int)tap / k / k - far) * d : 0);
	const int y = (int)q / w % h + ((int)tap / k % k - far) * d, x = (int)q % w + ((int)tap % k - far) * d;

	if (z < 0 || z >= (int)g->size[0] || y < 0 || y >= h || x < 0 || x >= w)
		return -1;
	return ((int64_t)z * h + y) * w + x;
}

CELL void multiply_add(struct vec8 *sum, float f, const float *w)
{
	const struct vec8 v = load8(w, 0, F_REAL);
	for (int j = 0; j < VEC; j++)
		sum->x[j] += f * v.x[j];
}

/* Eight channels of a pixel of y: w is [tap][channel of x][channel of y]. */
CELL void direct(const struct direct *a, uint32_t i)
{
	const struct geometry *g = &a->g;
	const bool plain = a->y.lanes == 1;
	const uint32_t q = plain ? i % a->space : i / a->groups % a->space, group = plain ? i / a->space % a->groups : i % a->groups;
	const uint32_t n = i / a->groups / a->space, channels = a->channels, wide = padded_cell(a->groups * VEC);
	struct vec8 s;

	for (int j = 0; j < VEC; j++)
		s.x[j] = 0;
	for (uint32_t tap = 0; tap < g->taps; tap++) {
		const int64_t from = tap_pixel(g, q, tap, a->sign);
		const float *w = a->w + (size_t)tap * channels * wide + group * VEC;
		if (from < 0)
			continue;
		if (a->x.lanes == 1) {
			for (uint32_t c = 0; c < channels; c++, w += wide)
				multiply_add(&s, load1(a->x.data, channel_at(&a->x, n, (uint32_t)from, c), a->x.type), w);
			continue;
		}
		for (uint32_t k = 0; k < channels / VEC; k++) {
			const struct vec8 v = load8(a->x.data, group_at(&a->x, n, (uint32_t)from, k), a->x.type);
			for (int j = 0; j < VEC; j++, w += wide)
				multiply_add(&s, v.x[j], w);
		}
	}
	if (a->bias)
		for (int j = 0; j < VEC; j++)
			s.x[j] += a->bias[group * VEC + j];
	if (!plain)
		store8(a->y.data, group_at(&a->y, n, q, group), a->y.type, s);
	else
		for (uint32_t j = 0; j < VEC && group * VEC + j < a->y.c; j++)
			store1(a->y.data, channel_at(&a->y, n, q, group * VEC + j), a->y.type, s.x[j]);
}
EACH(direct)

static uint32_t groups_any(const struct fmap *f) { return f->lanes == 1 ? (uint32_t)(f->c + VEC - 1) / VEC : groups_of(f); }

static void direct_run(const struct conv *c, const struct fmap *x, const float *w, const float *bias, const struct fmap *y, int sign)
{
	struct direct a;

	a.g = c->g;
	a.x = *x;
	a.y = *y;
	a.w = w;
	a.bias = bias;
	a.space = (uint32_t)fmap_space(y);
	a.groups = groups_any(y);
	a.channels = (uint32_t)(fmap_blocks(x) * x->lanes);
	a.sign = sign;
	direct_each(&a, y->n * a.space * a.groups);
}

/* Sums over all pixels of one number of one side (a tap away) times eight of the other: out is (tap, number, group). */
struct products {
	struct geometry g;
	struct fmap one, eight; /* the side with few channels, the other */
	uint32_t space, pixels, ones, groups;
	int sign; /* of taps: how the pixel of `one` lies to that of `eight` */
};

CELL void products(const struct products *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	const uint32_t group = out % a->groups, c = out / a->groups % a->ones, tap = out / a->groups / a->ones;

	for (uint32_t i = thread; i < a->pixels; i += threads) {
		const uint32_t n = i / a->space, q = i % a->space;
		const int64_t from = tap_pixel(&a->g, q, tap, a->sign);
		if (from < 0)
			continue;
		const float f = load1(a->one.data, channel_at(&a->one, n, (uint32_t)from, c), a->one.type);
		const struct vec8 v = load8(a->eight.data, group_at(&a->eight, n, q, group), a->eight.type);
		for (int j = 0; j < VEC; j++)
			sum[j] += f * v.x[j];
	}
}
FOLD(products, VEC)

/* dw of parameter i += the sum of the parts of what products made of it. */
struct gather {
	struct geometry g;
	const float *partial;
	uint32_t parts, ones, groups;
	bool one_is_in;
	real *dw;
};

CELL void gather(const struct gather *a, uint32_t i)
{
	const struct weight_place p = weight_place(&a->g, i);
	const uint32_t one = a->one_is_in ? p.ic : p.oc, other = a->one_is_in ? p.oc : p.ic;
	const size_t out = ((size_t)p.tap * a->ones + one) * a->groups + other / VEC;
	double s = 0;

	for (uint32_t k = 0; k < a->parts; k++)
		s += (double)a->partial[(out * a->parts + k) * VEC + other % VEC];
	a->dw[i] += (real)s;
}
EACH(gather)

static void direct_weights(const struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, int64_t count)
{
	const bool in = x->lanes == 1;
	struct products p;
	struct gather g;

	p.g = c->g;
	p.one = in ? *x : *dy;
	p.eight = in ? *dy : *x;
	p.space = (uint32_t)fmap_space(x);
	p.pixels = (uint32_t)(x->n * fmap_space(x));
	p.ones = (uint32_t)(fmap_blocks(&p.one) * p.one.lanes);
	p.groups = groups_of(&p.eight);
	p.sign = in ? 1 : -1;
	const uint32_t outs = c->g.taps * p.ones * p.groups;
	g.g = c->g;
	g.parts = fold_parts(p.pixels);
	float *partial = (float *)device_scratch((size_t)outs * g.parts * VEC * sizeof *partial);
	g.partial = partial;
	g.ones = p.ones;
	g.groups = p.groups;
	g.one_is_in = in;
	g.dw = dw;
	products_fold(&p, outs, g.parts, partial);
	gather_each(&g, count);
}

/* --- the gradient of the bias: sums of dy over the pixels --- */

struct pixel_sums {
	struct fmap dy;
	uint32_t space, pixels;
};

CELL void pixel_sums(const struct pixel_sums *a, uint32_t group, uint32_t thread, uint32_t threads, float *sum)
{
	for (uint32_t i = thread; i < a->pixels; i += threads) {
		const uint32_t n = i / a->space, q = i % a->space;
		if (a->dy.lanes == 1) {
			for (uint32_t j = 0; j < VEC && group * VEC + j < a->dy.c; j++)
				sum[j] += load1(a->dy.data, channel_at(&a->dy, n, q, group * VEC + j), a->dy.type);
			continue;
		}
		const struct vec8 v = load8(a->dy.data, group_at(&a->dy, n, q, group), a->dy.type);
		for (int j = 0; j < VEC; j++)
			sum[j] += v.x[j];
	}
}
FOLD(pixel_sums, VEC)

struct bias_back {
	const float *partial;
	uint32_t parts, cout, oc;
	real *db;
};

/* Channel c, over all positions of an up convolution. */
CELL void bias_back(const struct bias_back *a, uint32_t c)
{
	double s = 0;

	for (uint32_t p = c; p < a->oc; p += padded_cell(a->cout))
		for (uint32_t k = 0; k < a->parts; k++)
			s += (double)a->partial[((size_t)(p / VEC) * a->parts + k) * VEC + p % VEC];
	a->db[c] += (real)s;
}
EACH(bias_back)

static void bias_gradient(const struct conv *c, const struct fmap *dy, real *db)
{
	const uint32_t groups = groups_any(dy), parts = fold_parts(dy->n * fmap_space(dy));
	float *partial = (float *)device_scratch((size_t)groups * parts * VEC * sizeof *partial);
	const struct pixel_sums a = { *dy, (uint32_t)fmap_space(dy), (uint32_t)(dy->n * fmap_space(dy)) };
	const struct bias_back b = { partial, parts, c->g.cout, c->g.oc, db };

	pixel_sums_fold(&a, groups, parts, partial);
	bias_back_each(&b, c->g.cout);
}

/* --- what the library leaves to us --- */

struct library_back {
	struct geometry g;
	const float *from; /* [oc][taps][ic] */
	real *dw;
};

CELL void library_back(const struct library_back *a, uint32_t i)
{
	const struct weight_place p = weight_place(&a->g, i);
	a->dw[i] += a->from[packed_at(&a->g, OC_TAP_IC, p.oc, p.ic, p.tap)];
}
EACH(library_back)

struct bias_cell {
	void *y;
	const float *bias;
	enum ftype type;
	uint32_t groups;
	int64_t pitch;
};

CELL void bias_cell(const struct bias_cell *a, uint32_t i)
{
	const int64_t at = (int64_t)(i / a->groups) * a->pitch + i % a->groups * VEC;
	const struct vec8 b = load8(a->bias, i % a->groups * VEC, F_REAL);
	struct vec8 v = load8(a->y, at, a->type);

	for (int j = 0; j < VEC; j++)
		v.x[j] += b.x[j];
	store8(a->y, at, a->type, v);
}
EACH(bias_cell)

void cuda_bias_add(void *y, const float *bias, const struct engine_shape *s)
{
	const struct bias_cell a = { y, bias, s->type, (uint32_t)s->oc / VEC, s->y_pitch };
	bias_cell_each(&a, s->n * s->size[0] * s->size[1] * s->size[2] * a.groups);
}

struct widen {
	float *to;
	const void *from;
};

CELL void widen(const struct widen *a, uint32_t i) { a->to[i] = load1(a->from, i, F_BF16); }
EACH(widen)

void cuda_widen(float *to, const void *bf16, int64_t n)
{
	const struct widen a = { to, bf16 };
	widen_each(&a, n);
}

/* --- the entries --- */

struct conv *cuda_conv_open(const struct conv_shape *s)
{
	static uint64_t opened;
	struct conv *c = (struct conv *)xcalloc(1, sizeof *c);
	const uint32_t taps = (uint32_t)s->kernel;

	c->s = *s;
	c->number = ++opened;
	c->direct = s->in_lanes == 1 || s->out_lanes == 1 || s->out_type != s->type;
	c->g.cin = (uint32_t)s->cin;
	c->g.cout = (uint32_t)s->cout;
	c->g.split = (uint32_t)s->split;
	c->g.taps = s->dims == 3 ? taps * taps * taps : taps * taps;
	c->g.ic = s->in_lanes == 1 ? c->g.cin : s->split ? padded(s->split) + padded(s->cin - s->split) : padded(s->cin);
	c->g.oc = s->out_lanes == 1 ? c->g.cout : s->up ? padded(s->cout) << s->dims : padded(s->cout);
	c->g.kernel = taps;
	c->g.dims = (uint32_t)s->dims;
	c->g.dilation = (uint32_t)s->dilation;
	c->g.up = s->up;
	for (int i = 0; i < 3; i++)
		c->g.size[i] = (uint32_t)s->size[i];
	c->gradient_bytes = (size_t)c->g.oc * c->g.taps * c->g.ic * sizeof *c->gradient;
	return c;
}

void cuda_conv_close(struct conv *c)
{
	if (c->gradient)
		device_free(c->gradient, c->gradient_bytes);
	for (int i = 0; i < c->engines; i++)
		engine_close(c->engine[i]);
	free(c);
}

/* The library's convolution for maps that lie so. */
static struct engine *engine_for(struct conv *c, int64_t x_pitch, int64_t y_pitch)
{
	struct engine_shape s;

	for (int i = 0; i < c->engines; i++)
		if (c->x_pitch[i] == x_pitch && c->y_pitch[i] == y_pitch)
			return c->engine[i];
	if (c->engines == ENGINES)
		die(PM_FAIL, "bug: a convolution reads maps of %d layouts", ENGINES + 1);
	memset(&s, 0, sizeof s);
	s.n = c->s.n;
	s.ic = c->g.ic;
	s.oc = c->g.oc;
	memcpy(s.size, c->s.size, sizeof s.size);
	s.dims = c->s.dims;
	s.kernel = c->s.kernel;
	s.dilation = c->s.dilation;
	s.type = c->s.type;
	s.x_pitch = c->x_pitch[c->engines] = x_pitch;
	s.y_pitch = c->y_pitch[c->engines] = y_pitch;
	return c->engine[c->engines++] = engine_open(&s);
}

void cuda_conv_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments)
{
	const float *bias;

	if (c->direct) {
		const float *u = (const float *)packed(c, w, b, pack, 0, version, TAP_IC_OC, &bias);
		direct_run(c, x, u, bias, y, 1);
	} else {
		const void *u = packed(c, w, b, pack, 0, version, OC_TAP_IC, &bias);
		engine_fwd(engine_for(c, x->pitch, y->pitch), x->data, u, bias, y->data);
	}
	if (moments) {
		const struct sharing all = { y->n, 1 };
		cuda_norm_stats(y, &all, moments, moments + y->c);
	}
}

void cuda_conv_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	const float *bias;

	if (c->direct) {
		const float *u = (const float *)packed(c, w, NULL, pack, 1, version, TAP_OC_IC, &bias);
		direct_run(c, dy, u, NULL, dx, -1);
	} else { /* forward packed them */
		engine_bwd_data(engine_for(c, dx->pitch, dy->pitch), dy->data, pack->mem[0], dx->data);
	}
}

void cuda_conv_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	const int64_t count = (int64_t)c->g.cin * c->g.cout * (c->g.up ? 1u << c->g.dims : c->g.taps);

	if (c->direct) {
		direct_weights(c, x, dy, dw, count);
	} else {
		if (!c->gradient)
			c->gradient = (float *)device_alloc(c->gradient_bytes);
		const struct library_back a = { c->g, c->gradient, dw };
		engine_bwd_weights(engine_for(c, x->pitch, dy->pitch), x->data, dy->data, c->gradient);
		library_back_each(&a, count);
	}
	bias_gradient(c, dy, db);
}
