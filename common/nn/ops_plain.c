/* ops_plain.c: inputs, and arithmetic on plain maps: what losses are written with. */
#include "nn/augmentation.h"
#include "nn/tape.h"
#include "nn/tiles.h"

#include <stdlib.h>
#include <string.h>

/* --- inputs --- */

void input_put(const struct graph *g, const struct input *in, const void *host)
{
	const struct backend *be = g->be;
	const int64_t c = in->c, slices = in->slices, plane = in->plane;
	const size_t bytes = (size_t)(in->n * c * slices * plane) * ftype_size(in->type);

	if (g->here && !in->told) {
		be->augmentation->rows(in->to, host, in->type, in->n, c, slices, plane);
		return;
	}
	if (in->type == F_U8 || (sizeof(real) == sizeof(float) && (c == 1 || slices == 1)) || !be->runs) {
		be->put(in->to, host, bytes);
		return;
	}
	real *rows = xmalloc(bytes), *q = rows;
	for (int64_t i = 0; i < in->n; i++)
		for (int64_t s = 0; s < slices; s++)
			for (int64_t k = 0; k < c; k++) {
				const float *p = (const float *)host + ((i * c + k) * slices + s) * plane;
				for (int64_t v = 0; v < plane; v++)
					*q++ = (real)p[v];
			}
	be->put(in->to, rows, bytes);
	free(rows);
}

/* Plain f32 images as convolutions read them. */
static struct node *as_input(struct graph *g, struct node *y)
{
	const struct fmap rows = y->v;
	struct buffer *b = y->vbuf;
	int lanes = rows.c <= 3 ? 1 : PM_LANES; /* a convolution reads up to 3 channels as they are */

	if (lanes == 1 && g->type == F_REAL)
		return y;
	node_value(g, y, g->type, lanes, rows.n, rows.c, rows.d, rows.h, rows.w);
	g->be->relayout(&y->v, &rows, false);
	buffer_unref(g, b);
	return y;
}

struct node *op_image(struct graph *g, const float *host, int64_t n, int64_t c, const int64_t size[3], bool fold)
{
	int64_t slices = fold ? size[0] : 1;
	struct node *y = node_new(g, NULL, NULL);

	node_value(g, y, F_REAL, 1, n * slices, c, fold ? 1 : size[0], size[1], size[2]);
	tape_input(g, &(struct input){ y->v.data, F_REAL, n, c, slices, fmap_space(&y->v), false }, host);
	return as_input(g, y);
}

struct node *op_tiles(struct graph *g, const float *image, int64_t c, const struct tile *tile, int64_t n)
{
	const struct tile_axis *axis = tile->axis;
	struct node *y = node_new(g, NULL, NULL);

	node_value(g, y, F_REAL, 1, n, c, axis[0].tile, axis[1].tile, axis[2].tile);
	for (int64_t i = 0; i < n; i++)
		g->be->tile_cut((real *)y->v.data + i * y->v.stride, image, c, &tile[i]);
	return as_input(g, y);
}

static struct node *plain_input(struct graph *g, enum ftype type, const void *host, int64_t n, const int64_t size[3], bool fold)
{
	struct node *y = node_new(g, NULL, NULL);

	node_value(g, y, type, 1, fold ? n * size[0] : n, 1, fold ? 1 : size[0], size[1], size[2]);
	tape_input(g, &(struct input){ y->v.data, type, 1, 1, 1, fmap_count(&y->v), false }, host);
	return y;
}

struct node *op_label(struct graph *g, const uint8_t *host, int64_t n, const int64_t size[3], bool fold)
{
	return plain_input(g, F_U8, host, n, size, fold);
}

struct node *op_weight(struct graph *g, const float *host, int64_t n, const int64_t size[3], bool fold)
{
	return plain_input(g, F_REAL, host, n, size, fold);
}

struct node *op_told(struct graph *g, const float *host, int64_t n)
{
	struct node *y = node_new(g, NULL, NULL);

