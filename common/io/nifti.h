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

/* .nii or .nii.gz, as format.write. */
int nifti_write(const char *path, const struct volume *v, struct err *e);

/* A file that may be gzipped (known by its first bytes). read: bytes got, fewer only at the end; -1 with e. */
struct unzip;
struct unzip *unzip_open(const char *path, struct err *e);
int64_t unzip_read(struct unzip *z, void *dst, int64_t n, struct err *e);
int64_t unzip_justifies(const struct unzip *z); /* the most bytes that can come out of this file */
int unzip_end(struct unzip *z, struct err *e);  /* the data must end here, with the right checksum */
void unzip_close(struct unzip *z);

#endif
