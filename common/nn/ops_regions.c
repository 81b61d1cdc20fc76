/* ops_regions.c: ops of neighbourhoods on plain maps. */
#include "nn/tape.h"

#include <math.h>

/* --- extremes and slopes --- */

struct extreme_arg {
	int64_t outer, mid, inner;
	bool most;
};

static void extreme_back(struct graph *g, struct node *y)
{
	const struct extreme_arg *a = y->arg;
	struct node *x = y->in[0];
	bool add;
	struct fmap *dx = grad_of(g, x, &add);

	g->be->regions->extreme_bwd(dx->data, y->g.data, x->v.data, a->outer, a->mid, a->inner, a->most, add);
}

static struct node *like(struct graph *g, struct node *x, void (*back)(struct graph *, struct node *), size_t arg)
{
	struct node *y = node_new(g, x, NULL);

	node_value(g, y, F_REAL, 1, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	y->back = back;
	y->arg = tape_alloc(g, arg);
	return y;
}

/* An axis after the other: each is one of three. */
struct node *op_extreme(struct graph *g, struct node *x, bool most)
{
	const int64_t size[3] = { x->v.d, x->v.h, x->v.w };
	int64_t outer = x->v.n * x->v.c, inner = fmap_space(&x->v);

	for (int axis = 0; axis < 3; axis++) {
		inner /= size[axis];
		if (size[axis] > 1) {
			struct node *y = like(g, x, extreme_back, sizeof(struct extreme_arg));
			*(struct extreme_arg *)y->arg = (struct extreme_arg){ outer, size[axis], inner, most };
			g->be->regions->extreme(y->v.data, x->v.data, outer, size[axis], inner, most);
			x = node_done(g, y);
		}
		outer *= size[axis];
	}
	return x;
}

struct slope_arg {
	enum slope f;
	int64_t count, size[3];
};

static void slope_back(struct graph *g, struct node *y)
{
	const struct slope_arg *a = y->arg;
	struct node *x = y->in[0];
	bool add;
	struct fmap *dx = grad_of(g, x, &add);

	g->be->regions->slope_bwd(a->f, dx->data, y->g.data, x->v.data, a->count, a->size, add);
}

struct node *op_slope(struct graph *g, struct node *x, enum slope f, int dims)
{
	const int64_t maps = x->v.n * x->v.c * (dims == 2 ? x->v.d : 1), d = dims == 2 ? 1 : x->v.d;
	struct node *y = like(g, x, slope_back, sizeof(struct slope_arg));
	struct slope_arg *a = y->arg;

	*a = (struct slope_arg){ f, maps, { d, x->v.h, x->v.w } };
	g->be->regions->slope(f, y->v.data, x->v.data, a->count, a->size);
	return node_done(g, y);
}

/* --- strips --- */

static void strips_back(struct graph *g, struct node *y)
{
	struct node *x = y->in[0], *in = y->in[1];
	bool add;
	struct fmap *dx = grad_of(g, x, &add);

	g->be->regions->strips_bwd(dx->data, y->g.data, in->v.data, x->v.n * x->v.c, fmap_space(&x->v), *(const int64_t *)y->arg, add);
}

struct node *op_strips(struct graph *g, struct node *x, struct node *in, int64_t width)
{
	struct node *y = like(g, x, strips_back, sizeof width);

	node_input(g, y, 1, in);
	*(int64_t *)y->arg = width;
	g->be->regions->strips(y->v.data, x->v.data, in->v.data, x->v.n * x->v.c, fmap_space(&x->v), width);
	return node_done(g, y);
}

/* --- affinities --- */

/* d/dp of -sum k p p' is -2 sum k p', twice the messages, and what is constant over the classes of a pixel a softmax undoes. */
static void disagreement_back(struct graph *g, struct node *y)
{
	struct node *p = y->in[0], *m = y->in[1];
	const int64_t n = fmap_count(&p->v);
	struct buffer *b = buffer_new(g, fmap_bytes(&p->v));
	real *t = buffer_at(g, b);
	bool add;
	struct fmap *dp = grad_of(g, p, &add);

	g->be->spread(t, y->g.data, 1, n, 1, false);
	g->be->unary(U_SCALE, -2, t, t, n, false);
	g->be->binary(B_MUL, dp->data, t, m->v.data, n, add);
	buffer_unref(g, b);
}

struct node *op_disagreement(struct graph *g, struct node *p, struct node *image, const struct affinity *a)
{
	struct node *m = node_new(g, p, image), *y;
	const int64_t n = fmap_count(&p->v);

	m->need = false;
	node_value(g, m, F_REAL, 1, p->v.n, p->v.c, p->v.d, p->v.h, p->v.w);
	g->be->regions->messages(&m->v, &p->v, &image->v, a);
	node_done(g, m);
	y = node_new(g, p, m);
	node_value(g, y, F_REAL, 1, 1, 1, 1, 1, 1);
	y->back = disagreement_back;
	struct buffer *b = buffer_new(g, fmap_bytes(&p->v));
	real *t = buffer_at(g, b);
	g->be->binary(B_MUL, t, p->v.data, m->v.data, n, false);
	g->be->binary(B_SUB, t, m->v.data, t, n, false);
	g->be->sum(y->v.data, t, 1, n, 1, false);
	buffer_unref(g, b);
	return node_done(g, y);
}
