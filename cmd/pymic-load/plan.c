/* plan.c: the order of the cases. It depends on the seed, the epoch and the list, and on nothing else. */
#include "load.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

static int parse_shard(const char *text, int *shard, int *shards, struct err *e)
{
	*shard = 1;
	*shards = 1;
	if (!text[0])
		return 0;
	char end;
	if (sscanf(text, "%d/%d%c", shard, shards, &end) != 2 || *shards < 1 || *shard < 1 || *shard > *shards)
		return err_set(e, "--shard %s: expected I/N with I from 1 to N, such as 1/4", text);
	return 0;
}

static int parse_mix(const char *text, int lists, struct lane lane[LANES], struct err *e)
{
	int n = 0;
	for (const char *s = text; n < LANES;) {
		char *end;
		long v = strtol(s, &end, 10);
		if (end == s || v < 1 || v > 100000 || (*end && *end != ':'))
			break;
		lane[n++].count = (int)v;
		if (!*end)
			return n == lists ? 0 : err_set(e, "--mix %s: for %d list%s, but there %s %d", text, n, n == 1 ? "" : "s",
				lists == 1 ? "is" : "are", lists);
		s = end + 1;
	}
	return err_set(e, "--mix %s: expected a number of cases for each list (at most %d), such as 4:4", text, LANES);
}

/* Draws the order of the lane's present epoch; shards take turns in it. */
static void draw(struct plan *p, int k)
{
	struct lane *l = &p->lane[k];
	int64_t n = l->d->n;
	if (p->o->shuffle) {
		struct rng rng;
		rng_init(&rng, (uint64_t)p->o->seed, "pymic-load", (uint64_t)l->epoch, "order", (uint32_t)k);
		rng_shuffle(&rng, l->order, n);
	} else
		for (int64_t i = 0; i < n; i++)
			l->order[i] = i;
	l->n = 0;
	for (int64_t i = p->shard - 1; i < n; i += p->shards)
		l->order[l->n++] = l->order[i];
	l->at = 0;
}

int plan_parse(struct plan *p, const struct options *o, int operands, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->o = o;
	p->lanes = o->mix[0] ? operands : 1;
	if (parse_shard(o->shard, &p->shard, &p->shards, e) != 0)
		return -1;
	return o->mix[0] ? parse_mix(o->mix, operands, p->lane, e) : 0;
}

int plan_init(struct plan *p, struct dataset *d, struct err *e)
{
	for (int k = 0; k < p->lanes; k++) {
		if (d[k].n < p->shard)
			return err_set(e, "%s: --shard %s is empty: the list has %lld case%s", d[k].name, p->o->shard,
				(long long)d[k].n, d[k].n == 1 ? "" : "s");
		p->lane[k].d = &d[k];
		p->lane[k].order = xcalloc((size_t)d[k].n, sizeof(*p->lane[k].order));
		draw(p, k);
	}
	return 0;
}

bool plan_next(struct plan *p, struct step *s)
{
	struct lane *l = &p->lane[p->turn];
	if (l->at == l->n) {
		if (p->turn == 0 && p->o->epochs > 0 && l->epoch + 1 >= p->o->epochs)
			return false;
		l->epoch++;
		draw(p, p->turn);
	}
	s->item = &l->d->item[l->order[l->at++]];
	s->epoch = l->epoch;
	if (p->lanes > 1 && ++p->done == l->count) {
		p->done = 0;
		p->turn = (p->turn + 1) % p->lanes;
	}
	return true;
}

int64_t plan_total(const struct plan *p)
{
	const struct lane *l = &p->lane[0];
	if (p->o->epochs == 0)
		return -1;
	int64_t own, total;
	if (!product((const int64_t[]){ l->n, p->o->epochs, 1000000 }, 3, &own)) /* with room for the other lists */
		return -1;
	total = own = l->n * p->o->epochs;
	for (int k = 1; k < p->lanes; k++)
		total += own / l->count * p->lane[k].count;
	return total;
}

void plan_fini(struct plan *p)
{
	for (int k = 0; k < p->lanes; k++)
		free(p->lane[k].order);
}
