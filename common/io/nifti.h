/* nifti.h: what the files nifti*.c share. The layout of the headers is that of nifticlib's nifti1.h and nifti2.h. */
#ifndef PM_NIFTI_H
#define PM_NIFTI_H

#include "io/volume.h"

/* Places in geometry.nifti: the numbers of the header, as they stand there. */
enum {
	RAW_VERSION, RAW_QFORM, RAW_SFORM, RAW_UNITS, RAW_PIXDIM, RAW_QUATERN = RAW_PIXDIM + 8, RAW_QOFFSET = RAW_QUATERN + 3,
	RAW_SROW = RAW_QOFFSET + 3, RAW_NDIM = RAW_SROW + 12
};

/* A header of either version and byte order, checked. */
struct nifti_head {
	int64_t dim[4];      /* [C,D,H,W] */
	int ndim;
	enum dtype dtype;
	bool swap, pair;     /* pair: the voxels are in the .img beside */
	int64_t vox_offset;
	bool scaled;
	double slope, inter;
	double raw[32];      /* as geometry.nifti */
};

enum { NIFTI_HEAD = 540 };

extern const short nifti_code[PM_DTYPES]; /* NIfTI's number of each type */

/* Reads a header from len bytes (a NIfTI-1 one needs 348 of them). 0, or -1 with e; path is for the message. */
int nifti_parse(const void *bytes, size_t len, const char *path, struct nifti_head *h, struct err *e);

/* The geometry that the raw numbers mean. size is [D,H,W]. 0, or -1 with e (a singular sform, for one). */
int nifti_geometry(const double raw[32], int dims, struct geometry *g, const char *path, struct err *e);
/* The same of raw numbers that may be damaged: what is not usable is taken out of them. True where that was so. */
bool nifti_repair(double raw[32], int dims);

int nifti_write(const char *path, const struct array *a, int n, struct err *e);

#endif
