/* pool.h: jobs through several threads, finished in the order in which they began; and streams of records that way. */
#ifndef PM_POOL_H
#define PM_POOL_H

#include "io/stream.h"

struct job {
	struct record r; /* its buffers go from job to job */
	void *what;      /* for fetch to tell work and finish */
	bool ready;      /* set by fetch where there is nothing to work on */
	int worker;      /* which of the threads works on it, from 0: for memory that it keeps */
	int failed;      /* what work returned */
	struct err e;
};

struct pool {
	int threads; /* that work, at least 1 */
	void *arg;
	bool (*fetch)(struct job *j, void *arg);  /* the next job, in the caller's thread; false: there are no more */
	int (*work)(struct job *j, void *arg);    /* in any thread */
	void (*finish)(struct job *j, void *arg); /* in the caller's thread, in the order of fetch */
};

/* Holds 2 * threads jobs. */
void pool_run(const struct pool *p);

struct filter {
	int threads;
	void *arg;
	/* Changes one record; runs in any thread. -1 with e ends the process, at that record's turn, with "id: message". */
	int (*work)(struct record *r, void *arg, struct err *e);
	/* Called in the order of the records, just before each is written. NULL: nothing to do. */
	void (*done)(const struct record *r, void *arg);
};

/* From stream to stream, until the clean end of in; shows progress. Returns the number of records. out is not ended. */
int64_t filter_run(const struct filter *f, struct istream *in, struct ostream *out);

#endif
