/* corrupt.h: what the transforms that corrupt labels share: class by class as binary masks, then one label again. */
#ifndef PM_CORRUPT_H
#define PM_CORRUPT_H

#include "transform/transform.h"

struct corrupt_conf {
	struct numbers radius, labels;
	int dims;
	double share; /* edge only */
};

#define CORRUPT_OPTS \
	OPT_NUMBER(struct corrupt_conf, radius, 0, "LO,HI", "6,12", 1, 1000, "pixels, drawn from LO..HI; one number: always that"), \
	OPT_NUMBER(struct corrupt_conf, labels, 0, "L", "", -1e9, 1e9, "classes to corrupt; none given: all but 0"), \
	OPT_NUMBER(struct corrupt_conf, dims, 0, "N", "2", 2, 3, "2: slice by slice, as people draw; 3: in the volume")

int corrupt_check(const void *conf, struct err *e);

/* Draws a radius. */
int corrupt_radius(const struct corrupt_conf *c, struct rng *rng);

/*
 * Calls one() with the mask of each class, in ascending order. Where several changed masks claim a voxel, its old class
 * keeps it if it is among them, else the smallest number gets it. What none claims becomes 0. Meta remembers the kind
 * and the radius (or its range: hi > lo) as "noise" and "noise_radius". A record without label stays as it is.
 */
int corrupt(struct record *r, const struct corrupt_conf *c, const char *kind, int lo, int hi,
	void (*one)(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg), const void *arg, struct err *e);

#endif
