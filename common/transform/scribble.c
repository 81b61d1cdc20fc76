/* scribble.c: a stroke of the pen in place of a segmentation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"
#include "transform/corrupt.h"

struct conf {
	struct corrupt_conf c;
	double length;
	int width;
};

static const struct opt opts[] = {
	CORRUPT_SPARSE,
	OPT_NUMBER(struct conf, length, 0, "P", "0.6", 0, 1, "share of the longest way through the structure that is drawn"),
	OPT_NUMBER(struct conf, width, 0, "N", "1", 1, 100, "of the pen: it is grown N - 1 times, inside its class"),
	OPT_END,
};

static int64_t count(const uint8_t *mask, int64_t n)
{
	int64_t sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += mask[i];
	return sum;
}

/* Neighbour k in 0..7 of a pixel, -1: outside the slice. */
static int64_t neighbour(const int64_t size[3], int64_t at, int k)
{
	const int64_t way = k < 4 ? k : k + 1, y = at / size[2] + way / 3 - 1, x = at % size[2] + way % 3 - 1;

	return y < 0 || y >= size[1] || x < 0 || x >= size[2] ? -1 : y * size[2] + x;
}

/* Steps within the mask from a pixel to each other (-1: no way). Returns one of the farthest. queue holds the slice. */
static int64_t sweep(const uint8_t *mask, const int64_t size[3], int64_t from, int64_t *steps, int64_t *queue)
{
	int64_t head = 0, tail = 1;

	memset(steps, 0xff, (size_t)(size[1] * size[2]) * sizeof(*steps));
	queue[0] = from;
	steps[from] = 0;
	while (head < tail) {
		const int64_t at = queue[head++];

		for (int k = 0; k < 8; k++) {
			const int64_t next = neighbour(size, at, k);

			if (next >= 0 && mask[next] && steps[next] < 0) {
				steps[next] = steps[at] + 1;
				queue[tail++] = next;
			}
		}
	}
	return queue[tail - 1];
}

/* Back to where sweep began, at random among the shortest ways. Returns the number of pixels in path. */
static int64_t walk(const int64_t size[3], int64_t at, const int64_t *steps, struct rng *rng, int64_t *path)
{
	int64_t n = 0;

	for (path[n++] = at; steps[at] > 0; path[n++] = at) {
		int64_t way[8], ways = 0;

		for (int k = 0; k < 8; k++) {
			const int64_t next = neighbour(size, at, k);

			if (next >= 0 && steps[next] == steps[at] - 1)
				way[ways++] = next;
		}
		at = way[rng_int(rng, 0, ways - 1)];
	}
	return n;
}

/* Shrinks the largest structure while a third of it stays, so that the pen keeps away from its border. */
static void to_the_middle(uint8_t *mask, const int64_t size[3], uint8_t *next)
{
	const int64_t n = size[1] * size[2];

	keep_largest(mask, size);
	for (const int64_t whole = count(mask, n);; memcpy(mask, next, (size_t)n)) {
		memcpy(next, mask, (size_t)n);
		erode(next, size, 1, true);
		keep_largest(next, size);
		if (!whole || 3 * count(next, n) < whole)
			return;
	}
}

static void part(uint8_t *mask, const int64_t size[3], const struct brush *b)
{
	const struct conf *c = b->conf;
	const int64_t n = size[1] * size[2];
	uint8_t *whole = xmalloc((size_t)n), *next = xmalloc((size_t)n);
	int64_t *steps = xcalloc((size_t)n, sizeof(*steps)), *queue = xcalloc((size_t)n, sizeof(*queue)), inside;

	memcpy(whole, mask, (size_t)n);
	to_the_middle(mask, size, next);
	inside = count(mask, n);
	if (inside) {
		int64_t at = 0, left = rng_int(b->rng, 0, inside - 1);

		while (!mask[at] || left-- > 0)
			at++;
		at = sweep(mask, size, at, steps, queue); /* twice: the way between two pixels far apart */
		at = sweep(mask, size, at, steps, queue);
		const int64_t way = walk(size, at, steps, b->rng, queue), drawn = (int64_t)fmax(1, round(c->length * (double)way));
		const int64_t first = rng_int(b->rng, 0, way - drawn);

		memset(mask, 0, (size_t)n);
		for (int64_t i = first; i < first + drawn; i++)
			mask[queue[i]] = 1;
		dilate(mask, size, c->width - 1, true);
		for (int64_t i = 0; i < n; i++)
			mask[i] &= whole[i];
	}
	free(whole);
	free(next);
	free(steps);
	free(queue);
}

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	corrupt_parts(mask, size, in_plane, arg, part);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct corrupt_conf *c = &((const struct conf *)conf)->c;
	const struct brush b = { conf, rng };

	return corrupt(r, c, &(struct corruption){ .kind = "scribble", .background = true, .rest = c->unlabeled, .one = one, .arg = &b }, e);
}

const struct transform transform_scribble = {
	{ "scribble", "a stroke through the largest structure of each class and slice stays labeled", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = corrupt_check_labels,
};
