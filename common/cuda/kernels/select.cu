/*
 * select.cu: the smallest of many numbers, found digit by digit of their ordered bits and, among equals, of their places:
 * each digit is a count of the values that it has, in a fold, and one thread's choice.
 */
#include <string.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"
#include "nn/smallest.h"

enum { DIGIT = 4, VALUES = 1 << DIGIT, KEY = 32 };

/* The last one that is taken, as far as it is known, and how many are to be taken of those that begin like it. */
struct last {
	uint64_t key;
	int64_t left;
	uint32_t all; /* none is left out */
};

struct field {
	const real *x, *among; /* among: NULL, or 0 where an element does not count */
	uint32_t n;
};

CELL bool counts(const struct field *f, uint32_t i) { return !f->among || f->among[i] != 0; }

CELL void size(const struct field *f, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	(void)out;
	for (uint32_t i = thread; i < f->n; i += threads)
		sum[0] += counts(f, i);
}
FOLD_OF(size, field, 1)

/* Number and place as one unsigned number of the same order; -0 is 0. */
CELL uint64_t key_of(const real *x, uint32_t i)
{
	const float v = x[i] + 0.0f;
	uint32_t u;

	memcpy(&u, &v, sizeof u);
	return (uint64_t)(u >> 31 ? ~u : u | 0x80000000u) << KEY | i;
}

struct begin {
	const float *partial;
	uint32_t parts;
	struct last *last;
	double share;
};

CELL void begin(const struct begin *a, uint32_t i)
{
	int64_t n = 0;

	for (uint32_t k = 0; k < a->parts; k++)
		n += (int64_t)a->partial[k];
	a->last[i].key = 0;
	a->last[i].left = smallest_count(a->share, n);
	a->last[i].all = a->last[i].left == n;
}
EACH(begin)

struct tell {
	struct field field;
	const struct last *last;
	uint32_t at; /* the digit's lowest bit */
};

/* How many of those that begin like the last one go on with each value. */
CELL void tell(const struct tell *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	const uint64_t begins = a->last->key;

	(void)out;
	for (uint32_t i = thread; i < a->field.n; i += threads) {
		const uint64_t key = key_of(a->field.x, i) >> a->at;
		const bool one = key >> DIGIT == begins && counts(&a->field, i);
		for (uint32_t v = 0; v < VALUES; v++)
			sum[v] += one && key % VALUES == v;
	}
}
FOLD(tell, VALUES)

struct narrow {
	const float *partial;
	uint32_t parts;
	struct last *last;
};

CELL void narrow(const struct narrow *a, uint32_t i)
{
	struct last *last = a->last + i;
	uint32_t v = 0;

	for (; v < VALUES; v++) {
		int64_t seen = 0;
		for (uint32_t k = 0; k < a->parts; k++)
			seen += (int64_t)a->partial[(size_t)k * VALUES + v];
		if (last->left < seen || v == VALUES - 1)
			break;
		last->left -= seen;
	}
	last->key = last->key << DIGIT | v;
}
EACH(narrow)

struct taken {
	real *mask;
	struct field field;
	const struct last *last;
};

/* No two keys are equal: what comes before the first that is not taken is taken. */
CELL void taken(const struct taken *a, uint32_t i)
{
	a->mask[i] = counts(&a->field, i) && (a->last->all || key_of(a->field.x, i) < a->last->key);
}
EACH(taken)

void cuda_smallest(real *mask, const real *x, const real *among, int64_t n, double share)
{
	const uint32_t parts = fold_parts(n);
	float *partial = (float *)device_scratch(sizeof(struct last) + (size_t)parts * VALUES * sizeof *partial);
	struct last *last = (struct last *)(partial + (size_t)parts * VALUES);
	const struct field field = { x, among, (uint32_t)n };
	const struct begin b = { partial, parts, last, share };
	const struct narrow next = { partial, parts, last };
	const struct taken t = { mask, field, last };

	size_fold(&field, 1, parts, partial);
	begin_each(&b, 1);
	for (int at = 2 * KEY - DIGIT; at >= 0; at -= DIGIT) {
		const struct tell digit = { field, last, (uint32_t)at };
		tell_fold(&digit, 1, parts, partial);
		narrow_each(&next, 1);
	}
	taken_each(&t, n);
}
