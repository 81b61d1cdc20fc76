/* ops_conv.c: convolutions and concatenation on feature maps. */
#include "nn/tape.h"

#include <string.h>

struct conv_arg {
	struct conv_shape shape;
	struct conv *conv;
};

static void conv_back(struct graph *g, struct node *y)
{
	struct conv_arg *a = y->arg;
	struct node *x = y->in[0], *w = y->in[1], *b = y->in[2];

	if (w->need)
		g->be->conv_bwd_weights(a->conv, &x->v, &y->g, w->g.data, b->g.data);
	if (x->need) {
		struct grad dx = grad_begin(g, x);
		dx.map.behind = norm_behind(g, x);
		g->be->conv_bwd_data(a->conv, &y->g, w->v.data, &w->param->pack, w->ps->version, &dx.map);
		grad_end(g, x, &dx);
	}
}

/* The node of a convolution whose result has c channels; the value is computed here. */
static struct node *conv_node(struct graph *g, struct node *x, struct node *w, struct node *b, const struct conv_shape *s, int64_t c,
	bool moments)
{
	struct node *y = node_new(g, NULL, w);
	struct conv_arg *a = tape_alloc(g, sizeof *a);

	node_input_act(g, y, 0, x);
	node_input(g, y, 2, b);
	a->shape = *s;
	a->conv = tape_conv(g, s);
	y->arg = a;
	y->back = conv_back;
	node_value(g, y, s->out_type, s->out_lanes, x->v.n, c, x->v.d, x->v.h, x->v.w);
	if (moments)
		y->moments = buffer_new(g, 2 * (size_t)c * sizeof(double));
	g->be->conv_fwd(a->conv, &x->v, w->v.data, b->v.data, &w->param->pack, w->ps->version, &y->v,
		moments ? buffer_at(g, y->moments) : NULL);
	return node_done(g, y);
}

static void shape_of(struct conv_shape *s, const struct graph *g, const struct node *x, int64_t cout, int dims)
{
	memset(s, 0, sizeof *s); /* shapes are compared as bytes */
	s->n = x->v.n;
	s->cin = x->v.c;
	s->split = x->v.split;
	s->cout = cout;
	s->size[0] = x->v.d;
	s->size[1] = x->v.h;
	s->size[2] = x->v.w;
	s->dims = dims;
	s->kernel = 1;
	s->dilation = 1;
	s->in_lanes = x->v.lanes;
	s->type = g->type;
	s->out_type = g->type;
	s->out_lanes = PM_LANES;
}

struct node *op_conv(struct graph *g, struct node *x, struct node *w, struct node *b, int dilation, enum conv_to to)
{
	struct conv_shape s;

	shape_of(&s, g, x, w->param->dim[0], w->param->rank - 2);
	if (w->param->dim[1] != x->v.c)
		die(PM_FAIL, "bug: %s wants %lld channels, not %lld", w->param->name, (long long)w->param->dim[1], (long long)x->v.c);
	s.kernel = (int)w->param->dim[2];
	s.dilation = dilation;
	if (to == CONV_TO_LOGITS) {
		s.out_type = F_REAL;
		s.out_lanes = s.kernel == 1 ? 1 : PM_LANES;
	}
	return conv_node(g, x, w, b, &s, s.cout, to == CONV_TO_NORM && g->training && !g->frozen && !g->first);
}

/* [2^dims c] at size to [c] at twice the size; positions are blocks apart. */
static void space_back(struct graph *g, struct node *y)
{
	struct grad dx = grad_begin(g, y->in[0]);

	g->be->space(&dx.map, &y->g, *(int *)y->arg, true);
	grad_end(g, y->in[0], &dx);
}

static char *after(const struct fmap *f) { return (char *)f->data + (size_t)fmap_beside(f) * ftype_size(f->type); }

/* Gives y a value of c channels: in the room beside `beside`, or a buffer of its own. */
static void value_beside(struct graph *g, struct node *y, struct node *beside, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	if (!beside) {
		node_value(g, y, g->type, PM_LANES, n, c, d, h, w);
		return;
	}
	y->v = fmap_make(g, g->type, PM_LANES, n, c, d, h, w);
	int64_t room = beside->v.stride - fmap_image(&beside->v);
	if (room < fmap_image(&y->v) || n != beside->v.n || d != beside->v.d || h != beside->v.h || w != beside->v.w)
		die(PM_FAIL, "bug: no room for %lld channels beside that node", (long long)c);
	y->v.stride = beside->v.stride;
	y->v.block = beside->v.block;
	y->v.pitch = beside->v.pitch;
	y->v.data = after(&beside->v);
	y->vbuf = beside->vbuf;
	y->vbuf->refs++;
}

