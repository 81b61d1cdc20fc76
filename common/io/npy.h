/* npy.h: arrays as numpy writes them (numpy.lib.format), alone in .npy or several in the zip archive .npz. */
#ifndef PM_NPY_H
#define PM_NPY_H

#include "io/volume.h"

enum { NPY_HEAD = 128 };

/* Bytes of a file, or of a member of an archive. */
struct npy_source {
	int64_t (*read)(struct npy_source *s, void *to, int64_t n, struct err *e); /* bytes got, fewer only at the end; -1 with e */
	void *from;
	const char *path;
	int64_t left; /* what may still be read: so much the array must have, too */
	int64_t most; /* bytes that the file can justify */
};

/* An array of 2 to 4 axes, [H,W], [D,H,W] or [C,D,H,W], to v, whose geometry becomes a plain one. 0, or -1 with e. */
int npy_take(struct npy_source *s, struct volume *v, struct err *e);

void npy_head(char head[NPY_HEAD], const struct volume *v);
/* The axes that tell [C,D,H,W]: no channels where there is one, no slices of flat images. Returns how many. */
int plain_shape(const struct volume *v, int64_t dim[4]);

#endif
