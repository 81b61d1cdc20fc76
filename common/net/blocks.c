/* blocks.c: what networks share. */
#include "net/net.h"

#include <string.h>

/* Weights [cout,cin,k..] (or, up, [cin,cout,k..]) and bias under name.weight and name.bias. */
static void weights(struct graph *g, struct params *ps, const char *name, int dims, int64_t first, int64_t second, int kernel,
	enum init init, struct node **w, struct node **b, int64_t cout)
{
	char full[96];
	int64_t dim[5] = { first, second, kernel, kernel, kernel };
	int64_t fan_in = second * kernel * kernel * (dims == 3 ? kernel : 1);

	snprintf(full, sizeof full, "%s.weight", name);
	*w = param(g, ps, full, init, fan_in, dims + 2, dim);
	snprintf(full, sizeof full, "%s.bias", name);
	*b = param(g, ps, full, INIT_FAN_IN, fan_in, 1, &cout);
}

struct node *conv_by(struct graph *g, struct params *ps, struct node *x, const char *name, const struct filter *f, int64_t cout, enum conv_to to)
{
	struct node *w, *b;

	weights(g, ps, name, f->dims, cout, x->v.c, f->kernel, f->init, &w, &b, cout);
	return op_conv(g, x, w, b, f->dilation ? f->dilation : 1, to);
}

struct node *conv(struct graph *g, struct params *ps, struct node *x, const char *name, int dims, int64_t cout, int kernel, enum conv_to to)
{
	return conv_by(g, ps, x, name, &(struct filter){ .dims = dims, .kernel = kernel }, cout, to);
}

struct node *conv_up(struct graph *g, struct params *ps, struct node *x, const char *name, int dims, int64_t cout, struct node *beside)
{
	struct node *w, *b;

	weights(g, ps, name, dims, x->v.c, cout, 2, INIT_FAN_IN, &w, &b, cout);
	return op_conv_up(g, x, w, b, beside);
}

struct node *norm_by(struct graph *g, struct params *ps, struct node *z, const char *prefix, int index, struct norm *p, struct node **pooled)
{
	static const struct {
		const char *name;
		enum init init;
	} part[4] = { { "weight", INIT_ONE }, { "bias", INIT_ZERO }, { "running_mean", INIT_ZERO }, { "running_var", INIT_ONE } };
	struct node *node[4] = { NULL };
	char full[96];

	for (int i = 0; i < (p->instance ? 2 : 4); i++) {
		snprintf(full, sizeof full, "%s.%d.%s", prefix, index, part[i].name);
		node[i] = i < 2 ? param(g, ps, full, part[i].init, 0, 1, &z->v.c) : running(g, ps, full, part[i].init, z->v.c);
	}
	p->gamma = node[0];
	p->beta = node[1];
	p->mean = node[2];
	p->var = node[3];
	return op_norm_act(g, z, p, pooled);
}

struct node *conv_block(struct graph *g, struct params *ps, struct node *x, const char *prefix, const struct block *b, struct node **pooled)
{
	const struct filter f = { b->dims, 3, b->dilation, b->init };
	const enum conv_to to = b->instance ? CONV_TO_MAPS : CONV_TO_NORM; /* the latter sums up the batch */
	char name[96];

	snprintf(name, sizeof name, "%s.0", prefix);
	x = conv_by(g, ps, x, name, &f, b->cout, to);
	/* A dilated convolution is a library's. */
	struct norm first = { .instance = b->instance, .slope = 0.01, .drop = b->drop, .defer = g->be->own && b->dilation < 2 };
	x = norm_by(g, ps, x, prefix, 1, &first, NULL);
	snprintf(name, sizeof name, "%s.4", prefix);
	x = conv_by(g, ps, x, name, &f, b->cout, to);
	struct norm last = { .instance = b->instance, .slope = 0.01, .pool = b->pool, .room = b->room, .defer = b->defer && g->be->acts };
	return norm_by(g, ps, x, prefix, 5, &last, pooled);
}
