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
	/* 0, or -1 with e. dataset: which array of a container file (HDF5: "image", "label"); others ignore it. */
	int (*read)(const char *path, const char *dataset, struct volume *v, struct err *e);
	int (*write)(const char *path, const struct volume *v, struct err *e); /* NULL: this format is read only */
};

extern const struct format *const formats[]; /* ends with NULL */
const struct format *format_of(const char *path); /* by the ending, NULL: none */

int volume_read(const char *path, const char *dataset, struct volume *v, struct err *e);
int volume_write(const char *path, const struct volume *v, struct err *e); /* through outfile */
void volume_fini(struct volume *v);

#endif
