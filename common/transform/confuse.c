/* confuse.c: classes mistaken for each other, pixel by pixel or block by block. */
#include <stdlib.h>

#include "transform/corrupt.h"

struct conf {
	double share;
	int block, classes, dims;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, share, 0, "P", "0.2", 0, 1, "probability of each pixel (or block) to get another class"),
	OPT_NUMBER(struct conf, block, 0, "N", "1", 1, 1000, "edge of a block in pixels; 1: single ones"),
	OPT_NUMBER(struct conf, classes, 0, "K", "0", 0, CORRUPT_CLASSES, "classes 0..K-1 are drawn from; 0: those of the case"),
	OPT_NUMBER(struct conf, dims, 0, "N", "2", 2, 3, "2: blocks are squares in a slice; 3: cubes"),
	OPT_END,
};

/* A block moves its classes on by the same number in a ring, so that each voxel gets another class, any with the same probability. */
static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	int64_t class[CORRUPT_CLASSES + 1] = { 0 };
	int classes;

	if (!record_peek(r, "label"))
		return 0;
	int64_t *label = corrupt_read(r, class + 1, &classes, e);

	if (!label)
		return -1;
	classes++; /* with 0 */
	for (int k = 0; c->classes && k < classes; k++)
		if (class[k] < 0 || class[k] >= c->classes) {
			free(label);
			return err_set(e, "label %lld, but classes is %d", (long long)class[k], c->classes);
		}
	if (c->classes)
		for (classes = 0; classes < c->classes; classes++)
			class[classes] = classes;
	const int64_t *size = record_peek(r, "label")->dim, b = c->block, deep = c->dims == 2 ? 1 : b;
	const int64_t across = (size[2] + b - 1) / b, blocks = (size[1] + b - 1) / b * across, layers = (size[0] + deep - 1) / deep;
	int *move = xcalloc((size_t)(layers * blocks), sizeof(*move));

	for (int64_t i = 0; i < layers * blocks && classes > 1; i++)
		if (rng_uniform(rng) < c->share)
			move[i] = (int)rng_int(rng, 1, classes - 1);
	for (int64_t i = 0; i < size[0] * size[1] * size[2]; i++) {
		const int64_t z = i / (size[1] * size[2]), y = i / size[2] % size[1], x = i % size[2];
		int k = 0;

		while (class[k] != label[i])
			k++;
		label[i] = class[(k + move[z / deep * blocks + y / b * across + x / b]) % classes];
	}
	free(move);
	return corrupt_write(r, label, "confuse", 0, 0, e);
}

const struct transform transform_confuse = {
	{ "confuse", "pixels or blocks get another class", NULL, opts, sizeof(struct conf) },
	.apply = apply,
};
