/* sheet.h: a result as rows of cells, written as CSV, TSV, JSON or a table for the eye. */
#ifndef PM_SHEET_H
#define PM_SHEET_H

#include "base/base.h"

struct cell {
	char *text; /* NULL: the number */
	double number;
};

/* Cells are put one after another; the first `columns` of them are the header. */
struct sheet {
	int columns;
	const char *definition; /* how the numbers came about; NULL: it needs no word */
	const char *rows, *more; /* what JSON calls the rows, and those from `split` on; NULL: there are no others */
	int64_t split;
	struct cell *cell;
	int64_t n, cap;
};

void sheet_text(struct sheet *s, const char *fmt, ...) PM_PRINTF(2, 3);
void sheet_number(struct sheet *s, double v);
int64_t sheet_rows(const struct sheet *s); /* without the header */
/* format: "csv", "tsv", "json", "table". CSV has the rows alone. */
void sheet_write(const struct sheet *s, FILE *fp, const char *format);
void sheet_fini(struct sheet *s);

#endif
