/* dataset.h: the options, the cases that the operands name (dataset.c), and saved streams as lists of cases (source.c). */
#ifndef PM_DATASET_H
#define PM_DATASET_H

#include "base/opt.h"
#include "io/csv.h"
#include "io/stream.h"

enum { LANES = 8 };

struct options {
	int64_t epochs, seed, skip;
	bool shuffle, all_labels, info, check, allow_missing, fix_affine;
	int threads, classes;
	double foreground;
	const char *mix, *shard, *cache, *label, *dims, *geometry, *nan, *output;
	struct numbers labels, crop;
};

/* One case: files, or a record of a saved stream. */
struct item {
	char *id;
	int images;
	char **image;        /* the channels' files, in order; NULL: this one is missing, but not all are */
	int first;           /* the first that is there */
	char *label, *weight, *spacing; /* NULL: none */
	int class;           /* of the whole image; -1: none */
	struct numbers annotated; /* labels that count, others are unknown; n = 0: all */
	struct source *source; /* the stream, or NULL */
	int64_t offset;      /* of the record in it */
	bool unlabeled;      /* its label is to be ignored */
	bool warned;
	struct record *cached; /* what was read, while the cache has room; or NULL */
};

/* Cases that are drawn in one order. */
struct dataset {
	const char *name; /* of the first operand */
	struct item *item;
	int64_t n, cap;
	bool labels, weights;
	char kind[16];
	struct source *first; /* the first saved stream among the operands, or NULL */
};

void dataset_init(struct dataset *d, const char *name);
/* Adds what the operand names: a list (.csv), a saved stream (.pms) or an image. */
int dataset_add(struct dataset *d, const char *operand, const struct options *o, struct err *e);
struct item *dataset_new(struct dataset *d); /* room for one more case, zeroed; earlier pointers become invalid */
int dataset_kind(struct dataset *d, const char *kind, const char *operand, struct err *e); /* all operands must agree */
int dataset_check_ids(const struct dataset *d, struct err *e); /* they must differ */
/* The same, and files must exist, the dataset must not be empty. */
int dataset_check(struct dataset *d, struct err *e);
void dataset_drop_labels(struct dataset *d);
void dataset_fini(struct dataset *d);
/* Adds to f[n] what records of d have; returns the new n. */
int dataset_fields(const struct dataset *d, struct stream_field *f, int n);

/* source.c: a saved stream, read at any place by one thread at a time. */
int source_index(struct dataset *d, const char *path, struct err *e);
int source_read(struct source *s, int64_t offset, struct record *r, struct err *e);
void sources_close(struct source *first); /* all those of a dataset */
const struct stream_head *source_head(const struct source *s);
/* From a pipe: records go by in their order. */
void source_pass(const char *path, const struct options *o);

#endif
