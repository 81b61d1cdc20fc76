/* pool.h: records from a stream to a stream through several threads; out in the order in which they came in. */
#ifndef PM_POOL_H
#define PM_POOL_H

#include "io/stream.h"

struct pool {
	int threads; /* at least 1; 1 makes no thread */
	void *arg;
	/* Changes one record; runs in any thread. -1 with e ends the process, at that record's turn, with "id: message". */
	int (*work)(struct record *r, void *arg, struct err *e);
	/* Called in the order of the records, just before each is written. NULL: nothing to do. */
	void (*done)(const struct record *r, void *arg);
};

/* Until the clean end of in; shows progress. Returns the number of records. out is not ended. Holds 2 * threads records. */
int64_t pool_run(const struct pool *p, struct istream *in, struct ostream *out);

#endif
