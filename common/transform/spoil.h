/* spoil.h: what transforms share that spoil an image, whose original becomes the target: a network shall make it again. */
#ifndef PM_SPOIL_H
#define PM_SPOIL_H

#include "transform/transform.h"

/* Blocks at random places. The settings of a transform begin with it. */
struct blocks {
	struct numbers count, block;
	double p;
};

#define BLOCKS_OPTS(count_dflt, block_dflt, p_dflt) \
	OPT_NUMBER(struct blocks, count, 0, "LO,HI", count_dflt, 0, 1e6, "how many blocks, drawn from LO..HI; one number: always that"), \
	OPT_NUMBER(struct blocks, block, 0, "D,H,W", block_dflt, 1, 65536, "size of a block; at most that of the image"), \
	OPT_NUMBER(struct blocks, p, 0, "P", p_dflt, 0, 1, "probability that a sample is changed at all")

int blocks_check(const void *conf, struct err *e);

struct box {
	int64_t start[3], size[3];
};

/* Anywhere in the grid, but that many voxels from its border, where there is room. size: D,H,W. */
struct box box_at_random(const int64_t grid[3], const double size[3], int64_t margin, struct rng *rng);
/* Calls one() with the offset in a channel of each row along W of the box, its length and its number. */
void box_rows(const struct box *b, const int64_t grid[3], void (*one)(int64_t at, int64_t n, int64_t row, void *arg), void *arg);

/*
 * The image as f32; where copy is not NULL, also a copy of it from which blocks are read (to be freed). The field target gets the
 * same values, if there is none yet: the first that spoils keeps the original. NULL with e.
 */
struct tensor *spoil(struct record *r, float **copy, struct err *e);

#endif
