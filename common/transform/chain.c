/* chain.c: see chain.h. */
#include "transform/chain.h"

#include "transform/grid.h"

int chain_parse(struct chain *c, char *const *word, int n, struct err *e)
{
	if (n > CHAIN_STEPS)
		return err_set(e, "%d transforms, at most %d can be given", n, CHAIN_STEPS);
	for (c->n = 0; c->n < n; c->n++) {
		c->step[c->n].t = transform_parse(&transform_kind, word[c->n], &c->step[c->n].conf, e);
		if (!c->step[c->n].t)
			return -1;
	}
	return 0;
}

int chain_whole(const struct chain *c)
{
	int n = c->n;

	while (n && c->step[n - 1].t->draw && !(c->step[n - 1].t->looks && c->step[n - 1].t->looks(c->step[n - 1].conf)))
		n--;
	return n;
}

static struct rng rng_of(const struct chain *c, const struct record *r, int step)
{
	struct rng rng;

	rng_init(&rng, c->seed, "pymic-augment", (uint64_t)r->epoch, r->id, (uint32_t)step);
	return rng;
}

int chain_apply(const struct chain *c, int from, int to, struct record *r, struct err *e)
{
	for (int i = from; i < to; i++) {
		struct rng rng = rng_of(c, r, i);

		if (transform_apply(c->step[i].t, c->step[i].conf, r, &rng, e))
			return err_prefix(e, "%s", c->step[i].t->p.name);
	}
	return 0;
}

int chain_draw(const struct chain *c, struct record *r, struct actions *to, struct err *e)
{
	to->n = 0;
	to->known = false;
	for (int i = chain_whole(c); i < c->n; i++) {
		struct rng rng = rng_of(c, r, i);
		const char *name = c->step[i].t->p.name;
		const int first = to->n;

		if (c->step[i].t->draw(c->step[i].conf, r, &rng, to, e))
			return err_prefix(e, "%s", name);
		for (int k = first; k < to->n; k++)
			if (action_warps(&to->v[k]))
				grid_push(r, name, &to->v[k]);
	}
	return 0;
}
