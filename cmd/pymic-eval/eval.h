/*
 * eval.h: pymic-eval in four steps: what is asked (plan.c), which cases there are (source.c), one case (score.c), and all
 * of them together (report.c).
 */
#ifndef PM_EVAL_H
#define PM_EVAL_H

#include "io/stream.h"
#include "io/volume.h"
#include "metric/metric.h"

struct options {
	const char *labels, *names, *metrics, *empty_distance;
	const char *truth, *pred, *pairs, *label, *output;
	bool allow_missing, table;
	int threads, ignore_label;
};

/* A structure is one label, or several that count as one. */
struct structure {
	const char *name;
	int n;
	int32_t label[32];
};

struct measure {
	const char *name; /* as it was typed: hd:percentile=99 */
	const struct metric *metric;
	void *conf;
};

struct plan {
	struct structure structure[64];
	struct measure measure[32];
	int structures, measures;
	int columns;           /* of each measure: its structures, then their mean where there are several */
	bool diagonal;         /* what a distance counts where one mask is empty: the image's diagonal, */
	double empty_distance; /* or this */
	int ignore;            /* what is true where nothing is to be judged; 0: everywhere it is */
	char *labels, *names, *metrics; /* what the pointers point into */
};

/* Dies with PM_USAGE on anything that cannot be meant. */
void plan_init(struct plan *p, const struct options *o);
void plan_fini(struct plan *p);

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
/* After the last one: lists the cases without prediction, and returns how many. */
int64_t source_missing(const struct source *s);
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

/* Writes a row per case, then mean, std and counts; or with table, for the eye, the means alone. */
void report(FILE *fp, const struct plan *p, struct score *const *s, int64_t n, bool table);
/* Says on stderr what the numbers alone hide: empty masks and mixed units. */
void report_notes(const struct plan *p, struct score *const *s, int64_t n);

#endif
