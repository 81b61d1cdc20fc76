/* tool.h: what the programs that look into streams share. */
#ifndef PM_TEST_TOOL_H
#define PM_TEST_TOOL_H

#include <string.h>

#include "io/stream.h"

/* Ends with status 1 and says what is not as it should be. */
#define check(good, ...)                       \
	do {                                   \
		if (!(good))                   \
			die(PM_FAIL, __VA_ARGS__); \
	} while (0)

static inline struct istream *opened(const char *path)
{
	struct err e;
	struct istream *s = istream_open(path, &e);
	check(s, "%s", e.msg);
	return s;
}

/* A field that must be there. */
static inline struct tensor *field(struct record *r, const char *name)
{
	struct tensor *t = record_get(r, name);
	check(t, "%s: no field %s", r->id, name);
	return t;
}

static inline int64_t width(const struct tensor *t)
{
	return t->dim[t->rank - 1];
}

#endif
