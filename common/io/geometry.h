/*
 * geometry.h: where the voxels of an image lie. It travels in a record's meta and goes back into the files that
 * pymic-save writes, byte for byte.
 */
#ifndef PM_GEOMETRY_H
#define PM_GEOMETRY_H

#include "tensor/record.h"

struct geometry {
	int dims;           /* 2 or 3 */
	double spacing[3];  /* z, y, x: mm when units is "mm", else 1 */
	double affine[16];  /* voxel (x, y, z, 1) to mm, row-major: sform if its code > 0, else qform, else the spacing alone */
	char units[8];      /* "mm" or "vox" (the file says nothing) */
	bool has_nifti;
	double nifti[32];   /* version 1|2, qform_code, sform_code, xyzt_units, pixdim[8], quatern b c d, qoffset x y z, srow x y z */
};

void geometry_put(const struct geometry *g, struct meta *m);
int geometry_get(const struct meta *m, struct geometry *g); /* -1: meta has none; *g is then 1 voxel, "vox" */

/* The largest distance, in units of the smaller spacing, by which the two affines move a corner of the grid [d,h,w]. */
double geometry_distance(const struct geometry *a, const struct geometry *b, const int64_t size[3]);

#endif
