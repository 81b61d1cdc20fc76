/* cases.h: what the columns of a list of cases mean, and how its cases are called. */
#ifndef PM_CASES_H
#define PM_CASES_H

#include "io/csv.h"
#include "tensor/record.h"

/* image..., label or class, pixel_weight (or weight), annotated, id, spacing: -1 where there is none. Without an image column it is the first one. */
struct case_columns {
	int image[64], images, label, class, weight, annotated, id, spacing;
};

/* label: the name of the label column, or of the class's, or "" for the one that there is, "label" or "class". 0, or -1 with e. */
int case_columns(const struct csv *c, const char *label, struct case_columns *k, struct err *e);

/*
 * The id of a case: the cell of column id, else its first image's (that has a cell) path without its ending and without "./", leading slashes
 * and "..", as it names files again later. 0, or -1 with e where it is blank or too long.
 */
int case_id(const struct csv *c, const struct case_columns *k, int row, char id[PM_ID], struct err *e);
int case_id_of_path(const char *path, char id[PM_ID], struct err *e);

#endif
