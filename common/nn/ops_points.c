/* ops_points.c: ops that compare single voxels. */
#include "nn/tape.h"

struct node *op_crop(struct graph *g, struct node *x, struct node *from, const int64_t to[3])
{
	const int64_t views = fmap_count(&from->v) / 3, size[3] = { x->v.d, x->v.h, x->v.w };
	struct node *y = node_new(g, x, from);

	node_value(g, y, F_REAL, 1, views, x->v.c, to[0], to[1], to[2]);
	y->need = false;
	g->be->points->crop(y->v.data, x->v.data, from->v.data, views, x->v.n, x->v.c, size, to);
	return node_done(g, y);
}

/* --- features of single voxels --- */

struct gather_arg {
	int count;
	struct lookup each[PM_COUNT(((struct node *)0)->in) - 1];
};

static void gather_back(struct graph *g, struct node *y)
{
	const struct gather_arg *a = y->arg;

	for (int i = 0; i < a->count; i++)
		if (y->in[i]->need)
			g->be->points->gather_bwd(grad_zeroed(g, y->in[i])->data, y->g.data, y->in[a->count]->v.data, &a->each[i]);
}

struct node *op_gather(struct graph *g, struct node *const *x, int count, struct node *at)
{
	const struct fmap *full = &x[0]->v;
	const int64_t points = fmap_count(&at->v) / (3 * full->n);
	struct node *y = node_new(g, NULL, NULL);
	struct gather_arg *a = tape_alloc(g, sizeof *a);
	int64_t channels = 0;

	if (count > (int)PM_COUNT(a->each))
		die(PM_FAIL, "bug: voxels of more than %d maps", (int)PM_COUNT(a->each));
	a->count = count;
	for (int i = 0; i < count; i++) {
		const struct fmap *v = &x[i]->v;
		node_input(g, y, i, x[i]);
		a->each[i] = (struct lookup){ v->n, v->c, { v->d, v->h, v->w }, { full->d, full->h, full->w }, points, 0, channels };
		channels += v->c;
	}
	node_input(g, y, count, at);
	node_value(g, y, F_REAL, 1, full->n, channels, 1, 1, points);
	for (int i = 0; i < count; i++) {
		a->each[i].channels = channels;
		g->be->points->gather(y->v.data, x[i]->v.data, at->v.data, &a->each[i]);
	}
	y->back = gather_back;
	y->arg = a;
	return node_done(g, y);
}

/* --- products of all vectors with all --- */

static void products_back(struct graph *g, struct node *y)
{
	struct node *a = y->in[0], *b = y->in[1];
	const int64_t n = a->v.n, c = a->v.c, rows = a->v.w, columns = b->v.w;
	const struct matrices to_a = { n, c, columns, rows, { columns, 1 }, { 1, columns } }, to_b = { n, c, rows, columns, { rows, 1 }, { columns, 1 } };
	bool add;

	if (a->need) {
		struct fmap *da = grad_of(g, a, &add);
		g->be->points->multiply(da->data, b->v.data, y->g.data, &to_a, add);
	}
	if (b->need) {
		struct fmap *db = grad_of(g, b, &add);
		g->be->points->multiply(db->data, a->v.data, y->g.data, &to_b, add);
	}
}

struct node *op_products(struct graph *g, struct node *a, struct node *b)
{
	const int64_t n = a->v.n, c = a->v.c, rows = a->v.w, columns = b->v.w;
	const struct matrices p = { n, rows, c, columns, { 1, rows }, { columns, 1 } };
	struct node *y = node_new(g, a, b);

	node_value(g, y, F_REAL, 1, n * rows, 1, 1, 1, columns);
	y->back = products_back;
	g->be->points->multiply(y->v.data, a->v.data, b->v.data, &p, false);
	return node_done(g, y);
}
