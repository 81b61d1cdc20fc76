/* volume.h: image files. One table of formats; each reads into and writes from a tensor [C,D,H,W] with its geometry. */
#ifndef PM_VOLUME_H
#define PM_VOLUME_H

#include "base/opt.h"
#include "io/geometry.h"

struct volume {
	struct tensor t; /* [C,D,H,W]; data belongs to the volume */
	size_t cap;
	struct geometry geo;
	int64_t whole[3], from[3]; /* [D,H,W] of the file (0: it was not read), and where in it t begins */
	bool repaired;             /* the affine was damaged and has given way (fix_affine) */
};

/* A box of the file: the same place of all that have the same shape. */
struct window {
	int64_t size[3]; /* [D,H,W]; 0: the whole axis */
	double at[3];    /* 0 to 1: where between the first and the last place it begins */
};

/* What is wanted of a file. */
struct wanted {
	/* "image", "label" or "weight": the array of a container, and how a palette is meant (a label: indices, else colours). */
	const char *array;
	bool fix_affine; /* a damaged affine gives way to what else the header knows */
	const struct window *window; /* NULL: all of it. The geometry stays that of the whole */
};

/* An array for a file; its name counts in containers only. */
struct array {
	const char *name;
	const struct volume *v;
};

struct format {
	struct plugin p;
	const char *endings; /* "nii.gz nii hdr img" */
	/* 0, or -1 with e (it names the file). A reader that takes the window itself sets whole and from. */
	int (*read)(const char *path, const struct wanted *w, struct volume *v, struct err *e);
	int (*write)(const char *path, const struct array *a, int n, struct err *e); /* NULL: this format is read only */
	bool container; /* holds several arrays with names; else n is 1 */
};

extern const struct format *const formats[]; /* ends with NULL */
extern const struct kind format_kind;
const struct format *format_of(const char *path); /* by the ending, NULL: none */

/* Where the file knows no spacing, the one beside it does: {"spacing": [z, y, x]} in STEM.json. */
int volume_get(const char *path, const struct wanted *w, struct volume *v, struct err *e);
int volume_read(const char *path, const char *array, struct volume *v, struct err *e); /* the same, nothing else wanted */
int volume_write(const char *path, const struct volume *v, struct err *e); /* through outfile */
int volume_write_all(const char *path, const struct array *a, int n, struct err *e);
void volume_fini(struct volume *v);

size_t volume_stem(const char *path); /* length of the path without its ending (".nii.gz"; none where it is not known) */

/* For the formats: length of the ending with its dot, 0 for none of these. */
size_t volume_ending(const char *path, const char *endings);
/* Opens a regular file and tells its size. The descriptor, or -1 with e. */
int volume_open(const char *path, int64_t *size, struct err *e);
/* A whole file, from volume_open; the caller frees. NULL with e: it is empty or cannot be read. */
void *volume_slurp(const char *path, int64_t *size, struct err *e);
/* Makes room for [C,D,H,W]; an error where it takes more bytes than the file can justify. */
int volume_reserve(struct volume *v, const char *path, enum dtype t, const int64_t dim[4], int64_t most, struct err *e);
/* Where the window begins, and cutting it out of what was read. -1 with e: it is larger than the file's grid. */
int window_place(const struct window *w, const int64_t whole[3], int64_t from[3], const char *path, struct err *e);
int volume_cut(struct volume *v, const struct window *w, const char *path, struct err *e);
/* Values of size bytes, c of them side by side at each of n places, become planes. */
void to_planes(void *dst, const void *src, int64_t n, int64_t c, size_t size);
void swap_bytes(void *p, int64_t n, size_t size);

#endif
