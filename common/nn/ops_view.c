/* ops_view.c: what methods do to images and predictions before they compare them. */
#include "nn/tape.h"

struct node *op_noise(struct graph *g, struct node *x, double sigma, double most)
{
	struct node *y = node_new(g, x, NULL);

	node_value(g, y, F_REAL, 1, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	y->need = false;
	g->be->relayout(&y->v, &x->v, false);
	g->be->draws->noise(y->v.data, y->v.data, fmap_count(&x->v), sigma, most, graph_key(g), (uint32_t)tape_length(g));
	return node_done(g, y);
}

struct node *op_to_maps(struct graph *g, struct node *x)
{
	const int lanes = x->v.c <= 3 ? 1 : PM_LANES; /* as op_image leaves them */

	struct node *y = node_new(g, x, NULL); /* in any case: random draws go by the number of nodes */

	y->need = false;
	if (lanes == 1 && g->type == F_REAL) {
		y->v = x->v;
		y->vbuf = x->vbuf;
		y->vbuf->refs++;
		return node_done(g, y);
	}
	node_value(g, y, g->type, lanes, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	g->be->relayout(&y->v, &x->v, false);
	return node_done(g, y);
}
