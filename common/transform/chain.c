/* chain.c: see chain.h. */
#include "transform/chain.h"

#include <stdlib.h>

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

static bool looks(const struct chain *c, int step)
{
	const struct transform *t = c->step[step].t;

	return !t->draw || (t->looks && t->looks(c->step[step].conf));
}

int chain_whole(const struct chain *c)
{
	int n = c->n;

	while (n && !looks(c, n - 1))
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
	struct actions a = { .n = 0 };
	int failed = 0;

	for (int i = from; i < to && !failed; i++) {
		const struct transform *t = c->step[i].t;
		struct rng rng = rng_of(c, r, i);

		if (looks(c, i)) /* at the voxels as they are by then */
			failed = actions_apply(&a, r, e) || transform_apply(t, c->step[i].conf, r, &rng, e);
		else
			failed = transform_draw(t, c->step[i].conf, r, &rng, &a, e);
	}
	failed = failed || actions_apply(&a, r, e);
	free(a.v);
	return failed ? -1 : 0;
}

int chain_draw(const struct chain *c, struct record *r, struct actions *to, struct err *e)
{
	to->n = 0;
	to->known = false;
	for (int i = chain_whole(c); i < c->n; i++) {
		struct rng rng = rng_of(c, r, i);

		if (transform_draw(c->step[i].t, c->step[i].conf, r, &rng, to, e))
			return -1;
	}
	actions_join(to);
	return 0;
}
