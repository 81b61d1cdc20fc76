/* load.h: pymic-load in five steps: lists of cases (dataset.c), their order (plan.c), one case (case.c), threads (ahead.c). */
#ifndef PM_LOAD_H
#define PM_LOAD_H

#include "dataset.h"
#include "io/volume.h"

/* Which case comes next. */
struct lane {
	struct dataset *d;
	int64_t *order, n, at, epoch; /* order: this shard's cases of this epoch */
	int count;                    /* how many in a row, with --mix */
};

struct plan {
	const struct options *o;
	struct lane lane[LANES];
	int lanes, turn, done, shard, shards;
};

struct step {
	struct item *item;
	int64_t epoch;
};

/* What --shard ("1/4": which part of how many) and --mix ("4:4": how many cases in a row from each list) ask for. */
int plan_parse(struct plan *p, const struct options *o, int operands, struct err *e);
int plan_init(struct plan *p, struct dataset *d, struct err *e); /* a dataset for each lane */
bool plan_next(struct plan *p, struct step *s);
int64_t plan_total(const struct plan *p); /* -1: endless */
void plan_fini(struct plan *p);

/* Volumes that a thread keeps from case to case. */
struct scratch {
	struct volume *v;
	int n;
};

/*
 * Reads and checks one case; with --crop the box that r->epoch draws. *warn is filled where something is odd but usable.
 * 0, or -1 with e (files, not the id).
 */
int case_read(const struct item *it, const struct options *o, struct scratch *s, struct record *r, struct err *warn, struct err *e);
/* What the files of a case have in common. */
struct reading {
	const struct item *it;
	const struct options *o;
	const struct window *window;
	struct err *warn;
};
int case_open(const struct reading *c, const char *path, const char *what, struct volume *v, struct err *e); /* a file as it is */
/* Channels; NaN, or what --nan makes of them; labels that are whole numbers, which get an integer type. */
int case_check_values(struct volume *v, const char *path, const char *what, const struct options *o, struct err *e);
/* v must lie on the grid of the image; *warn is filled where it is a little off. */
int case_check_place(const struct volume *v, const char *path, const struct volume *image, const char *image_path,
	const struct options *o, struct err *warn, struct err *e);
/* --classes and --labels, where they are given. label, file: NULL where there is none. */
int case_check_labels(const struct tensor *label, const struct options *o, const char *file, struct err *e);
void scratch_fini(struct scratch *s);

/* Decodes ahead on threads and writes in order. */
void ahead_run(struct plan *p, const struct options *o, int64_t cache, struct ostream *out);

/* --info and --check. Returns the exit status. */
int info_run(char **file, int n, const struct options *o);

/*
 * audit.c: --check of images and lists: each file whole, the files of a case in one place, values, and images that come twice.
 * Lines go to stdout; the end says on stderr what was found in each list.
 */
struct audit;
struct audit *audit_new(const struct options *o);
int audit_image(struct audit *a, const char *path); /* 0, or -1: it is bad, and its line says why */
int audit_list(struct audit *a, const char *path);
int audit_end(struct audit *a); /* frees; how many images came twice */

#endif
