#include "group.h"

#include <stdlib.h>
#include <string.h>

static void push(struct queue *q, struct record *r)
{
	if (q->n == q->cap) {
		q->cap = q->cap ? 2 * q->cap : 16;
		q->r = xresize(q->r, (size_t)q->cap, sizeof(struct record *));
	}
	q->r[q->n++] = r;
}

static struct record *pop_first(struct queue *q)
{
	struct record *r = q->r[0];
	q->n--;
	memmove(q->r, q->r + 1, (size_t)q->n * sizeof(struct record *));
	return r;
}

static int group_of(const struct grouper *g, const struct record *r, int asked)
{
	if (!g->sorted || g->in[FIRST] != g->in[SECOND])
		return asked;
	return record_peek(r, "label") ? FIRST : SECOND;
}

/* Reads until a sample of the group waits. false: its input has ended. */
static bool await(struct grouper *g, int group)
{
	static const char *const has[] = { "a label", "no label" };
	static const char *const option[] = { "labeled", "unlabeled" };
	while (g->waiting[group].n == 0) {
		struct record *r = g->spare.n ? g->spare.r[--g->spare.n] : xcalloc(1, sizeof *r);
		if (!istream_read(g->in[group], r)) {
			push(&g->spare, r);
			return false;
		}
		int got = group_of(g, r, group);
		if (g->size[got] == 0)
			die(PM_FAIL, "%s: this sample has %s, but --%s is 0", r->id, has[got], option[got]);
		if (got != group && g->waiting[got].n == g->limit)
			die(PM_FAIL, "%s: the input is out of balance: %d samples with %s are waiting for one with %s "
				"(mix the input %d:%d, e.g. pymic-load --mix %d:%d, or raise --queue)", r->id, g->limit + 1, has[got],
				has[group], g->size[FIRST], g->size[SECOND], g->size[FIRST], g->size[SECOND]);
		push(&g->waiting[got], r);
	}
	return true;
}

bool grouper_fill(struct grouper *g)
{
	bool full = true;
	for (int k = 0; k < GROUPS; k++)
		while (g->batch[k].n < g->size[k]) {
			if (!await(g, k)) {
				full = false;
				break;
			}
			push(&g->batch[k], pop_first(&g->waiting[k]));
		}
	return full;
}

void grouper_recycle(struct grouper *g)
{
	for (int k = 0; k < GROUPS; k++) {
		for (int i = 0; i < g->batch[k].n; i++)
			push(&g->spare, g->batch[k].r[i]);
		g->batch[k].n = 0;
	}
}

int grouper_left(const struct grouper *g)
{
	int n = 0;
	for (int k = 0; k < GROUPS; k++)
		n += g->waiting[k].n + g->batch[k].n;
	return n;
}

static void free_queue(struct queue *q)
{
	for (int i = 0; i < q->n; i++) {
		record_fini(q->r[i]);
		free(q->r[i]);
	}
	free(q->r);
}

void grouper_fini(struct grouper *g)
{
	for (int k = 0; k < GROUPS; k++) {
		free_queue(&g->waiting[k]);
		free_queue(&g->batch[k]);
	}
	free_queue(&g->spare);
}
