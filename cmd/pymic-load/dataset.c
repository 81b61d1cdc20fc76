/* dataset.c: from operands to cases. Nothing is decoded here, but everything that can be known beforehand is checked. */
#include "load.h"
#include "io/cases.h"
#include "io/raster.h"
#include "io/sidecar.h"
#include "io/volume.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void dataset_init(struct dataset *d, const char *name)
{
	memset(d, 0, sizeof(*d));
	d->name = name;
}

struct item *dataset_new(struct dataset *d)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 64;
		d->item = xresize(d->item, (size_t)d->cap, sizeof(*d->item));
	}
	struct item *it = &d->item[d->n++];
	memset(it, 0, sizeof(*it));
	it->class = -1;
	return it;
}

int dataset_kind(struct dataset *d, const char *kind, const char *operand, struct err *e)
{
	if (d->kind[0] && strcmp(d->kind, kind))
		return err_set(e, "%s: holds records of kind %s, those before are of kind %s", operand, kind, d->kind);
	snprintf(d->kind, sizeof(d->kind), "%s", kind);
	return 0;
}

static int add_images(struct item *it, const struct csv *c, int row, const struct case_columns *k, bool allow_missing, struct err *e)
{
	it->image = xcalloc((size_t)k->images, sizeof(*it->image));
	it->first = -1;
	for (int i = 0; i < k->images; i++) {
		const char *cell = csv_cell(c, row, k->image[i]);
		it->images++;
		if (cell[0])
			it->image[i] = csv_path(c, cell);
		else if (!allow_missing || k->images == 1)
			return err_set(e, "%s:%d: the cell '%s' is blank: every case needs its image%s", c->path, c->line[row],
				c->name[k->image[i]], k->images > 1 ? "; --allow-missing takes a channel of zeros" : "");
		if (cell[0] && it->first < 0)
			it->first = i;
	}
	return it->first < 0 ? err_set(e, "%s:%d: all images are missing", c->path, c->line[row]) : 0;
}

static int add_class(struct item *it, const struct csv *c, int row, int column, struct err *e)
{
	const char *cell = csv_cell(c, row, column);
	double v;
	if (!cell[0])
		return 0;
	if (parse_number(cell, &v) || !(v >= 0 && v <= UINT8_MAX) || v != floor(v))
		return err_set(e, "%s:%d: class '%s' is no whole number from 0 to %d", c->path, c->line[row], cell, UINT8_MAX);
	it->class = (int)v;
	return 0;
}

/* "0;1;3" */
static int add_annotated(struct item *it, const char *cell, struct err *e)
{
	int n = numbers_of(cell, ";,", it->annotated.v, PM_COUNT(it->annotated.v));
	bool whole = n >= 0 && n <= (int)PM_COUNT(it->annotated.v);
	for (int i = 0; i < n && whole; i++)
		whole = it->annotated.v[i] == floor(it->annotated.v[i]);
	it->annotated.n = whole ? n : 0;
	return whole ? 0 : err_set(e, "annotated '%s': expected at most %zu labels, such as 0;1;3", cell, PM_COUNT(it->annotated.v));
}

static int add_row(struct dataset *d, const struct csv *c, int row, const struct case_columns *k, const struct options *o, struct err *e)
{
	struct item *it = dataset_new(d);
	char id[PM_ID];
	struct geometry g;
	const char *spacing = k->spacing >= 0 ? csv_cell(c, row, k->spacing) : "";
	if (add_images(it, c, row, k, o->allow_missing, e) != 0 || case_id(c, k, row, id, e) != 0)
		return -1;
	if (spacing[0] && spacing_parse(spacing, &g, e) != 0)
		return err_prefix(e, "%s:%d", c->path, c->line[row]);
	if (k->class >= 0 && add_class(it, c, row, k->class, e) != 0)
		return -1;
	if (spacing[0])
		it->spacing = xstrdup(spacing);
	it->id = xstrdup(id);
	if (k->label >= 0 && csv_cell(c, row, k->label)[0])
		it->label = csv_path(c, csv_cell(c, row, k->label));
	if (k->weight >= 0 && csv_cell(c, row, k->weight)[0])
		it->weight = csv_path(c, csv_cell(c, row, k->weight));
	if (it->label && !strcmp(it->label, it->image[it->first]) && !(format_of(it->label) && format_of(it->label)->container))
		return err_set(e, "%s:%d: image and label are the same file, %s", c->path, c->line[row], it->label);
	d->labels |= it->label != NULL || it->class >= 0;
	if (k->annotated >= 0 && it->label && add_annotated(it, csv_cell(c, row, k->annotated), e) != 0)
		return err_prefix(e, "%s:%d", c->path, c->line[row]);
	d->weights |= it->weight || it->annotated.n;
	return 0;
}

