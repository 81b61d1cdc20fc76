/* corrupt.c: see corrupt.h. */
#include "transform/corrupt.h"

#include <math.h>
#include <stdlib.h>

enum { CLASSES = 256 };

int corrupt_check(const void *conf, struct err *e)
{
	const struct corrupt_conf *c = conf;

	if (c->radius.n < 1 || c->radius.n > 2 || c->radius.v[0] > c->radius.v[c->radius.n - 1])
		return err_set(e, "radius has to be one number or a range LO,HI");
	if (whole_numbers(&c->radius, "radius", e))
		return -1;
	for (int i = 0; i < c->labels.n; i++)
		if (c->labels.v[i] != floor(c->labels.v[i]) || c->labels.v[i] == 0)
			return err_set(e, "label %g is no class: give whole numbers other than 0", c->labels.v[i]);
	return 0;
}

int corrupt_radius(const struct corrupt_conf *c, struct rng *rng)
{
	return (int)rng_int(rng, (int64_t)c->radius.v[0], (int64_t)c->radius.v[c->radius.n - 1]);
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
		if (k == CLASSES)
			return -1;
		class[k] = last;
		count += k == count;
	}
	qsort(class, (size_t)count, sizeof(*class), ascending);
	return count;
}

int corrupt(struct record *r, const struct corrupt_conf *c, const char *kind, int lo, int hi,
	void (*one)(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg), const void *arg, struct err *e)
{
	struct tensor *t = record_get(r, "label");
	double radius[2] = { lo, hi };
	int64_t class[CLASSES];

	if (!t)
		return 0;
	if (t->rank != 3 || tensor_count(t) < 1 || !dtype_is_integer(t->dtype))
		return err_set(e, "label has to be integer with the axes D,H,W");
	int64_t n = tensor_count(t), *was = xcalloc((size_t)n, sizeof(*was)), *out = xcalloc((size_t)n, sizeof(*out));
	uint8_t *mask = xmalloc((size_t)n);

	convert(was, PM_I64, t->data, t->dtype, n);
	int classes = classes_of(was, n, class);

	for (int k = 0; k < classes; k++) {
		for (int64_t i = 0; i < n; i++)
			mask[i] = was[i] == class[k];
		if (listed(&c->labels, class[k]))
			one(mask, t->dim, c->dims == 2 || t->dim[0] == 1, arg);
		for (int64_t i = 0; i < n; i++)
			if (mask[i] && (out[i] == 0 || was[i] == class[k]))
				out[i] = class[k];
	}
	convert(t->data, t->dtype, out, PM_I64, n);
	free(was);
	free(out);
	free(mask);
	if (classes < 0)
		return err_set(e, "label has more than %d classes: is it an image?", CLASSES);
	meta_set_text(&r->meta, "noise", kind);
	meta_set_numbers(&r->meta, "noise_radius", radius, hi > lo ? 2 : 1);
	return 0;
}
