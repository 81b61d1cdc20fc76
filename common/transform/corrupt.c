/* corrupt.c: see corrupt.h. */
#include "transform/corrupt.h"

#include <math.h>
#include <stdlib.h>

int corrupt_check_labels(const void *conf, struct err *e)
{
	const struct corrupt_conf *c = conf;

	for (int i = 0; i < c->labels.n; i++)
		if (c->labels.v[i] != floor(c->labels.v[i]) || c->labels.v[i] == 0)
			return err_set(e, "label %g is no class: give whole numbers other than 0", c->labels.v[i]);
	return 0;
}

int corrupt_check(const void *conf, struct err *e)
{
	const struct corrupt_conf *c = conf;

	if (whole_range(&c->radius, "radius", e))
		return -1;
	return corrupt_check_labels(conf, e);
}

int corrupt_radius(const struct corrupt_conf *c, struct rng *rng)
{
	return (int)whole_draw(&c->radius, rng);
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool listed(const struct numbers *list, int64_t v)
{
	for (int i = 0; i < list->n; i++)
		if ((int64_t)list->v[i] == v)
			return true;
	return list->n == 0;
}

/* The classes but 0, ascending. -1: too many. */
static int classes_of(const int64_t *x, int64_t n, int64_t *class)
{
	int64_t last = 0;
	int count = 0;

	for (int64_t i = 0; i < n; i++) {
		int k = 0;

		if (x[i] == last || x[i] == 0)
			continue;
		last = x[i];
		while (k < count && class[k] != last)
			k++;
		if (k == CORRUPT_CLASSES)
			return -1;
		class[k] = last;
		count += k == count;
	}
	qsort(class, (size_t)count, sizeof(*class), ascending);
	return count;
}

int64_t *corrupt_read(const struct record *r, int64_t class[CORRUPT_CLASSES], int *classes, struct err *e)
{
	const struct tensor *t = record_peek(r, "label");

	if (t->rank != 3 || tensor_count(t) < 1 || !dtype_is_integer(t->dtype)) {
		err_set(e, "label has to be integer with the axes D,H,W");
		return NULL;
	}
	int64_t n = tensor_count(t), *label = xcalloc((size_t)n, sizeof(*label));

	convert(label, PM_I64, t->data, t->dtype, n);
	*classes = classes_of(label, n, class);
	if (*classes >= 0)
		return label;
	free(label);
	err_set(e, "label has more than %d classes: is it an image?", CORRUPT_CLASSES);
	return NULL;
}

int corrupt_write(struct record *r, int64_t *label, const char *kind, int lo, int hi, struct err *e)
{
	struct tensor *t = record_get(r, "label");
	double radius[2] = { lo, hi };
	int64_t n = tensor_count(t), odd = 0, *back = xcalloc((size_t)n, sizeof(*back));

	convert(t->data, t->dtype, label, PM_I64, n);
	convert(back, PM_I64, t->data, t->dtype, n);
	for (int64_t i = 0; i < n; i++)
		if (back[i] != label[i])
			odd = label[i];
	free(back);
	free(label);
	if (odd)
		return err_set(e, "label is of type %s, which cannot hold %lld", dtype_name(t->dtype), (long long)odd);
	meta_set_text(&r->meta, "noise", kind);
	meta_delete(&r->meta, "noise_radius"); /* of an earlier one */
	if (hi > 0)
		meta_set_numbers(&r->meta, "noise_radius", radius, hi > lo ? 2 : 1);
	return 0;
}

int corrupt(struct record *r, const struct corrupt_conf *c, const struct corruption *how, struct err *e)
{
	const struct tensor *t = record_peek(r, "label");
	int64_t class[CORRUPT_CLASSES + 1] = { 0 };
	int classes;

	if (!t)
		return 0;
	int64_t *was = corrupt_read(r, class + 1, &classes, e);

	if (!was)
		return -1;
	int64_t n = tensor_count(t), *out = xcalloc((size_t)n, sizeof(*out));
	uint8_t *mask = xmalloc((size_t)n);
	bool taken = false;

	for (int64_t i = 0; i < n; i++) {
		taken |= how->rest && was[i] == how->rest;
		out[i] = how->rest;
	}
	for (int k = !how->background; k <= classes; k++) {
		for (int64_t i = 0; i < n; i++)
			mask[i] = was[i] == class[k];
		if (listed(&c->labels, class[k]))
			how->one(mask, t->dim, c->dims != 3 || t->dim[0] == 1, how->arg);
		for (int64_t i = 0; i < n; i++)
			if (mask[i] && (out[i] == how->rest || was[i] == class[k]))
				out[i] = class[k];
	}
	free(was);
	free(mask);
	if (!taken)
		return corrupt_write(r, out, how->kind, how->lo, how->hi, e);
	free(out);
	return err_set(e, "%lld is a class of the label: choose another number for what is not labeled", (long long)how->rest);
}

void corrupt_parts(uint8_t *mask, const int64_t size[3], bool in_plane, const struct brush *b,
	void (*f)(uint8_t *part, const int64_t size[3], const struct brush *b))
{
	const int64_t part[3] = { in_plane ? 1 : size[0], size[1], size[2] };

	for (int64_t z = 0; z < size[0]; z += part[0])
		f(mask + z * size[1] * size[2], part, b);
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void corrupt_disc(uint8_t *out, const int64_t size[3], int64_t at, int64_t radius, bool in_plane)
{
	int64_t z = at / (size[1] * size[2]), y = at / size[2] % size[1], x = at % size[2], deep = in_plane ? 0 : radius;

	for (int64_t k = most(0, z - deep); k <= least(size[0] - 1, z + deep); k++)
		for (int64_t j = most(0, y - radius); j <= least(size[1] - 1, y + radius); j++)
			for (int64_t i = most(0, x - radius); i <= least(size[2] - 1, x + radius); i++)
				if ((k - z) * (k - z) + (j - y) * (j - y) + (i - x) * (i - x) < radius * radius)
					out[(k * size[1] + j) * size[2] + i] = 1;
}
