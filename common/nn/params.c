/* params.c: parameters by name in one flat buffer. */
#include "nn/params.h"

#include "base/rng.h"
#include "nn/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct param *params_find(struct params *ps, const char *name)
{
	for (int i = 0; i < ps->n; i++) {
		int at = (ps->next + i) % ps->n;
		if (!strcmp(ps->p[at]->name, name)) {
			ps->next = at + 1;
			return ps->p[at];
		}
	}
	return NULL;
}

static struct param *declare(struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim, bool trainable)
{
	struct param *p = xcalloc(1, sizeof *p);

	if (ps->value)
		die(PM_FAIL, "bug: parameter %s was not declared in the dry run", name);
	if (ps->n == ps->cap)
		ps->p = xresize(ps->p, (size_t)(ps->cap = ps->cap ? 2 * ps->cap : 64), sizeof *ps->p);
	snprintf(p->name, sizeof p->name, "%s", name);
	p->rank = rank;
	p->count = 1;
	for (int i = 0; i < rank; i++) {
		p->dim[i] = dim[i];
		p->count *= dim[i];
	}
	p->trainable = trainable;
	p->init = init;
	p->fan_in = fan_in;
	*(trainable ? &ps->trainable : &ps->total) += p->count; /* total: until the freeze, running statistics alone */
	return ps->p[ps->n++] = p;
}

static struct node *node_of(struct graph *g, struct params *ps, struct param *p)
{
	struct node *x = node_new(g, NULL, NULL);

	x->param = p;
	x->ps = ps;
	x->v = fmap_make(g, F_REAL, 1, 1, p->count, 1, 1, 1);
	x->v.data = ps->value ? ps->value + p->offset : (real *)64;
	x->need = p->trainable && g->grad && !g->aside;
	if (x->need) {
		x->g = x->v;
		x->g.data = ps->grad ? ps->grad + p->offset : (real *)64;
	}
	return x;
}

struct node *param(struct graph *g, struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim)
{
	struct param *p = params_find(ps, name);

	return node_of(g, ps, p ? p : declare(ps, name, init, fan_in, rank, dim, true));
}

struct node *running(struct graph *g, struct params *ps, const char *name, enum init init, int64_t n)
{
	struct param *p = params_find(ps, name);

	return node_of(g, ps, p ? p : declare(ps, name, init, 0, 1, &n, false));
}

static double draw(struct rng *r, const struct param *p)
{
	const double bound = 1 / sqrt((double)p->fan_in), fan_out = p->rank > 1 ? (double)(p->count / p->dim[1]) : 1;

	switch (p->init) {
	case INIT_FAN_IN:
		return rng_range(r, -bound, bound);
	case INIT_HE:
		return rng_normal(r) * sqrt(2) * bound;
	case INIT_XAVIER:
		return rng_normal(r) * sqrt(2 / ((double)p->fan_in + fan_out));
	case INIT_NORMAL:
		return rng_normal(r) * 0.02;
	default:
		return p->init == INIT_ONE;
	}
}

void params_hold(struct params *ps, const struct backend *be)
{
	int64_t at[2] = { ps->trainable, 0 };

	ps->total += ps->trainable;
	for (int i = 0; i < ps->n; i++) {
		struct param *p = ps->p[i];
		p->offset = at[p->trainable];
		at[p->trainable] += p->count;
	}
	ps->be = be;
	ps->value = be->alloc((size_t)ps->total * sizeof(real));
}

void params_freeze(struct params *ps, const struct backend *be, uint64_t seed)
{
	params_hold(ps, be);
	real *host = xcalloc((size_t)ps->total, sizeof *host);
	for (int i = 0; i < ps->n; i++) {
		const struct param *p = ps->p[i];
		struct rng r;
		rng_init(&r, seed, "init", 0, p->name, 0);
		for (int64_t k = 0; k < p->count; k++)
			host[p->offset + k] = (real)draw(&r, p);
	}
	ps->grad = be->alloc((size_t)ps->trainable * sizeof(real));
	be->put(ps->value, host, (size_t)ps->total * sizeof(real));
	free(host);
	params_zero_grad(ps);
	params_touch(ps);
}

void params_copy(struct params *ps, const struct params *from)
{
	const size_t bytes = (size_t)ps->total * sizeof(real);
	real *host = xmalloc(bytes);

	from->be->get(host, from->value, bytes);
	ps->be->put(ps->value, host, bytes);
	free(host);
	params_touch(ps);
}

void params_clone(struct params *ps, const struct params *from)
{
	params_fini(ps);
	*ps = (struct params){ .be = from->be, .n = from->n, .cap = from->n, .trainable = from->trainable, .total = from->total };
	ps->p = xcalloc((size_t)ps->n, sizeof *ps->p);
	for (int i = 0; i < ps->n; i++) {
		ps->p[i] = xmalloc(sizeof **ps->p);
		*ps->p[i] = *from->p[i];
		ps->p[i]->pack = (struct pack){ .mem = { NULL } };
	}
	ps->value = ps->be->alloc((size_t)ps->total * sizeof(real));
	params_copy(ps, from);
}

void params_touch(struct params *ps) { ps->version++; }

void params_zero_grad(struct params *ps) { ps->be->zero(ps->grad, (size_t)ps->trainable * sizeof(real)); }

void params_fini(struct params *ps)
{
	for (int i = 0; i < ps->n; i++) {
		for (int k = 0; k < 2; k++)
			if (ps->p[i]->pack.mem[k])
				ps->be->free(ps->p[i]->pack.mem[k], ps->p[i]->pack.bytes[k]);
		free(ps->p[i]);
	}
	if (ps->value) {
		ps->be->free(ps->value, (size_t)ps->total * sizeof(real));
		if (ps->grad)
			ps->be->free(ps->grad, (size_t)ps->trainable * sizeof(real));
	}
	free(ps->p);
	memset(ps, 0, sizeof *ps);
}
