/* ops_loss.c: what losses are made of: softmax, cross entropy and overlap sums, fused over the logits. */
#include "nn/tape.h"

#include <string.h>

struct loss_arg {
	struct target target;
	const real *class_weight;
};

static void softmax_back(struct graph *g, struct node *y)
{
	g->be->softmax_bwd(grad_zeroed(g, y->in[0])->data, y->v.data, y->g.data, y->v.n, y->v.c, fmap_space(&y->v));
}

struct node *op_softmax(struct graph *g, struct node *x)
{
	struct node *y = node_new(g, x, NULL);

	node_value(g, y, F_REAL, 1, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	y->back = softmax_back;
	g->be->softmax(y->v.data, x->v.data, x->v.n, x->v.c, fmap_space(&x->v));
	return node_done(g, y);
}

struct node *op_onehot(struct graph *g, struct node *label, int64_t k)
{
	struct node *y = node_new(g, label, NULL);
	const struct fmap *l = &label->v;

	node_value(g, y, F_REAL, 1, l->n, k, l->d, l->h, l->w);
	g->be->onehot(y->v.data, l->data, l->n, k, fmap_space(l));
	return node_done(g, y);
}

struct node *op_argmax(struct graph *g, struct node *x)
{
	struct node *y = node_new(g, x, NULL);

	y->need = false;
	node_value(g, y, F_U8, 1, x->v.n, 1, x->v.d, x->v.h, x->v.w);
	g->be->argmax(y->v.data, x->v.data, x->v.n, x->v.c, fmap_space(&x->v));
	return node_done(g, y);
}

/* Truth and weight must have the space of the logits; a target with k channels is one of probabilities. */
static struct node *loss_node(struct graph *g, struct node *z, struct node *target, struct node *weight, int64_t n, int64_t c)
{
	struct node *y = node_new(g, z, target);
	struct loss_arg *a = tape_alloc(g, sizeof *a);

	if (target->v.n != z->v.n || fmap_space(&target->v) != fmap_space(&z->v))
		die(PM_FAIL, "bug: logits and target differ in shape");
	if (target->v.type == F_U8)
		a->target.label = target->v.data;
	else
		a->target.prob = target->v.data;
	if (weight) {
		node_input(g, y, 2, weight);
		a->target.weight = weight->v.data;
	}
	y->arg = a;
	node_value(g, y, F_REAL, 1, n, c, 1, 1, 1);
	y->need = z->need && g->grad; /* targets are constants */
	return y;
}

static void ce_back(struct graph *g, struct node *y)
{
	const struct loss_arg *a = y->arg;
	struct node *z = y->in[0];

	g->be->ce_bwd(grad_zeroed(g, z)->data, y->g.data, z->v.data, &a->target, a->class_weight, z->v.n, z->v.c, fmap_space(&z->v));
}

struct node *op_ce(struct graph *g, struct node *z, struct node *target, struct node *weight, struct node *class_weight)
{
	struct node *y = loss_node(g, z, target, weight, 2, 1);
	struct loss_arg *a = y->arg;

	if (class_weight) {
		node_input(g, y, 3, class_weight);
		a->class_weight = class_weight->v.data;
		y->need = z->need && g->grad;
	}
	y->back = ce_back;
	g->be->ce(y->v.data, z->v.data, &a->target, a->class_weight, z->v.n, z->v.c, fmap_space(&z->v));
	return node_done(g, y);
}

static void overlap_back(struct graph *g, struct node *y)
{
	const struct loss_arg *a = y->arg;
	struct node *z = y->in[0];

	g->be->overlap_bwd(grad_zeroed(g, z)->data, y->g.data, z->v.data, &a->target, z->v.n, z->v.c, fmap_space(&z->v));
}

struct node *op_overlap(struct graph *g, struct node *z, struct node *target, struct node *weight)
{
	struct node *y = loss_node(g, z, target, weight, 3, z->v.c);
	const struct loss_arg *a = y->arg;

	y->back = overlap_back;
	g->be->overlap(y->v.data, z->v.data, &a->target, z->v.n, z->v.c, fmap_space(&z->v));
	return node_done(g, y);
}
