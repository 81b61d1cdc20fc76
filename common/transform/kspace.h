/* kspace.h: what the artefacts of MR images share: errors at some frequencies along one axis. */
#ifndef PM_KSPACE_H
#define PM_KSPACE_H

#include "transform/channels.h"

/*
 * x += the frequencies of `from` along that axis, each times its weight: number i of n is frequency i - n / 2, in cycles per
 * length of the axis. Of what would be complex the real part. from may be x.
 */
void add_frequencies(float *x, const float *from, const int64_t size[3], int axis, const double *weight);

/* One of the named axes that are longer than one voxel; -1: there is none. */
int axis_at_random(const char *axes, const int64_t size[3], struct rng *rng);

#endif
