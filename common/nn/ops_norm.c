/*
 * ops_norm.c: batch normalisation (Ioffe & Szegedy, ICML 2015) or instance normalisation (Ulyanov et al., 2016), leaky ReLU, dropout
 * and max-pooling as one op.
 */
#include "nn/tape.h"

#include <string.h>

enum { GAMMA = 1, BETA = 2 };

struct norm_arg {
	struct norm_act p;
	struct node *pooled; /* NULL: none */
	struct buffer *stats, *act; /* of a deferred result the second */
	struct buffer *sums;        /* see norm_behind */
	bool fixed;          /* running statistics: no gradient goes through them */
};

/* dz takes the place of dy where it can: every element is read before it is written. */
static struct fmap *dz_of(struct graph *g, struct node *y, struct node *z)
{
	bool add;

	if (z->g.data)
		die(PM_FAIL, "bug: what is normalised is read once");
	if (!y->g.data || y->g.stride != fmap_image(&y->g))
		return grad_of(g, z, &add);
	z->g = y->g;
	z->gbuf = y->gbuf;
	z->gbuf->refs++;
	return &z->g;
}

static void norm_back(struct graph *g, struct node *y)
{
	struct norm_arg *a = y->arg;
	struct node *z = y->in[0];
	struct fmap none = { .data = NULL }, *dz = dz_of(g, y, z);

	/* Of parameters that need no gradient it goes nowhere. */
	struct buffer *spare = y->in[GAMMA]->need ? NULL : buffer_new(g, 2 * (size_t)z->v.c * sizeof(real));
	real *dgamma = spare ? buffer_at(g, spare) : y->in[GAMMA]->g.data, *dbeta = spare ? dgamma + z->v.c : y->in[BETA]->g.data;

	g->be->norm_act_bwd(&a->p, &y->g, y->reached ? &a->pooled->g : &none, a->fixed, dgamma, dbeta, dz);
	buffer_unref(g, spare);
	if (y->reached)
		buffer_unref(g, a->pooled->gbuf);
	buffer_unref(g, a->stats);
	buffer_unref(g, a->act);
	buffer_unref(g, a->sums);
	if (z->keep)
		return;
	buffer_unref(g, z->vbuf); /* nobody reads z any more: its place is free before its own gradient is passed on */
	z->vbuf = NULL;
}

/* The pooled result follows in the tape, so its gradient is complete when norm_back runs and waits there until then. */
static void pooled_back(struct graph *g, struct node *pooled)
{
	(void)g;
	pooled->gbuf->refs++;
	pooled->in[0]->reached = true;
}

/*
 * Mean and 1 / standard deviation: of the batch or of each of its parts, which move the running statistics one after the other,
 * or those; or of each sample.
 */
static void statistics(struct graph *g, struct node *z, const struct norm *p, struct norm_arg *a)
{
	const struct backend *be = g->be;
	const bool still = g->aside || p->instance;
	const struct sharing share = a->p.share;
	const int64_t c = z->v.c, sets = share.sets;
	double *mean, *rstd;

	a->stats = z->moments ? z->moments : buffer_new(g, 2 * (size_t)(sets * c) * sizeof(double));
	mean = buffer_at(g, a->stats);
	rstd = mean + sets * c;
	if (p->instance && be->runs && fmap_space(&z->v) < 2)
		die(PM_FAIL, "instance norm: one pixel is left at the deepest level, and no deviation: larger images or windows, or fewer levels");
	if (a->fixed) {
		be->norm_fixed(mean, rstd, c, 1e-5, p->mean->v.data, p->var->v.data);
	} else {
		if (!z->moments)
			be->norm_stats(&z->v, &share, mean, rstd);
		for (int64_t i = 0; i < (still ? 1 : sets); i++) /* which do not move are not looked at one by one */
			be->norm_batch(mean + i * c, rstd + i * c, still ? sets * c : c, sharing_count(share, z->v.n, i) * fmap_space(&z->v), 1e-5,
				still ? NULL : p->mean->v.data, still ? NULL : p->var->v.data);
	}
	z->moments = NULL; /* taken over */
	a->p.mean = mean;
	a->p.rstd = rstd;
}

/* y is z seen through an act. */
static void defer(struct graph *g, struct node *z, struct node *y, struct norm_arg *a)
{
	int64_t c = fmap_blocks(&z->v) * PM_LANES;
	struct act *act = tape_alloc(g, sizeof *act);

	a->act = buffer_new(g, 2 * (size_t)c * sizeof(real));
	act->scale = buffer_at(g, a->act);
	act->shift = act->scale + c;
	act->slope = a->p.slope;
	g->be->norm_defer(&a->p, (real *)act->scale, (real *)act->shift);
	y->v = z->v;
	y->v.act = act;
	y->vbuf = z->vbuf;
	y->vbuf->refs++;
}

static void apply(struct graph *g, struct node *z, struct node *y, struct norm_arg *a, const struct norm *p, struct node **pooled)
{
	struct fmap v = fmap_make(g, g->type, PM_LANES, z->v.n, z->v.c, z->v.d, z->v.h, z->v.w);
	int64_t room = (p->room + PM_LANES - 1) / PM_LANES * PM_LANES;

	v.stride += room * fmap_space(&v);
	if (g->be->channels_last)
		v.pitch += room;
	y->vbuf = buffer_new(g, (size_t)(v.n * v.stride) * ftype_size(v.type));
	v.data = buffer_at(g, y->vbuf);
	y->v = a->p.y = v;
	if (p->pool) {
		struct node *q = node_new(g, y, NULL);
		node_value(g, q, g->type, PM_LANES, v.n, v.c, p->pool == 3 ? v.d / 2 : v.d, v.h / 2, v.w / 2);
		q->back = pooled_back;
		a->pooled = q;
		a->p.pool = q->v;
		*pooled = q;
	}
	g->be->norm_act(&a->p);
}

struct norm_act *norm_behind(struct graph *g, struct node *x)
{
	struct norm_arg *a = x->arg;

	if (!x->v.act || x->uses != 1)
		return NULL;
	a->sums = buffer_new(g, 2 * (size_t)x->v.c * sizeof(double));
	a->p.sums = buffer_at(g, a->sums);
	return &a->p;
}

struct node *op_norm_act(struct graph *g, struct node *z, const struct norm *p, struct node **pooled)
{
	struct node *y = node_new(g, z, p->gamma);
	struct norm_arg *a = tape_alloc(g, sizeof *a);
	const bool fixed = !p->instance && (!g->training || g->frozen);
	const bool apart = !fixed && !p->instance && g->first && z->v.n >= g->both;

	node_input(g, y, BETA, p->beta);
	y->arg = a;
	y->back = norm_back;
	a->fixed = fixed;
	a->p = (struct norm_act){
		.z = z->v, .dims = p->pool, .gamma = p->gamma->v.data, .beta = p->beta->v.data,
		.share = p->instance ? (struct sharing){ 1, z->v.n } : apart ? (struct sharing){ g->first, 2 } : (struct sharing){ z->v.n, 1 },
		.slope = p->slope, .drop = g->training && !g->aside ? p->drop : 0,
		.key = graph_key(g), .layer = (uint32_t)tape_length(g),
	};
	statistics(g, z, p, a);
	if (p->defer && !p->instance && !apart && a->p.drop == 0 && !p->pool && !p->room)
		defer(g, z, y, a);
	else
		apply(g, z, y, a, p, pooled);
	if (!g->grad)
		buffer_unref(g, a->stats);
	return node_done(g, y);
}
