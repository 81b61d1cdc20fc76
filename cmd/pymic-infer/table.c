/* table.c: where networks classify images, the class of each case and how likely each class is: as pymic-eval reads it. */
#include "infer.h"

#include <string.h>

#include "io/csv.h"
#include "io/outfile.h"

static struct outfile *file; /* NULL: stdout */
static FILE *fp;

void table_open(const char *path, int classes)
{
	struct err e;
	fp = stdout;
	if (strcmp(path, "-")) {
		if (!(file = outfile_open(path, &e)))
			die(PM_FAIL, "%s", e.msg);
		fp = outfile_stream(file);
	}
	fputs("id,class", fp);
	for (int k = 0; k < classes; k++)
		fprintf(fp, ",prob%d", k);
	putc('\n', fp);
}

void table_row(const struct record *r)
{
	const struct tensor *prob = record_peek(r, "prob");
	csv_put(fp, r->id);
	fprintf(fp, ",%d", *(const uint8_t *)record_peek(r, "pred")->data);
	for (int64_t k = 0; k < prob->dim[0]; k++)
		fprintf(fp, ",%.9g", (double)((const float *)prob->data)[k]);
	putc('\n', fp);
}

void table_close(void)
{
	struct err e;
	if (!file)
		close_stdout();
	else if (outfile_close(file, &e))
		die(PM_FAIL, "%s", e.msg);
}
