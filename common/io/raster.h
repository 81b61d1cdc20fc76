/* raster.h: formats with a header of text lines and voxels behind it or in a file beside: MetaImage and NRRD. */
#ifndef PM_RASTER_H
#define PM_RASTER_H

#include "io/volume.h"

enum { HEADER_MOST = 1 << 16 };

/* The beginning of a file, cut into lines as they are asked for. */
struct header {
	char text[HEADER_MOST + 1];
	size_t len, at; /* at: where the next line begins, in the end where the voxels do */
};

int header_read(struct header *h, const char *path, struct err *e);
char *header_line(struct header *h); /* the next line, without its end; NULL: there is none, or it is too long */

enum encoding { CODE_RAW, CODE_DEFLATED, CODE_ASCII, CODE_HEX };

/* Where the voxels are and how they are stored. */
struct raster {
	char *file;             /* whose they are: the header's own, or one beside it; raster_fini frees it */
	int64_t offset;         /* in that file, bytes: the end of the header */
	int64_t lines, bytes;   /* to be skipped there; bytes -1: the voxels end with the file */
	enum encoding encoding;
	enum dtype dtype;
	bool swap;              /* the byte order is not this machine's */
	bool interleaved;       /* a voxel's channels are side by side */
	int64_t dim[4];         /* [C,D,H,W] */
};

/* A file that the header names: one that lies in the header's folder or below. one: what many should be saved as. -1 with e. */
int raster_beside(struct raster *r, const char *path, const char *name, const char *one, struct err *e);
int raster_read(const struct raster *r, struct volume *v, struct err *e);
void raster_fini(struct raster *r);

/* Numbers between blanks or characters of `between`; how many there were (at most max are stored), -1: something else. */
int numbers_of(const char *text, const char *between, double *v, int max);
/* A whole number in lo..hi. */
int whole_of(const char *text, int64_t lo, int64_t hi, int64_t *v);
bool same_word(const char *a, const char *b); /* whatever their case */
char *trimmed(char *text); /* without blanks around it */

#endif
