/* arena.c: first fit while measuring, and a plan for what has been measured. */
#include "nn/arena.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct span {
	size_t offset, bytes;
};

/* A buffer of a measurement: from take number `born` to before the moment `died`, counted in takes and gives. */
struct life {
	size_t offset, bytes;
	int born, died;
};

struct arena {
	size_t size; /* 0: a measurement */
	size_t end;
	struct span *hole; /* free parts, by address */
	int holes, holes_cap;
	struct life *life; /* of a measurement, or the plan that is followed */
	int lives, lives_cap, clock;
	bool follows;
	int next; /* which of the plan comes */
};

struct arena *arena_open(size_t bytes)
{
	struct arena *a = xcalloc(1, sizeof *a);

	a->size = bytes;
	a->hole = xcalloc((size_t)(a->holes_cap = 64), sizeof *a->hole);
	arena_reset(a);
	return a;
}

void arena_close(struct arena *a)
{
	free(a->hole);
	free(a->life);
	free(a);
}

void arena_reset(struct arena *a)
{
	a->holes = 1;
	a->hole[0] = (struct span){ 0, a->size ? a->size : SIZE_MAX / 2 };
	a->next = 0;
	if (!a->follows)
		a->lives = a->clock = 0;
}

size_t arena_end(const struct arena *a) { return a->end; }
void arena_lowest(struct arena *a) { a->end = 0; }

static size_t first_fit(struct arena *a, size_t bytes)
{
	int i = 0;

	while (i < a->holes && a->hole[i].bytes < bytes)
		i++;
	if (i == a->holes)
		die(PM_FAIL, "bug: the arena of %zu bytes is too small for this step", a->size);
	const size_t offset = a->hole[i].offset;
	a->hole[i].offset += bytes;
	a->hole[i].bytes -= bytes;
	if (!a->hole[i].bytes)
		memmove(a->hole + i, a->hole + i + 1, (size_t)(--a->holes - i) * sizeof *a->hole);
	return offset;
}

size_t arena_take(struct arena *a, size_t bytes, int *number)
{
	size_t offset;

	if (a->follows) {
		*number = a->next;
		if (a->next >= a->lives || a->life[a->next].bytes != bytes)
			die(PM_FAIL, "bug: buffer %d of this step is not the one that was measured", a->next);
		offset = a->life[a->next++].offset;
	} else {
		offset = first_fit(a, bytes);
		*number = a->lives;
		if (a->lives == a->lives_cap)
			a->life = xresize(a->life, (size_t)(a->lives_cap = a->lives_cap ? 2 * a->lives_cap : 256), sizeof *a->life);
		a->life[a->lives++] = (struct life){ offset, bytes, a->clock++, INT_MAX };
	}
	if (offset + bytes > a->end)
		a->end = offset + bytes;
	return offset;
}

void arena_give(struct arena *a, size_t offset, size_t bytes, int number)
{
	int i = 0;

	if (a->follows)
		return;
	a->life[number].died = a->clock++;
	while (i < a->holes && a->hole[i].offset < offset)
		i++;
	const bool left = i > 0 && a->hole[i - 1].offset + a->hole[i - 1].bytes == offset;
	const bool right = i < a->holes && offset + bytes == a->hole[i].offset;
	if (left && right) {
		a->hole[i - 1].bytes += bytes + a->hole[i].bytes;
		memmove(a->hole + i, a->hole + i + 1, (size_t)(--a->holes - i) * sizeof *a->hole);
	} else if (left) {
		a->hole[i - 1].bytes += bytes;
	} else if (right) {
		a->hole[i].offset -= bytes;
		a->hole[i].bytes += bytes;
	} else {
		if (a->holes == a->holes_cap)
			a->hole = xresize(a->hole, (size_t)(a->holes_cap *= 2), sizeof *a->hole);
		memmove(a->hole + i + 1, a->hole + i, (size_t)(a->holes++ - i) * sizeof *a->hole);
		a->hole[i] = (struct span){ offset, bytes };
	}
}

typedef int (*ordering)(const void *, const void *);

static int later(int a, int b) { return (a < b) - (a > b); }

/* Larger ones first. */
static int by_size(const void *x, const void *y)
{
	const struct life *a = *(struct life *const *)x, *b = *(struct life *const *)y;

	return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : later(b->born, a->born);
}

/* Those that live to the end first: what forward leaves for backward lies like a stack. */
static int by_death(const void *x, const void *y)
{
	const struct life *a = *(struct life *const *)x, *b = *(struct life *const *)y;

	return a->died != b->died ? later(a->died, b->died) : by_size(x, y);
}

/* Each in this order as low as nothing that is placed lies at the same time; returns the bytes that all take. */
static size_t place(struct arena *a, ordering order)
{
	struct life **life = xcalloc((size_t)a->lives + 1, sizeof *life), **placed = xcalloc((size_t)a->lives + 1, sizeof *placed);
	size_t end = 0;

	for (int i = 0; i < a->lives; i++)
		life[i] = &a->life[i];
	qsort(life, (size_t)a->lives, sizeof *life, order);
	for (int i = 0; i < a->lives; i++) {
		struct life *l = life[i];
		size_t at = 0;
		int k = i; /* placed[] is ordered by offset; l goes before the first that lies higher */
		for (int j = 0; j < i; j++) {
			const struct life *p = placed[j];
			if (p->died < l->born || l->died < p->born)
				continue;
			if (p->offset >= at + l->bytes)
				break;
			if (p->offset + p->bytes > at)
				at = p->offset + p->bytes;
		}
		for (; k > 0 && placed[k - 1]->offset > at; k--)
			placed[k] = placed[k - 1];
		placed[k] = l;
		l->offset = at;
		end = at + l->bytes > end ? at + l->bytes : end;
	}
	free(life);
	free(placed);
	return end;
}

size_t arena_plan(struct arena *a)
{
	static const ordering orders[] = { by_size, by_death };
	size_t end[PM_COUNT(orders)], best = 0;

	for (size_t i = 0; i < PM_COUNT(orders); i++) {
		end[i] = place(a, orders[i]);
		best = end[i] < end[best] ? i : best;
	}
	return place(a, orders[best]);
}

void arena_follow(struct arena *a, const struct arena *planned)
{
	a->life = xresize(a->life, (size_t)planned->lives + 1, sizeof *a->life);
	memcpy(a->life, planned->life, (size_t)planned->lives * sizeof *a->life);
	a->lives = a->lives_cap = planned->lives;
	a->follows = true;
}
