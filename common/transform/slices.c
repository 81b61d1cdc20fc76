/* slices.c: some slices of a volume, in random order. */
#include "transform/grid.h"

#include <stdlib.h>

struct conf {
	int count;
	double foreground;
	struct numbers labels;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, count, 0, "N", "1", 1, 65536, "how many; all where there are no more"),
	OPT_NUMBER(struct conf, foreground, 0, "P", "0", 0, 1, "probability that one meets a random class"),
	OPT_NUMBER(struct conf, labels, 0, "L", "", -1e9, 1e9, "those classes; none given: all values but the smallest"),
	OPT_END,
};

static int check(const void *conf, struct err *e) { return whole_numbers(&((const struct conf *)conf)->labels, "label", e); }

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	int64_t size[3], start[3], to[3];

	if (grid_of(r, size, e))
		return -1;
	for (int a = 0; a < 3; a++)
		to[a] = a ? size[a] : 1;
	const int found = crop_drawn(c->foreground, &c->labels, r, size, to, start, rng, e);
	int64_t *slice = xcalloc((size_t)size[0], sizeof *slice), n = c->count < size[0] ? c->count : size[0];

	rng_shuffle(rng, slice, size[0]);
	for (int64_t i = 0; i < size[0] && found > 0; i++) /* that one comes first */
		if (slice[i] == start[0]) {
			slice[i] = slice[0];
			slice[0] = start[0];
		}
	const int failed = found < 0 || grid_slices(r, size, slice, n, e);

	free(slice);
	return failed ? -1 : 0;
}

const struct transform transform_slices = {
	{ "slices", "keep random slices, in random order; cannot be undone (crop keeps neighbours)", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