struct node *op_conv_up(struct graph *g, struct node *x, struct node *w, struct node *b, struct node *beside)
{
	int dims = w->param->rank - 2;
	int64_t cout = w->param->dim[1], padded = (cout + PM_LANES - 1) / PM_LANES * PM_LANES;
	struct conv_shape s;

	shape_of(&s, g, x, cout, dims);
	s.up = true;
	struct node *t = conv_node(g, x, w, b, &s, padded << dims, false);
	struct node *y = node_new(g, t, NULL);
	y->arg = tape_alloc(g, sizeof(int));
	*(int *)y->arg = dims;
	y->back = space_back;
	value_beside(g, y, beside, x->v.n, cout, x->v.d * (dims == 3 ? 2 : 1), 2 * x->v.h, 2 * x->v.w);
	g->be->space(&y->v, &t->v, dims, false);
	return node_done(g, y);
}

struct up_arg {
	const struct axis_map *axis[3];
};

static void up_back(struct graph *g, struct node *y)
{
	const struct up_arg *a = y->arg;
	struct axis_map map[3] = { a->axis[0][1], a->axis[1][1], a->axis[2][1] };
	bool add;
	struct fmap *dx = grad_of(g, y->in[0], &add);

	g->be->resample(dx, &y->g, map, add);
}

static struct node *resample_node(struct graph *g, struct node *x, struct node *y, enum resample how)
{
	struct up_arg *a = tape_alloc(g, sizeof *a);

	a->axis[0] = tape_axis(g, x->v.d, y->v.d, how);
	a->axis[1] = tape_axis(g, x->v.h, y->v.h, how);
	a->axis[2] = tape_axis(g, x->v.w, y->v.w, how);
	y->arg = a;
	y->back = up_back;
	struct axis_map map[3] = { a->axis[0][0], a->axis[1][0], a->axis[2][0] };
	g->be->resample(&y->v, &x->v, map, false);
	return node_done(g, y);
}

struct node *op_up(struct graph *g, struct node *x, int dims, enum up mode, struct node *beside)
{
	struct node *y = node_new(g, x, NULL);

	value_beside(g, y, beside, x->v.n, x->v.c, x->v.d * (dims == 3 ? 2 : 1), 2 * x->v.h, 2 * x->v.w);
	return resample_node(g, x, y, mode == UP_NEAREST ? RESAMPLE_NEAREST : RESAMPLE_ALIGNED);
}

struct node *op_resample(struct graph *g, struct node *x, const int64_t size[3], enum resample how)
{
	struct node *y = node_new(g, x, NULL);

	node_value(g, y, F_REAL, 1, x->v.n, x->v.c, size[0], size[1], size[2]);
	return resample_node(g, x, y, how);
}

/* Half number k (0, 1) of a concatenated map. */
static struct fmap half(const struct fmap *whole, int k)
{
	struct fmap f = *whole;

	f.split = 0;
	f.c = k ? whole->c - whole->split : whole->split;
	if (k) {
		struct fmap first = half(whole, 0);
		f.data = after(&first);
	}
	return f;
}

/* The first gradient of a half is a view into that of the whole; a later one is added. */
static void cat_back(struct graph *g, struct node *y)
{
	for (int k = 0; k < 2; k++) {
		struct node *x = y->in[k];
		struct fmap f = half(&y->g, k);
		if (!x->need)
			continue;
		if (x->g.data) {
			g->be->relayout(&x->g, &f, true);
		} else {
			x->g = f;
			x->gbuf = y->gbuf;
			x->gbuf->refs++;
		}
	}
}

struct node *op_cat(struct graph *g, struct node *a, struct node *b)
{
	struct node *y = node_new(g, a, b);

	y->back = cat_back;
	y->v = a->v;
	y->v.c = a->v.c + b->v.c;
	y->v.split = a->v.c;
	if (a->vbuf == b->vbuf && b->v.data == after(&a->v) && a->v.stride == fmap_image(&y->v)) {
		y->vbuf = a->vbuf;
		y->vbuf->refs++;
		return node_done(g, y);
	}
	fmap_pack(&y->v, g->be->channels_last);
	y->vbuf = buffer_new(g, fmap_bytes(&y->v));
	y->v.data = buffer_at(g, y->vbuf);
	for (int k = 0; k < 2; k++) {
		struct fmap f = half(&y->v, k);
		g->be->relayout(&f, &y->in[k]->v, false);
	}
	return node_done(g, y);
}
