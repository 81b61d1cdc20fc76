/*
 * record.h: what travels in a stream: an id, named tensors, and meta, a map of named values of which each tool knows some.
 * Field names: image [C,D,H,W], label [D,H,W] integer, weight [D,H,W] f32, pred [D,H,W], prob [K,D,H,W], target [C,D,H,W]
 * f32 (the image before it was spoiled, to be made again); a batch puts N in front of each. A sample without label is
 * unlabeled. A batch holds label and weight for its first samples only: meta "groups" = [labeled, unlabeled].
 * Meta keys: spacing [z,y,x], affine [16] (voxel x,y,z to mm, row-major), units "mm"|"vox", dims 2|3, source (path of
 * the first image), nifti (the header's geometry, see io/geometry.h), missing (channels of
 * zeros, whose files were not there), undo (a stack, see below).
 */
#ifndef PM_RECORD_H
#define PM_RECORD_H

#include "tensor/tensor.h"

enum { PM_MAX_FIELDS = 16, PM_NAME = 64, PM_ID = 256 };

/* One msgpack map, kept as bytes: what a tool does not know it passes on unread. Zero-initialised is an empty map. */
struct meta {
	char *buf;
	size_t len, cap;
};

struct field {
	char name[PM_NAME];
	struct tensor t;
	size_t cap; /* bytes allocated at t.data: kept from record to record */
};

struct record {
	char id[PM_ID];
	int64_t epoch;
	struct meta meta;
	int n;
	struct field f[PM_MAX_FIELDS]; /* f[n..] are unused but may own buffers for the next record */
};

struct tensor *record_get(struct record *r, const char *name); /* NULL: no such field */
const struct tensor *record_peek(const struct record *r, const char *name);

/* Makes (or reshapes) a field and gives its tensor; contents are undefined. Dies when the shape is absurd: check first. */
struct tensor *record_put(struct record *r, const char *name, enum dtype t, int rank, const int64_t *dim);
void record_drop(struct record *r, const char *name);
/* At least that many bytes at f->t.data; what lies there stays. For readers that learn the size as the bytes come. */
void field_reserve(struct field *f, size_t bytes);
void record_copy(struct record *dst, const struct record *src);
void record_swap(struct record *a, struct record *b);
void record_clear(struct record *r); /* no fields, no meta, buffers kept */
void record_fini(struct record *r);  /* frees all */

/* Meta. Numbers: how many were there (at most max are written), or -1. Text: 0, or -1. Setting replaces. */
int meta_numbers(const struct meta *m, const char *key, double *v, int max);
int meta_text(const struct meta *m, const char *key, char *out, size_t size);
double meta_number(const struct meta *m, const char *key, double absent);
void meta_set_numbers(struct meta *m, const char *key, const double *v, int n);
void meta_set_number(struct meta *m, const char *key, double v); /* written as an integer where it is one */
void meta_set_text(struct meta *m, const char *key, const char *text);
void meta_delete(struct meta *m, const char *key);
void meta_copy(struct meta *dst, const struct meta *src);
void meta_fini(struct meta *m);

/* The undo stack: {t: name of what was done to the grid, p: [numbers]} per entry, last one on top. pop: count, or -1 when empty. */
void meta_push_undo(struct meta *m, const char *name, const double *v, int n);
int meta_pop_undo(struct meta *m, char *name, size_t size, double *v, int max);

#endif
