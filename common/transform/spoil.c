/* spoil.c: see spoil.h. */
#include "transform/spoil.h"

#include "transform/grid.h"

#include <stdlib.h>
#include <string.h>

int blocks_check(const void *conf, struct err *e)
{
	const struct blocks *c = conf;

	if (whole_range(&c->count, "count", e))
		return -1;
	if (c->block.n != 3)
		return err_set(e, "block has %d numbers: give D,H,W", c->block.n);
	return whole_numbers(&c->block, "block", e);
}

struct box box_at_random(const int64_t grid[3], const double size[3], int64_t margin, struct rng *rng)
{
	struct box b;

	for (int a = 0; a < 3; a++) {
		b.size[a] = (int64_t)size[a] < grid[a] ? (int64_t)size[a] : grid[a];
		const int64_t last = grid[a] - b.size[a], away = last >= 2 * margin ? margin : 0;
		b.start[a] = rng_int(rng, away, last - away);
	}
	return b;
}

void box_rows(const struct box *b, const int64_t grid[3], void (*one)(int64_t at, int64_t n, int64_t row, void *arg), void *arg)
{
	for (int64_t z = 0; z < b->size[0]; z++)
		for (int64_t y = 0; y < b->size[1]; y++)
			one(((b->start[0] + z) * grid[1] + b->start[1] + y) * grid[2] + b->start[2], b->size[2], z * b->size[1] + y, arg);
}

struct tensor *spoil(struct record *r, float **copy, struct err *e)
{
	const struct tensor *image = image_float(r, e);

	if (!image)
		return NULL;
	const size_t bytes = (size_t)tensor_count(image) * sizeof(float);
	if (!record_peek(r, "target"))
		memcpy(record_put(r, "target", PM_F32, 4, image->dim)->data, image->data, bytes);
	if (copy) {
		*copy = xmalloc(bytes);
		memcpy(*copy, image->data, bytes);
	}
	return record_get(r, "image");
}