	node_value(g, y, F_REAL, 1, n, 1, 1, 1, 1);
	tape_input(g, &(struct input){ y->v.data, F_REAL, 1, 1, 1, n, true }, host);
	return y;
}

struct node *op_held(struct graph *g, const real *held, int64_t n)
{
	struct node *y = node_new(g, NULL, NULL);

	y->v = fmap_make(g, F_REAL, 1, n, 1, 1, 1, 1);
	y->v.data = held ? (void *)held : (void *)64; /* as parameters in the dry run */
	return y;
}

struct node *op_uniform(struct graph *g, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	struct node *y = node_new(g, NULL, NULL);

	node_value(g, y, F_REAL, 1, n, c, d, h, w);
	g->be->draws->uniform(y->v.data, fmap_count(&y->v), graph_key(g), (uint32_t)tape_length(g));
	return y;
}

struct node *op_constant(struct graph *g, const double *v, int64_t n, int64_t c)
{
	struct node *y = node_new(g, NULL, NULL);
	real *host = tape_alloc(g, (size_t)(n * c) * sizeof *host);

	for (int64_t i = 0; i < n * c; i++)
		host[i] = (real)v[i];
	y->v = fmap_make(g, F_REAL, 1, n, c, 1, 1, 1);
	y->v.data = tape_constant(g, host, fmap_bytes(&y->v));
	return y;
}

/* --- elementwise --- */

static struct node *like(struct graph *g, struct node *a, struct node *b, const struct fmap *f)
{
	struct node *y = node_new(g, a, b);

	node_value(g, y, F_REAL, 1, f->n, f->c, f->d, f->h, f->w);
	return y;
}

struct unary_arg {
	enum unary f;
	double a;
};

static void unary_back(struct graph *g, struct node *y)
{
	const struct unary_arg *u = y->arg;
	struct node *x = y->in[0];
	const struct backend *be = g->be;
	int64_t n = fmap_count(&x->v);
	bool add;
	struct fmap *dx = grad_of(g, x, &add);
	struct buffer *b;
	real *t;

	if (u->f == U_SCALE || u->f == U_OFFSET) {
		be->unary(U_SCALE, u->f == U_SCALE ? u->a : 1, dx->data, y->g.data, n, add);
		return;
	}
	if (u->f == U_EXP || u->f == U_LOG) {
		be->binary(u->f == U_EXP ? B_MUL : B_DIV, dx->data, y->g.data, u->f == U_EXP ? y->v.data : x->v.data, n, add);
		return;
	}
	b = buffer_new(g, (size_t)n * sizeof(real));
	t = buffer_at(g, b);
	switch (u->f) {
	case U_SQRT:
		be->unary(U_SCALE, 2, t, y->v.data, n, false);
		break;
	case U_SQUARE:
		be->unary(U_SCALE, 2, t, x->v.data, n, false);
		break;
	case U_RELU:
		be->unary(U_STEP, 0, t, x->v.data, n, false);
		break;
	case U_ABS:
		be->unary(U_SIGN, 0, t, x->v.data, n, false);
		break;
	case U_POWER:
		be->unary(U_POWER, u->a - 1, t, x->v.data, n, false);
		be->unary(U_SCALE, u->a, t, t, n, false);
		break;
	default: /* steps and signs are flat */
		be->zero(t, (size_t)n * sizeof(real));
	}
	be->binary(u->f == U_SQRT ? B_DIV : B_MUL, dx->data, y->g.data, t, n, add);
	buffer_unref(g, b);
}

struct node *op_unary(struct graph *g, enum unary f, double a, struct node *x)
{
	struct node *y = like(g, x, NULL, &x->v);
	struct unary_arg *u = tape_alloc(g, sizeof *u);

	*u = (struct unary_arg){ f, a };
	y->arg = u;
	y->back = unary_back;
	g->be->unary(f, a, y->v.data, x->v.data, fmap_count(&x->v), false);
	return node_done(g, y);
}

struct node *op_smallest(struct graph *g, struct node *x, struct node *among, double share)
{
	struct node *y = like(g, x, among, &x->v);

