/*
 * arena.h: where the buffers of a step lie in one piece of memory. A measurement takes and gives back as the step will, and
 * writes down when; a plan then places all of them. That needs a few percent less than the first fit does, which is what an
 * arena without a plan uses.
 */
#ifndef PM_ARENA_H
#define PM_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_open(size_t bytes); /* 0: a measurement, without an end */
void arena_close(struct arena *a);
void arena_reset(struct arena *a); /* all are given back: once per step */

/* The offset of a new buffer; *number tells it from the others of the step. Dies where there is no room. */
size_t arena_take(struct arena *a, size_t bytes, int *number);
void arena_give(struct arena *a, size_t offset, size_t bytes, int number);

/* One past the highest byte that was ever taken; arena_lowest forgets it. */
size_t arena_end(const struct arena *a);
void arena_lowest(struct arena *a);

/* Plans what has been measured since the reset; returns the bytes that it takes. */
size_t arena_plan(struct arena *a);
/* From the next reset on, buffers lie as planned: the same must be taken and given back in the same order. */
void arena_follow(struct arena *a, const struct arena *planned);

#endif
