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

void geometry_plain(struct geometry *g, int dims); /* nothing is known: 1 voxel, "vox" */
void geometry_spacing(struct geometry *g, const double mm[3]); /* only the size of a voxel is known: z, y, x */
/* What a container says, NULL where it says nothing: 0, or -1: it cannot be used. */
int geometry_take(struct geometry *g, const double *spacing, const double *affine);
bool geometry_placed(const struct geometry *g); /* does the file say where its voxels lie, beyond their size? */
/*
 * axis[i]: from a voxel to its neighbour along x, y, z (i = 0, 1, 2), origin: of the first one, both in mm as ITK has
 * them (to the patient's left, back, head). -1: these are no axes (NaN, or they lie in a plane).
 */
int geometry_from_lps(struct geometry *g, const double axis[3][3], const double origin[3]);

void geometry_put(const struct geometry *g, struct meta *m);
int geometry_get(const struct meta *m, struct geometry *g); /* -1: meta has none; *g is then 1 voxel, "vox" */

/* The largest distance, in units of the smaller spacing, by which the two affines move a corner of the grid [d,h,w]. */
double geometry_distance(const struct geometry *a, const struct geometry *b, const int64_t size[3]);

#endif
