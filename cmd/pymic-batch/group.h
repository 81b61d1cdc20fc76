/* group.h: sorts the samples of one or two streams into the two groups of a batch. */
#ifndef PM_GROUP_H
#define PM_GROUP_H

#include "io/stream.h"

enum { FIRST, SECOND, GROUPS };

struct queue {
	struct record **r;
	int n, cap;
};

/*
 * With two inputs each feeds its group. With one, a sample with a label belongs to the first group and one without to the
 * second; what comes before its turn waits in a queue. sorted false: all samples of the one input go to the first group.
 */
struct grouper {
	struct istream *in[GROUPS]; /* in[SECOND] may be in[FIRST] */
	bool sorted;
	int size[GROUPS];           /* samples of each group in a batch */
	int limit;                  /* samples that may wait */
	struct queue waiting[GROUPS], batch[GROUPS], spare;
};

/* Fills batch[]. true: as asked; false: an input has ended before, and batch[] holds what there was. */
bool grouper_fill(struct grouper *g);
/* Hands the samples of batch[] back for reuse. */
void grouper_recycle(struct grouper *g);
/* Samples that have been read and are in no batch. */
int grouper_left(const struct grouper *g);
void grouper_fini(struct grouper *g);

#endif
