/* validate.c: hard Dice of each case of the validation set. */
#include "train.h"

#include "io/stream.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	char id[PM_ID];
	int64_t channels, size[3];
	float *image;
	uint8_t *label;
};

struct valid {
	struct labels labels;
	int n, cap;
	struct scan *scan;
	uint8_t *pred; /* of the largest scan */
};

/* Adds a case to the counts [classes][classes] of (truth, prediction). */
static void confusion_add(int64_t *count, int classes, const uint8_t *truth, const uint8_t *pred, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (truth[i] != NO_CLASS)
			count[truth[i] * classes + pred[i]]++;
}

static void confusion_dice(const int64_t *count, int classes, double *dice)
{
	for (int c = 0; c < classes; c++) {
		int64_t truth = 0, pred = 0;
		for (int k = 0; k < classes; k++) {
			truth += count[c * classes + k];
			pred += count[k * classes + c];
		}
		dice[c] = hard_dice((double)count[c * classes + c], (double)truth, (double)pred);
	}
}

static int add(struct valid *v, const struct record *r, struct err *e)
{
	const struct tensor *image = record_peek(r, "image"), *label = record_peek(r, "label");
	int64_t voxels;

	if (!image || image->rank != 4 || tensor_count(image) <= 0)
		return err_set(e, "no image [C,D,H,W]");
	if (!label)
		return err_set(e, "no label: validation needs one for each case");
	if (label->rank != 3 || memcmp(label->dim, image->dim + 1, 3 * sizeof *label->dim))
		return err_set(e, "image and label differ in shape");
	if (v->n == v->cap)
		v->scan = xresize(v->scan, (size_t)(v->cap = v->cap ? 2 * v->cap : 16), sizeof *v->scan);
	struct scan *s = &v->scan[v->n++];
	snprintf(s->id, sizeof s->id, "%s", r->id);
	s->channels = image->dim[0];
	memcpy(s->size, label->dim, sizeof s->size);
	voxels = tensor_count(label);
	s->image = xmalloc((size_t)(s->channels * voxels) * sizeof *s->image);
	s->label = xmalloc((size_t)voxels);
	convert(s->image, PM_F32, image->data, image->dtype, s->channels * voxels);
	return labels_take(s->label, label, &v->labels, e);
}

struct valid *valid_read(const char *path, const struct labels *l)
{
	struct valid *v = xcalloc(1, sizeof *v);
	struct record r = { .n = 0 };
	struct err e;
	struct istream *s = istream_open(path, &e);
	int64_t most = 0;
	int got;

	v->labels = *l;
	if (!s)
		die(PM_FAIL, "--valid: %s", e.msg);
	if (strcmp(istream_head(s)->kind, "sample"))
		die(PM_FAIL, "--valid %s: a stream of kind %s; validation takes samples", path, istream_head(s)->kind);
	while ((got = istream_next(s, &r, &e)) > 0)
		if (add(v, &r, &e))
			die(PM_FAIL, "--valid: %s: %s", r.id, e.msg);
	if (got < 0)
		die(PM_INPUT, "--valid: %s", e.msg);
	if (!v->n)
		die(PM_FAIL, "--valid %s: no cases", path);
	istream_close(s);
	record_fini(&r);
	for (int i = 0; i < v->n; i++) {
		const int64_t *d = v->scan[i].size;
		most = d[0] * d[1] * d[2] > most ? d[0] * d[1] * d[2] : most;
	}
	v->pred = xmalloc((size_t)most);
	return v;
}

int valid_channels(const struct valid *v, struct err *e, int64_t channels)
{
	for (int i = 0; i < v->n; i++)
		if (v->scan[i].channels != channels)
			return err_set(e, "--valid: %s: %lld channels, but the network takes %lld", v->scan[i].id,
				(long long)v->scan[i].channels, (long long)channels);
	return 0;
}

static void take(void *arg, const struct slab *s) { slab_classes(s, arg); }

double valid_run(struct valid *v, struct predictor *p, double *dice)
{
	const int k = v->labels.classes;
	int64_t *count = xcalloc((size_t)k * (size_t)k, sizeof *count);
	double one[MAX_CLASSES], mean = 0;

	for (int c = 0; c < k; c++)
		dice[c] = 0;
	for (int i = 0; i < v->n; i++) {
		const struct scan *s = &v->scan[i];
		const int64_t voxels = s->size[0] * s->size[1] * s->size[2];

		predictor_run(p, s->image, s->channels, s->size, take, v->pred);
		memset(count, 0, (size_t)k * (size_t)k * sizeof *count);
		confusion_add(count, k, s->label, v->pred, voxels);
		confusion_dice(count, k, one);
		for (int c = 0; c < k; c++)
			dice[c] += one[c];
	}
	free(count);
	for (int c = 0; c < k; c++) {
		dice[c] /= v->n;
		mean += c ? dice[c] : 0;
	}
	return mean / (k - 1);
}
