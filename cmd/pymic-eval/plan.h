/* plan.h: what pymic-eval is asked for. */
#ifndef PM_PLAN_H
#define PM_PLAN_H

#include "compat/library.h"

struct options {
	const char *labels, *regions, *names, *metrics, *compat, *surface, *units, *empty_distance;
	const char *truth, *pred, *pairs, *label, *format, *output;
	bool compare, multilabel, allow_missing;
	int threads, ignore_label, connectivity, ddof, bootstrap;
	double percentile, confidence;
	int64_t seed;
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
	const struct library *as; /* whose metrics these are; NULL: our own */
	struct convention how;
	enum spacing_of spacing;
	bool diagonal;         /* what a distance counts where one mask is empty: the image's diagonal, */
	double empty_distance; /* or this */
	int ignore;            /* what is true where nothing is to be judged; 0: everywhere it is */
	char *labels, *regions, *names, *metrics; /* what the pointers point into */
	char *definition;      /* all that in words */
};

/* Dies with PM_USAGE on anything that cannot be meant. */
void plan_init(struct plan *p, const struct options *o);
/* The metrics alone, of `kind`: those of the list, or where it is "" the usual ones. */
void plan_metrics(struct plan *p, const struct kind *kind, const char *list, const char *usual);
/* The next part of a list, which is cut off it; NULL at its end. */
char *next_part(char **list, char separator);
void plan_fini(struct plan *p);

#endif
