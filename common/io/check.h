/* check.h: what "pymic-load --info" and "--check" say about streams, models and, through check_line, images. */
#ifndef PM_CHECK_H
#define PM_CHECK_H

#include "base/base.h"

/* Does the file begin as streams and models do? A pipe, which would lose what was looked at, counts as one. */
bool is_stream(const char *path);

/* What the head says, for people: kind, fields, the history a line per tool. 0, or -1 with e. */
int info_stream(const char *path, FILE *out, struct err *e);

/* The table of --check has a line per file; kind "" and records or bytes < 0: not known, written as empty cells. */
struct check {
	const char *path, *kind;
	int64_t records, bytes; /* bytes: of the tensors */
	const char *facts;      /* of an image: cells shape, spacing, range, nan, labels, with tabs between; NULL: empty ones */
	const char *message;    /* why it is bad, or odd; NULL: the file is good */
	bool odd;               /* it can be used, but somebody should look */
};
void check_header(FILE *tsv);
void check_line(FILE *tsv, const struct check *c);

/* Reads a stream to its end, every checksum included, and writes its line. 0: it is good, -1: it is not. */
int check_stream(const char *path, FILE *tsv);

#endif
