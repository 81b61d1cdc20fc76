/* ops_norm.c: batch normalisation (Ioffe & Szegedy, ICML 2015), leaky ReLU, dropout and max-pooling as one op. */
#include "nn/tape.h"

#include <string.h>

enum { GAMMA = 1, BETA = 2 };

struct norm_arg {
	struct norm_act p;
	struct node *pooled; /* NULL: none */
	struct buffer *stats;
	bool fixed;          /* running statistics: no gradient goes through them */
};

static void norm_back(struct graph *g, struct node *y)
{
	struct norm_arg *a = y->arg;
	struct node *z = y->in[0];
	struct fmap none = { .data = NULL };
	bool add;
	struct fmap *dz = grad_of(g, z, &add);

	if (add)
		die(PM_FAIL, "bug: what is normalised is read once");
	g->be->norm_act_bwd(&a->p, &y->g, y->reached ? &a->pooled->g : &none, a->fixed, y->in[GAMMA]->g.data, y->in[BETA]->g.data, dz);
	if (y->reached)
		buffer_unref(g, a->pooled->gbuf);
	buffer_unref(g, a->stats);
}

/* The pooled result follows in the tape, so its gradient is complete when norm_back runs and waits there until then. */
static void pooled_back(struct graph *g, struct node *pooled)
{
	(void)g;
	pooled->gbuf->refs++;
	pooled->in[0]->reached = true;
}

struct node *op_norm_act(struct graph *g, struct node *z, const struct norm *p, struct node **pooled)
{
	const struct backend *be = g->be;
	struct node *y = node_new(g, z, p->gamma);
	struct norm_arg *a = tape_alloc(g, sizeof *a);
	struct fmap v = fmap_make(g->type, PM_LANES, z->v.n, z->v.c, z->v.d, z->v.h, z->v.w);
	int64_t c = z->v.c, rooms = (p->room + PM_LANES - 1) / PM_LANES;

	node_input(g, y, BETA, p->beta);
	v.stride += rooms * PM_LANES * fmap_space(&v);
	y->v = v;
	y->vbuf = buffer_new(g, (size_t)(v.n * v.stride) * ftype_size(v.type));
	y->v.data = buffer_at(g, y->vbuf);
	y->arg = a;
	y->back = norm_back;

	a->stats = buffer_new(g, 2 * (size_t)c * sizeof(double));
	double *mean = buffer_at(g, a->stats), *rstd = mean + c;
	a->fixed = !g->training;
	if (g->training) {
		be->norm_stats(&z->v, mean, rstd);
		be->norm_batch(mean, rstd, c, z->v.n * fmap_space(&z->v), 1e-5, p->mean->v.data, p->var->v.data);
	} else {
		be->norm_fixed(mean, rstd, c, 1e-5, p->mean->v.data, p->var->v.data);
	}
	a->p = (struct norm_act){
		.z = z->v, .y = y->v, .dims = p->pool, .gamma = p->gamma->v.data, .beta = p->beta->v.data, .mean = mean,
		.rstd = rstd, .slope = p->slope, .drop = g->training ? p->drop : 0,
		.key = { (uint32_t)(g->seed ^ g->seed >> 32), (uint32_t)(g->step ^ g->step >> 32) },
		.layer = (uint32_t)tape_length(g),
	};
	if (p->pool) {
		struct node *q = node_new(g, y, NULL);
		node_value(g, q, g->type, PM_LANES, v.n, c, p->pool == 3 ? v.d / 2 : v.d, v.h / 2, v.w / 2);
		q->back = pooled_back;
		a->pooled = q;
		a->p.pool = q->v;
		*pooled = q;
	}
	be->norm_act(&a->p);
	if (!g->grad)
		buffer_unref(g, a->stats);
	return node_done(g, y);
}
