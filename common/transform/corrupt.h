/* corrupt.h: what the transforms that corrupt labels share: class by class as binary masks, then one label again. */
#ifndef PM_CORRUPT_H
#define PM_CORRUPT_H

#include "transform/transform.h"

struct corrupt_conf {
	struct numbers radius, labels; /* radius: none where the kind of noise has no such setting */
	int dims;
	double share; /* what it is a share of depends on the kind */
	int unlabeled;
};

#define CORRUPT_WHERE \
	OPT_NUMBER(struct corrupt_conf, labels, 0, "L", "", -1e9, 1e9, "classes to corrupt; none given: all but 0"), \
	OPT_NUMBER(struct corrupt_conf, dims, 0, "N", "2", 2, 3, "2: slice by slice, as people draw; 3: in the volume")
#define CORRUPT_OPTS \
	OPT_NUMBER(struct corrupt_conf, radius, 0, "LO,HI", "6,12", 1, 1000, "pixels, drawn from LO..HI; one number: always that"), \
	CORRUPT_WHERE
#define CORRUPT_SPARSE \
	OPT_NUMBER(struct corrupt_conf, labels, 0, "L", "", -1e9, 1e9, "classes to annotate so; none given: all, 0 too"), \
	OPT_NUMBER(struct corrupt_conf, unlabeled, 0, "N", "255", 1, 65535, "what all other voxels become; no class of the label")

int corrupt_check(const void *conf, struct err *e);        /* all settings */
int corrupt_check_labels(const void *conf, struct err *e); /* of a kind without radius */

/* Draws a radius. */
int corrupt_radius(const struct corrupt_conf *c, struct rng *rng);

enum { CORRUPT_CLASSES = 256 };
/*
 * The label [D,H,W] of a record that has one, as numbers that the caller frees, and its classes but 0, ascending. NULL with
 * e: it is no label.
 */
int64_t *corrupt_read(const struct record *r, int64_t class[CORRUPT_CLASSES], int *classes, struct err *e);
/*
 * Writes it back and frees it. Meta remembers the kind and, where hi > 0, the radius (or its range: hi > lo) as "noise" and
 * "noise_radius". -1 with e: the label's type cannot hold a number.
 */
int corrupt_write(struct record *r, int64_t *label, const char *kind, int lo, int hi, struct err *e);

struct corruption {
	const char *kind;
	int lo, hi;      /* the radius to remember; 0: none */
	bool background; /* class 0 is one of the classes */
	int64_t rest;    /* what voxels become that no mask claims; no class then, unless it is 0 */
	void (*one)(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg);
	const void *arg;
};

/*
 * Calls one() with the mask of each class, in ascending order. Where several changed masks claim a voxel, its old class
 * keeps it if it is among them, else the smallest number gets it. A record without label stays as it is.
 */
int corrupt(struct record *r, const struct corrupt_conf *c, const struct corruption *how, struct err *e);

/* What one() needs where it draws. */
struct brush {
	const void *conf;
	struct rng *rng;
};

/* Calls f with each part of the mask that is drawn at once: the slices, or the whole. */
void corrupt_parts(uint8_t *mask, const int64_t size[3], bool in_plane, const struct brush *b,
	void (*f)(uint8_t *part, const int64_t size[3], const struct brush *b));

/* A disc, or a ball: all closer than the radius to voxel `at`. */
void corrupt_disc(uint8_t *out, const int64_t size[3], int64_t at, int64_t radius, bool in_plane);

#endif