	y->need = false;
	g->be->smallest(y->v.data, x->v.data, among ? among->v.data : NULL, fmap_count(&x->v), share);
	return node_done(g, y);
}

/* Sums over an axis and their opposite: outer * mid * inner elements. */
struct axis_arg {
	int64_t outer, mid, inner;
};

typedef void (*along)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);

static struct node *along_node(struct graph *g, struct node *x, const struct fmap *to, struct axis_arg a, along run,
	void (*back)(struct graph *, struct node *))
{
	struct node *y = like(g, x, NULL, to);

	y->arg = tape_alloc(g, sizeof a);
	*(struct axis_arg *)y->arg = a;
	y->back = back;
	run(y->v.data, x->v.data, a.outer, a.mid, a.inner, false);
	return node_done(g, y);
}

static void along_back(struct graph *g, struct node *y, along run)
{
	const struct axis_arg *a = y->arg;
	bool add;
	struct fmap *dx = grad_of(g, y->in[0], &add);

	run(dx->data, y->g.data, a->outer, a->mid, a->inner, add);
}

static void spread_back(struct graph *g, struct node *y) { along_back(g, y, g->be->sum); }
static void sum_back(struct graph *g, struct node *y) { along_back(g, y, g->be->spread); }

struct node *op_sum(struct graph *g, struct node *x, int axis)
{
	int64_t dim[5] = { x->v.n, x->v.c, x->v.d, x->v.h, x->v.w }, outer = 1, inner = 1, mid = dim[axis];

	for (int i = 0; i < axis; i++)
		outer *= dim[i];
	for (int i = axis + 1; i < 5; i++)
		inner *= dim[i];
	dim[axis] = 1;
	struct fmap to = fmap_make(g, F_REAL, 1, dim[0], dim[1], dim[2], dim[3], dim[4]);
	return along_node(g, x, &to, (struct axis_arg){ outer, mid, inner }, g->be->sum, sum_back);
}

struct node *op_max(struct graph *g, struct node *x, int axis)
{
	int64_t dim[5] = { x->v.n, x->v.c, x->v.d, x->v.h, x->v.w }, outer = 1, inner = 1, mid = dim[axis];
	struct node *y = node_new(g, x, NULL);

	for (int i = 0; i < axis; i++)
		outer *= dim[i];
	for (int i = axis + 1; i < 5; i++)
		inner *= dim[i];
	dim[axis] = 1;
	y->need = false;
	node_value(g, y, F_REAL, 1, dim[0], dim[1], dim[2], dim[3], dim[4]);
	g->be->max(y->v.data, x->v.data, outer, mid, inner);
	return node_done(g, y);
}

struct node *op_spread(struct graph *g, struct node *x, int axis, int64_t count)
{
	int64_t dim[5] = { x->v.n, x->v.c, x->v.d, x->v.h, x->v.w }, outer = 1, inner = 1;

	if (dim[axis] != 1)
		die(PM_FAIL, "bug: an axis of %lld is spread", (long long)dim[axis]);
	for (int i = 0; i < axis; i++)
		outer *= dim[i];
	for (int i = axis + 1; i < 5; i++)
		inner *= dim[i];
	dim[axis] = count;
	struct fmap to = fmap_make(g, F_REAL, 1, dim[0], dim[1], dim[2], dim[3], dim[4]);
	return along_node(g, x, &to, (struct axis_arg){ outer, count, inner }, g->be->spread, spread_back);
}

struct node *op_total(struct graph *g, struct node *x)
{
	struct fmap to = fmap_make(g, F_REAL, 1, 1, 1, 1, 1, 1);

	return along_node(g, x, &to, (struct axis_arg){ 1, fmap_count(&x->v), 1 }, g->be->sum, sum_back);
}