static int add_list(struct dataset *d, const char *path, const struct options *o, struct err *e)
{
	struct csv c;
	struct case_columns k;
	if (csv_read(path, &c, e) != 0)
		return -1;
	int failed = c.rows == 0 ? err_set(e, "%s: the list is empty: a header, but no case", path) : case_columns(&c, o->label, &k, e);
	for (int i = 0; i < c.rows && !failed; i++)
		failed = add_row(d, &c, i, &k, o, e);
	csv_free(&c);
	return failed;
}

static int add_image(struct dataset *d, const char *path, struct err *e)
{
	struct item *it = dataset_new(d);
	char id[PM_ID];
	it->image = xcalloc(1, sizeof(*it->image));
	it->image[it->images++] = xstrdup(path);
	if (case_id_of_path(path, id, e) != 0)
		return -1;
	it->id = xstrdup(id);
	return 0;
}

int dataset_add(struct dataset *d, const char *operand, const struct options *o, struct err *e)
{
	if (volume_ending(operand, "pms"))
		return source_index(d, operand, e);
	if (dataset_kind(d, "sample", operand, e) != 0)
		return -1;
	if (volume_ending(operand, "csv tsv txt") || !strncmp(operand, "/dev/fd/", 8))
		return add_list(d, operand, o, e);
	if (format_of(operand))
		return add_image(d, operand, e);
	if (access(operand, F_OK) != 0)
		return err_set(e, "%s: %s", operand, strerror(errno));
	struct volume none = { 0 };
	return volume_read(operand, "image", &none, e); /* says which kinds of images there are */
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct item *const *)a)->id, (*(struct item *const *)b)->id);
}

int dataset_check_ids(const struct dataset *d, struct err *e)
{
	struct item **sorted = xcalloc((size_t)d->n, sizeof(*sorted));
	int failed = 0;
	for (int64_t i = 0; i < d->n; i++)
		sorted[i] = &d->item[i];
	qsort(sorted, (size_t)d->n, sizeof(*sorted), by_id);
	for (int64_t i = 1; i < d->n && !failed; i++)
		if (!sorted[i]->source && !strcmp(sorted[i - 1]->id, sorted[i]->id)) /* a stream may hold a case several times */
			failed = err_set(e, "%s: two cases are named '%s': results would overwrite each other; "
				"give them names in a column 'id'", d->name, sorted[i]->id);
	free(sorted);
	return failed;
}

static int check_file(const struct item *it, const char *path, struct err *e)
{
	if (access(path, R_OK) == 0)
		return 0;
	return err_set(e, "%s: %s: %s", it->id, path, strerror(errno));
}

int dataset_check(struct dataset *d, struct err *e)
{
	if (d->n == 0)
		return err_set(e, "%s: holds no case", d->name);
	if (dataset_check_ids(d, e) != 0)
		return -1;
	for (int64_t i = 0; i < d->n; i++) {
		const struct item *it = &d->item[i];
		for (int k = 0; k < it->images; k++)
			if (it->image[k] && check_file(it, it->image[k], e) != 0)
				return -1;
		if ((it->label && !it->unlabeled && check_file(it, it->label, e)) || (it->weight && check_file(it, it->weight, e)))
			return -1;
	}
	return 0;
}

void dataset_drop_labels(struct dataset *d)
{
	if (d->labels)
		note("%s: its labels are ignored, as --mix takes labels from the first list (see --all-labels)", d->name);
	d->labels = false;
	for (int64_t i = 0; i < d->n; i++)
		d->item[i].unlabeled = true;
}

void dataset_fini(struct dataset *d)
{
	for (int64_t i = 0; i < d->n; i++) {
		struct item *it = &d->item[i];
		for (int k = 0; k < it->images; k++)
			free(it->image[k]);
		if (it->cached)
			record_fini(it->cached);
		free(it->cached);
		free(it->image);
		free(it->label);
		free(it->weight);
		free(it->spacing);
		free(it->id);
	}
	free(d->item);
	sources_close(d->first);
}

static int add_field(struct stream_field *f, int n, const char *name, int dtype, int rank)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(f[i].name, name)) {
			f[i].dtype = f[i].dtype == dtype ? dtype : -1;
			f[i].rank = f[i].rank == rank ? rank : 0;
			return n;
		}
	if (n == PM_MAX_FIELDS)
		return n;
	f[n] = (struct stream_field){ .dtype = dtype, .rank = rank };
	snprintf(f[n].name, sizeof(f[n].name), "%s", name);
	return n + 1;
}

int dataset_fields(const struct dataset *d, struct stream_field *f, int n)
{
	if (d->first) {
		const struct stream_head *h = source_head(d->first);
		for (int i = 0; i < h->n; i++)
			if (d->labels || strcmp(h->field[i].name, "label"))
				n = add_field(f, n, h->field[i].name, h->field[i].dtype, h->field[i].rank);
	}
	if (!d->first || d->item[0].images)
		n = add_field(f, n, "image", -1, 4);
	if (d->labels)
		n = add_field(f, n, "label", -1, 3);
	if (d->weights)
		n = add_field(f, n, "weight", PM_F32, 3);
	return n;
}
