#include "tensor/collate.h"

#include <stdlib.h>
#include <string.h>

static int shape_error(struct err *e, const struct record *r, const char *field, const struct tensor *t, const struct record *first,
	const struct tensor *want)
{
	char text[2][160];
	const struct tensor *both[2] = { t, want };
	for (int k = 0; k < 2; k++) {
		size_t at = 0;
		text[k][0] = 0;
		for (int d = 0; d < both[k]->rank; d++)
			at += (size_t)snprintf(text[k] + at, sizeof text[k] - at, "%s%lld", d ? "x" : "", (long long)both[k]->dim[d]);
	}
	return err_set(e, "%s: %s is %s but %s of %s is %s: a batch needs samples of one shape (crop, pad or resize them before)",
		r->id, field, text[0], first == r ? "the image" : field, first->id, text[1]);
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
	int64_t n = tensor_count(t);
	for (int64_t i = 0; i < n; i++) {
		double v = tensor_at(t, i);
		if (!(v >= 0 && v <= 255 && v == (int)v))
			return err_set(e, "%s: label %g: labels must be integers from 0 to 255", r->id, v);
	}
	return 0;
}

static int check(const struct record *const *sample, int n, int labeled, bool *weighted, struct err *e)
{
	const struct tensor *image = record_peek(sample[0], "image");
	*weighted = false;
	for (int i = 0; i < n; i++) {
		const struct record *r = sample[i];
		const struct tensor *t = record_peek(r, "image");
		if (!t || t->rank != 4)
			return err_set(e, "%s: no image [C,D,H,W]", r->id);
		if (!same_shape(t, image))
			return shape_error(e, r, "image", t, sample[0], image);
		if (i >= labeled)
			continue;
		const struct tensor *label = record_peek(r, "label"), *weight = record_peek(r, "weight");
		struct tensor grid = { .rank = 3, .dim = { t->dim[1], t->dim[2], t->dim[3] } };
		if (!label)
			return err_set(e, "%s: no label, but sample %d of the batch must have one", r->id, i + 1);
		if (!same_shape(label, &grid))
			return shape_error(e, r, "label", label, r, t);
		if (weight && !same_shape(weight, &grid))
			return shape_error(e, r, "weight", weight, r, t);
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
	float *image = record_put(batch, "image", PM_F32, 5, (int64_t[]){ n, d[0], d[1], d[2], d[3] })->data;
	uint8_t *label = labeled ? record_put(batch, "label", PM_U8, 4, (int64_t[]){ labeled, d[1], d[2], d[3] })->data : NULL;
	float *weight = weighted ? record_put(batch, "weight", PM_F32, 4, (int64_t[]){ labeled, d[1], d[2], d[3] })->data : NULL;
	char *ids = xcalloc((size_t)n, PM_ID + 1);
	for (int i = 0; i < n; i++) {
		const struct tensor *t = record_peek(sample[i], "image"), *l = record_peek(sample[i], "label");
		const struct tensor *w = record_peek(sample[i], "weight");
		convert(image + i * values, PM_F32, t->data, t->dtype, values);
		if (i < labeled)
			convert(label + i * voxels, PM_U8, l->data, l->dtype, voxels);
		if (i < labeled && weight && w)
			convert(weight + i * voxels, PM_F32, w->data, w->dtype, voxels);
		else if (i < labeled && weight)
			fill_ones(weight + i * voxels, voxels);
		strcat(strcat(ids, i ? "\n" : ""), sample[i]->id);
	}
	meta_set_text(&batch->meta, "ids", ids);
	meta_set_numbers(&batch->meta, "groups", (double[]){ labeled, n - labeled }, 2);
	free(ids);
	return 0;
}