static void binary_back(struct graph *g, struct node *y)
{
	enum binary f = *(enum binary *)y->arg;
	struct node *a = y->in[0], *b = y->in[1];
	const struct backend *be = g->be;
	int64_t n = fmap_count(&y->v);
	bool add;

	if (a->need) {
		real *da = grad_of(g, a, &add)->data;
		if (f == B_ADD || f == B_SUB)
			be->unary(U_SCALE, 1, da, y->g.data, n, add);
		else
			be->binary(f, da, y->g.data, b->v.data, n, add);
	}
	if (b->need) {
		real *db = grad_of(g, b, &add)->data;
		if (f == B_ADD || f == B_SUB) {
			be->unary(U_SCALE, f == B_ADD ? 1 : -1, db, y->g.data, n, add);
		} else if (f == B_MUL) {
			be->binary(B_MUL, db, y->g.data, a->v.data, n, add);
		} else { /* d(a/b)/db = -(a/b)/b */
			struct buffer *buf = buffer_new(g, (size_t)n * sizeof(real));
			real *t = buffer_at(g, buf);
			be->binary(B_DIV, t, y->v.data, b->v.data, n, false);
			be->binary(B_MUL, t, t, y->g.data, n, false);
			be->unary(U_SCALE, -1, db, t, n, add);
			buffer_unref(g, buf);
		}
	}
}

struct node *op_binary(struct graph *g, enum binary f, struct node *a, struct node *b)
{
	int64_t n = fmap_count(&a->v);

	if (fmap_count(&b->v) == 1 && n != 1)
		b = along_node(g, b, &a->v, (struct axis_arg){ 1, n, 1 }, g->be->spread, spread_back);
	if (fmap_count(&b->v) != n)
		die(PM_FAIL, "bug: shapes of %lld and %lld elements", (long long)n, (long long)fmap_count(&b->v));
	struct node *y = like(g, a, b, &a->v);
	y->arg = tape_alloc(g, sizeof(enum binary));
	*(enum binary *)y->arg = f;
	y->back = binary_back;
	g->be->binary(f, y->v.data, a->v.data, b->v.data, n, false);
	return node_done(g, y);
}

/* --- parts and layouts --- */

static struct fmap rows(const struct fmap *x, int64_t first, int64_t count)
{
	struct fmap f = *x;

	f.n = count;
	f.data = (char *)x->data + (size_t)(first * x->stride) * ftype_size(x->type);
	return f;
}

static void part_back(struct graph *g, struct node *y)
{
	struct fmap f = rows(grad_zeroed(g, y->in[0]), *(int64_t *)y->arg, y->v.n);

	g->be->relayout(&f, &y->g, true);
}

struct node *op_part(struct graph *g, struct node *x, int64_t first, int64_t count)
{
	struct node *y = node_new(g, x, NULL);

	y->v = rows(&x->v, first, count);
	y->vbuf = x->vbuf;
	if (y->vbuf) /* parameters and constants have none */
		y->vbuf->refs++;
	y->arg = tape_alloc(g, sizeof first);
	*(int64_t *)y->arg = first;
	y->back = part_back;
	return node_done(g, y);
}

static void plain_back(struct graph *g, struct node *y)
{
	bool add;
	struct fmap *dx = grad_of(g, y->in[0], &add);

	g->be->relayout(dx, &y->g, add);
}

struct node *op_plain(struct graph *g, struct node *x)
{
	if (x->v.lanes == 1 && x->v.type == F_REAL)
		return x;
	struct node *y = like(g, x, NULL, &x->v);
	y->back = plain_back;
	g->be->relayout(&y->v, &x->v, false);
	return node_done(g, y);
}

struct node *op_maps(struct graph *g, struct node *x)
{
	struct node *y = node_new(g, x, NULL);

	node_value(g, y, g->type, PM_LANES, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	y->back = plain_back;
	g->be->relayout(&y->v, &x->v, false);
	return node_done(g, y);
}

struct node *op_detach(struct graph *g, struct node *x)
{
	struct node *y = node_new(g, NULL, NULL);

	node_input_act(g, y, 0, x);
	y->need = false;
	y->v = x->v;
	y->vbuf = x->vbuf;
	y->vbuf->refs++;
	return node_done(g, y);
}

struct node *op_leaf(struct graph *g, struct node *x)
{
	struct node *y = op_detach(g, x);

	y->need = true;
	return y;
}
