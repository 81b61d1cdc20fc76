/*
 * csv.h: lists of cases: a header line, then a row per case. RFC 4180 quotes, CRLF, a byte order mark, no last newline,
 * and lines before the header that begin with #, which are passed over.
 */
#ifndef PM_CSV_H
#define PM_CSV_H

#include "base/base.h"

struct csv {
	char *path;
	int columns, rows;
	char **name;   /* of the columns */
	char **cell;   /* rows * columns, in order; "" where blank */
	int *line;     /* of each row in the file, for messages */
	char *text;    /* what the pointers point into */
};

int csv_read(const char *path, struct csv *c, struct err *e);
int csv_column(const struct csv *c, const char *name); /* -1: none */
const char *csv_cell(const struct csv *c, int row, int column);
/* The cell as a path: relative ones start at the CSV's own folder. The caller frees. */
char *csv_path(const struct csv *c, const char *cell);
void csv_free(struct csv *c);

/* Writes one cell, quoted where it must be. */
void csv_put(FILE *fp, const char *cell);

#endif
