/* surface.h: what surface.c and patches.c share: a grid of bits and the search on it. */
#ifndef PM_SURFACE_H
#define PM_SURFACE_H

#include "metric/metric.h"

/* A box of voxels, or of their corners. */
struct grid {
	int64_t size[3], words;
	double spacing[3];
};

/* Distances of the n bits of `from` to the nearest of `to`, in the order of the bits; the caller frees them. */
float *surface_search(const struct grid *g, const uint64_t *from, int64_t n, const uint64_t *to, bool to_any);

/* patches.c: fills the two surfaces, see pair_surfaces. */
void patches(const struct pair *p, struct surface out[2]);

#endif
