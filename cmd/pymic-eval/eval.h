/*
 * eval.h: pymic-eval in four steps: what is asked (plan.c), which cases there are (source.c), one case (score.c), and all
 * of them together (report.c). Two jobs work on tables instead: compare.c and classify.c.
 */
#ifndef PM_EVAL_H
#define PM_EVAL_H

#include "io/csv.h"
#include "io/stream.h"
#include "io/volume.h"
#include "plan.h"
#include "sheet.h"

/* One case to judge. Without a file, the record holds that side. */
struct job {
	char id[PM_ID];
	const char *truth, *pred;
	struct record rec;
};

struct source;
/* Opens what the options name: lists of files, or the stream on stdin. Dies on failure. */
struct source *source_open(const struct options *o);
int64_t source_total(const struct source *s); /* -1: not known */
/* The next case, for one thread at a time; false: no more. Predictions nobody asked for are passed over with a warning. */
bool source_next(struct source *s, struct job *j);
/* After the last one: lists the cases without prediction; how many there are, and how many predictions nobody asked for. */
void source_missing(const struct source *s, int64_t *missing, int64_t *extra);
void source_close(struct source *s);

/* Buffers that a thread keeps from case to case. */
struct scratch {
	struct volume pred, truth;
	uint8_t *pred_mask, *truth_mask;
	size_t voxels; /* room for so many */
};
void scratch_fini(struct scratch *s);

enum { HAS_PRED = 1, HAS_TRUTH = 2 };

struct score {
	char id[PM_ID];
	char unit[8];         /* "mm" or "vox" */
	double *value;        /* [measures][columns] */
	uint8_t *has;         /* [structures], HAS_... */
	struct err odd, fail; /* a warning; why there is no value; "": all is well */
};

void score_init(struct score *s, const struct plan *p, const char *id);
/* 0, or -1 with s->fail. */
int score_case(struct score *s, const struct plan *p, const struct job *j, struct scratch *scratch);
void score_fini(struct score *s);

/* Puts a row per case, then mean, std and counts; or in a table, for the eye, the means alone. */
void report(struct sheet *out, const struct plan *p, const struct options *o, struct score *const *s, int64_t n);
/* Says on stderr what the numbers alone hide: empty masks and mixed units. */
void report_notes(const struct plan *p, struct score *const *s, int64_t n);

/* compare.c, classify.c: put what two results, or two tables of classes, say. How many cases only one of them has. */
int64_t compare_results(struct sheet *out, const struct options *o, const char *a, const char *b);
int64_t classify(struct sheet *out, const struct options *o);
/* Row in b of each case of a (their first cells), or -1. Names those that only one of them has; returns how many. */
int64_t match_cases(const struct csv *a, int rows_a, const struct csv *b, int rows_b, int *row);

#endif
