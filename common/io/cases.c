/* cases.c: columns and ids of a list of cases, the same for every tool that reads one. */
#include "io/cases.h"

#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "io/volume.h"

static int no_label(const struct csv *c, const char *label, struct err *e)
{
	const char **names = xcalloc((size_t)c->columns + 1, sizeof(*names));
	for (int i = 0; i < c->columns; i++)
		names[i] = c->name[i];
	const char *near = did_you_mean(label, names);
	free(names);
	return err_set(e, "%s: has no column '%s' (--label)%s%s%s", c->path, label, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
}

/* A list may have columns of its own; one that is nearly ours is a slip of the pen. */
static void warn_of_slips(const struct csv *c)
{
	static const char *const known[] = { "image", "label", "class", "weight", "pixel_weight", "annotated", "id", "spacing", NULL };
	for (int i = 0; i < c->columns; i++) {
		const char *near = did_you_mean(c->name[i], known);
		if (near && strcmp(near, c->name[i]) && strncmp(c->name[i], "image", 5))
			warning("%s: column '%s' is not used; did you mean '%s'?", c->path, c->name[i], near);
	}
}

int case_columns(const struct csv *c, const char *label, struct case_columns *k, struct err *e)
{
	if (!label[0])
		warn_of_slips(c);
	memset(k, 0, sizeof(*k));
	for (int i = 0; i < c->columns; i++)
		if (!strncmp(c->name[i], "image", 5)) {
			if (k->images == (int)PM_COUNT(k->image))
				return err_set(e, "%s: more than %d image columns", c->path, k->images);
			k->image[k->images++] = i;
		}
	k->class = !label[0] || !strcmp(label, "class") ? csv_column(c, "class") : -1;
	k->label = !label[0] ? csv_column(c, "label") : strcmp(label, "class") ? csv_column(c, label) : -1;
	k->weight = csv_column(c, "pixel_weight");
	if (k->weight < 0)
		k->weight = csv_column(c, "weight");
	k->annotated = csv_column(c, "annotated");
	k->id = csv_column(c, "id");
	k->spacing = csv_column(c, "spacing");
	if (label[0] && k->label < 0 && k->class < 0)
		return no_label(c, label, e);
	if (k->label >= 0 && k->class >= 0)
		return err_set(e, "%s: has columns 'label', of voxels, and 'class', of whole images: say which one with --label", c->path);
	if (k->images)
		return 0;
	if (k->label == 0 || k->weight == 0 || k->id == 0) /* PyMIC's lists: the first column, whatever its name */
		return err_set(e, "%s: has no column 'image', and its first one is '%s'", c->path, c->name[0]);
	if (!c->rows || !format_of(csv_cell(c, 0, 0)))
		return err_set(e, "%s: has no column 'image', and the first one ('%s') names no images", c->path, c->name[0]);
	k->images = 1;
	return 0;
}

/* What streams take as an id. */
static int check_id(const char *id, struct err *e)
{
	for (const char *c = id; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return err_set(e, "'%s': an id has no line breaks or other control characters: rename the file, or name the case in a column 'id'", id);
	return 0;
}

int case_id_of_path(const char *path, char id[PM_ID], struct err *e)
{
	size_t len = 0, stem = volume_stem(path);
	for (size_t at = 0, n; at < stem; at += n + 1) {
		const char *part = path + at;
		n = strcspn(part, "/");
		n = n < stem - at ? n : stem - at;
		if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			continue;
		if (len + (len > 0) + n >= PM_ID)
			return err_set(e, "'%s': an id has at most %d bytes", path, PM_ID - 1);
		if (len)
			id[len++] = '/';
		memcpy(id + len, part, n);
		len += n;
	}
	id[len] = '\0';
	return len ? check_id(id, e) : err_set(e, "'%s': names no case", path);
}

int case_id(const struct csv *c, const struct case_columns *k, int row, char id[PM_ID], struct err *e)
{
	const char *cell = k->id >= 0 ? csv_cell(c, row, k->id) : "";
	int failed = 0, first = 0;
	while (first < k->images - 1 && !csv_cell(c, row, k->image[first])[0])
		first++;
	if (!cell[0])
		failed = case_id_of_path(csv_cell(c, row, k->image[first]), id, e);
	else if (strlen(cell) >= PM_ID)
		failed = err_set(e, "'%s': an id has at most %d bytes", cell, PM_ID - 1);
	else
		failed = check_id(strcpy(id, cell), e);
	return failed ? err_prefix(e, "%s:%d", c->path, c->line[row]) : 0;
}
