#include "tensor/collate.h"

#include <stdlib.h>
#include <string.h>

static const char *shape(const struct tensor *t, char text[160])
{
	size_t at = 0;
	text[0] = 0;
	for (int d = 0; d < t->rank; d++)
		at += (size_t)snprintf(text + at, 160 - at, "%s%lld", d ? "x" : "", (long long)t->dim[d]);
	return text;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

/* Whether each value is an integer in 0..255, as labels of a batch must be. */
static int check_labels(const struct record *r, const struct tensor *t, struct err *e)
{
	if (t->dtype == PM_U8)
		return 0;
	double v[1024];
	int64_t left = tensor_count(t);
	for (const char *p = t->data; left > 0; p += PM_COUNT(v) * dtype_size(t->dtype), left -= PM_COUNT(v)) {
		int64_t n = left < (int64_t)PM_COUNT(v) ? left : (int64_t)PM_COUNT(v);
		convert(v, PM_F64, p, t->dtype, n);
		for (int64_t i = 0; i < n; i++)
			if (!(v[i] >= 0 && v[i] <= 255 && v[i] == (uint8_t)v[i]))
				return err_set(e, "%s: label %g: labels must be integers from 0 to 255", r->id, v[i]);
	}
	return 0;
}

static int check(const struct record *const *sample, int n, int labeled, bool *weighted, struct err *e)
{
	const struct tensor *image = record_peek(sample[0], "image"), *first = record_peek(sample[0], "label");
	char a[160], b[160];
	*weighted = false;
	for (int i = 0; i < n; i++) {
		const struct record *r = sample[i];
		const struct tensor *t = record_peek(r, "image");
		if (!t || t->rank != 4)
			return err_set(e, "%s: no image [C,D,H,W]", r->id);
		if (!same_shape(t, image))
			return err_set(e, "%s: the image is %s, but %s has %s: a batch needs one shape (crop, pad or resize before)",
				r->id, shape(t, a), sample[0]->id, shape(image, b));
		const struct tensor *target = record_peek(r, "target");
		if ((target != NULL) != (record_peek(sample[0], "target") != NULL) || (target && !same_shape(target, image)))
			return err_set(e, "%s: all samples of a batch, or none, must have a target in the shape of the image", r->id);
		if (i >= labeled)
			continue;
		const struct tensor *label = record_peek(r, "label"), *weight = record_peek(r, "weight");
		const struct tensor grid = { .rank = 3, .dim = { t->dim[1], t->dim[2], t->dim[3] } }, one = { .rank = 3, .dim = { 1, 1, 1 } };
		if (!label)
			return err_set(e, "%s: no label, but sample %d of the batch must have one", r->id, i + 1);
		if (!same_shape(label, &grid) && !same_shape(label, &one))
			return err_set(e, "%s: label %s on an image %s", r->id, shape(label, a), shape(t, b));
		if (!same_shape(label, first))
			return err_set(e, "%s: label %s, but %s has %s: one is of the whole image", r->id, shape(label, a), sample[0]->id, shape(first, b));
		if (weight && !same_shape(weight, label))
			return err_set(e, "%s: weight %s of a label %s", r->id, shape(weight, a), shape(label, b));
		if (check_labels(r, label, e))
			return -1;
		*weighted |= weight != NULL;
	}
	return 0;
}

/* A sample without weight among others with one counts fully. */
static void fill_ones(float *w, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		w[i] = 1;
}

int collate(struct record *batch, const struct record *const *sample, int n, int labeled, struct err *e)
{
	bool weighted;
	if (check(sample, n, labeled, &weighted, e))
		return -1;
	const struct tensor *first = record_peek(sample[0], "image");
	const int64_t *d = first->dim, voxels = d[1] * d[2] * d[3], values = d[0] * voxels;
	record_clear(batch);
	memcpy(batch->id, sample[0]->id, sizeof batch->id);
	batch->epoch = sample[0]->epoch;
	const int64_t all[] = { n, d[0], d[1], d[2], d[3] };
	float *image = record_put(batch, "image", PM_F32, 5, all)->data;
	float *target = record_peek(sample[0], "target") ? record_put(batch, "target", PM_F32, 5, all)->data : NULL;
	const int64_t *of = labeled ? record_peek(sample[0], "label")->dim : d + 1, truths = of[0] * of[1] * of[2];
	const int64_t grid[] = { labeled, of[0], of[1], of[2] };
	uint8_t *label = labeled ? record_put(batch, "label", PM_U8, 4, grid)->data : NULL;
	float *weight = weighted ? record_put(batch, "weight", PM_F32, 4, grid)->data : NULL;
	char *ids = xcalloc((size_t)n, PM_ID + 1);
	for (int i = 0; i < n; i++) {
		const struct tensor *t = record_peek(sample[i], "image"), *l = record_peek(sample[i], "label");
		const struct tensor *w = record_peek(sample[i], "weight");
		const struct tensor *o = record_peek(sample[i], "target");
		convert(image + i * values, PM_F32, t->data, t->dtype, values);
		if (o)
			convert(target + i * values, PM_F32, o->data, o->dtype, values);
		if (i < labeled)
			convert(label + i * truths, PM_U8, l->data, l->dtype, truths);
		if (i < labeled && weight && w)
			convert(weight + i * truths, PM_F32, w->data, w->dtype, truths);
		else if (i < labeled && weight)
			fill_ones(weight + i * truths, truths);
		strcat(strcat(ids, i ? "\n" : ""), sample[i]->id);
	}
	meta_set_text(&batch->meta, "ids", ids);
	meta_set_numbers(&batch->meta, "groups", (double[]){ labeled, n - labeled }, 2);
	free(ids);
	return 0;
}
