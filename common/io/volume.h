/* volume.h: image files. One table of formats; each reads into and writes from a tensor [C,D,H,W] with its geometry. */
#ifndef PM_VOLUME_H
#define PM_VOLUME_H

#include "io/geometry.h"

struct volume {
	struct tensor t; /* [C,D,H,W]; data belongs to the volume */
	size_t cap;
	struct geometry geo;
};

struct format {
	const char *name, *endings; /* "nii.gz nii hdr img" */
	/*
	 * 0, or -1 with e (it names the file). dataset: "image", "label" or "weight": the array of a container file (HDF5),
	 * and how a palette is meant (PNG: indices where it is a label, colours elsewhere).
	 */
	int (*read)(const char *path, const char *dataset, struct volume *v, struct err *e);
	int (*write)(const char *path, const struct volume *v, struct err *e); /* NULL: this format is read only */
};

extern const struct format format_nifti, format_png, format_hdf5;
extern const struct format *const formats[]; /* ends with NULL */
const struct format *format_of(const char *path); /* by the ending, NULL: none */

int volume_read(const char *path, const char *dataset, struct volume *v, struct err *e);
int volume_write(const char *path, const struct volume *v, struct err *e); /* through outfile */
void volume_fini(struct volume *v);

size_t volume_stem(const char *path); /* length of the path without its ending (".nii.gz"; none where it is not known) */

/* For the formats: length of the ending with its dot, 0 for none of these. */
size_t volume_ending(const char *path, const char *endings);
/* Opens a regular file and tells its size. The descriptor, or -1 with e. */
int volume_open(const char *path, int64_t *size, struct err *e);
/* Makes room for [C,D,H,W]; an error where it takes more bytes than the file can justify. */
int volume_reserve(struct volume *v, const char *path, enum dtype t, const int64_t dim[4], int64_t most, struct err *e);

#endif
