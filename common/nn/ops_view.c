/* ops_view.c: what methods do to images and predictions before they compare them. */
#include "nn/tape.h"
#include "tensor/spatial.h"

#include <stdlib.h>

static struct node *plain_like(struct graph *g, struct node *x, struct node *b, const struct fmap *f)
{
	struct node *y = node_new(g, x, b);

	node_value(g, y, F_REAL, 1, f->n, f->c, f->d, f->h, f->w);
	return y;
}

struct node *op_noise(struct graph *g, struct node *x, double sigma, double most)
{
	struct node *y = plain_like(g, x, NULL, &x->v);

	y->need = false;
	g->be->relayout(&y->v, &x->v, false);
	g->be->draws->noise(y->v.data, y->v.data, fmap_count(&x->v), sigma, most, graph_key(g), (uint32_t)tape_length(g));
	return node_done(g, y);
}

struct node *op_box(struct graph *g, struct node *box, const int64_t size[3])
{
	const int64_t n = fmap_count(&box->v) / 6;
	struct node *y = plain_like(g, box, NULL, &(struct fmap){ .n = n, .c = 1, .d = size[0], .h = size[1], .w = size[2] });

	y->need = false;
	g->be->views->box(y->v.data, box->v.data, n, size);
	return node_done(g, y);
}

struct node *op_blur(struct graph *g, struct node *x, struct node *weight, int axis)
{
	const int64_t dim[5] = { x->v.n, x->v.c, x->v.d, x->v.h, x->v.w };
	struct node *y = plain_like(g, x, weight, &x->v);
	int64_t outer = 1, inner = 1;

	for (int i = 1; i < axis; i++)
		outer *= dim[i];
	for (int i = axis + 1; i < 5; i++)
		inner *= dim[i];
	y->need = false;
	g->be->views->blur(y->v.data, x->v.data, weight->v.data, fmap_count(&weight->v) / x->v.n, x->v.n, outer, dim[axis], inner);
	return node_done(g, y);
}

static void turn(struct graph *g, real *y, const real *x, const struct node *of, bool back)
{
	const struct fmap *v = &of->v;

	if (v->h != v->w)
		die(PM_FAIL, "quarter turns want square images, these are %lldx%lld: pymic-augment crop or pad", (long long)v->h, (long long)v->w);
	g->be->views->turn(y, x, of->in[1]->v.data, v->n, v->c * v->d, v->h, back);
}

static void turn_back(struct graph *g, struct node *y)
{
	struct grad dx = grad_begin(g, y->in[0]);

	turn(g, dx.map.data, y->g.data, y, true);
	grad_end(g, y->in[0], &dx);
}

struct node *op_turn(struct graph *g, struct node *x, struct node *quarters)
{
	struct node *y = plain_like(g, x, quarters, &x->v);

	y->back = turn_back;
	turn(g, y->v.data, x->v.data, y, false);
	return node_done(g, y);
}

/* Rows first.. of y, which has those of both. */
static struct fmap rows_of(const struct fmap *y, const struct node *part, int64_t first)
{
	struct fmap f = *y;

	f.n = part->v.n;
	f.data = (char *)y->data + (size_t)(first * y->stride) * ftype_size(y->type);
	return f;
}

static void join_back(struct graph *g, struct node *y)
{
	for (int i = 0; i < 2; i++) {
		struct node *x = y->in[i];
		if (!x->need)
			continue;
		bool add;
		struct fmap *dx = grad_of(g, x, &add), dy = rows_of(&y->g, x, i ? y->in[0]->v.n : 0);
		g->be->relayout(dx, &dy, add);
	}
}

struct node *op_join(struct graph *g, struct node *a, struct node *b)
{
	const struct fmap f = { .n = a->v.n + b->v.n, .c = a->v.c, .d = a->v.d, .h = a->v.h, .w = a->v.w };
	struct node *y = plain_like(g, a, b, &f);

	y->back = join_back;
	for (int i = 0; i < 2; i++) {
		struct fmap to = rows_of(&y->v, y->in[i], i ? a->v.n : 0);
		g->be->relayout(&to, &y->in[i]->v, false);
	}
	return node_done(g, y);
}

/* x in that form, a constant. A node in any case: random draws go by the number of nodes, and shall be those of any type. */
static struct node *in_form(struct graph *g, struct node *x, enum ftype type, int lanes)
{
	struct node *y = node_new(g, x, NULL);

	y->need = false;
	if (x->v.lanes == lanes && x->v.type == type) {
		y->v = x->v;
		y->vbuf = x->vbuf;
		y->vbuf->refs++;
		return node_done(g, y);
	}
	node_value(g, y, type, lanes, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	g->be->relayout(&y->v, &x->v, false);
	return node_done(g, y);
}

/* As op_image leaves them. */
struct node *op_to_maps(struct graph *g, struct node *x) { return in_form(g, x, g->type, x->v.c <= 3 ? 1 : PM_LANES); }
struct node *op_to_plain(struct graph *g, struct node *x) { return in_form(g, x, F_REAL, 1); }

struct node *op_largest(struct graph *g, struct node *label, int64_t k)
{
	struct node *y = node_new(g, label, NULL);
	const struct fmap *v = &label->v;
	const int64_t size[3] = { v->d, v->h, v->w }, space = fmap_space(v);
	uint8_t *host = xmalloc((size_t)(v->n * space));

	y->need = false;
	node_value(g, y, F_U8, 1, v->n, 1, v->d, v->h, v->w);
	g->be->get(host, v->data, (size_t)(v->n * space));
	for (int64_t i = 0; i < v->n && g->be->runs; i++)
		keep_parts(host + i * space, k, true, size);
	g->be->put(y->v.data, host, (size_t)(v->n * space));
	free(host);
	return node_done(g, y);
}
