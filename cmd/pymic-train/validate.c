/* validate.c: hard Dice of each case of the validation set; of classes of whole images, how many are right. */
#include "train.h"

#include "io/stream.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	char id[PM_ID];
	int64_t channels, size[3];
	float *image, *original;
	uint8_t *label;
};

struct valid {
	struct labels labels;
	int n, cap;
	bool originals;
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

/* image [C,D,H,W] and the label, or the original where these are wanted. */
static int add(struct valid *v, const struct record *r, struct err *e)
{
	const struct tensor *image = record_peek(r, "image"), *label = record_peek(r, "label");
	const struct tensor *target = record_peek(r, "target");
	int64_t voxels;

	if (!image || image->rank != 4 || tensor_count(image) <= 0)
		return err_set(e, "no image [C,D,H,W]");
	if (v->originals && (!target || target->rank != 4 || memcmp(target->dim, image->dim, sizeof *image->dim * 4)))
		return err_set(e, "no target of the image's shape: validation needs one for each case");
	if (!label && !v->originals)
		return err_set(e, "no label: validation needs one for each case");
	if (v->originals)
		label = NULL;
	if (label && label->rank != 3)
		return err_set(e, "image and label differ in shape");
	if (label && labels_fit(&v->labels, label, image->dim + 1, e))
		return -1;
	if (v->n == v->cap)
		v->scan = xresize(v->scan, (size_t)(v->cap = v->cap ? 2 * v->cap : 16), sizeof *v->scan);
	struct scan *s = &v->scan[v->n++];
	snprintf(s->id, sizeof s->id, "%s", r->id);
	s->channels = image->dim[0];
	memcpy(s->size, image->dim + 1, sizeof s->size);
	voxels = s->size[0] * s->size[1] * s->size[2];
	s->image = xmalloc((size_t)(s->channels * voxels) * sizeof *s->image);
	s->label = label ? xmalloc((size_t)tensor_count(label)) : NULL;
	s->original = v->originals ? xmalloc((size_t)(s->channels * voxels) * sizeof *s->original) : NULL;
	convert(s->image, PM_F32, image->data, image->dtype, s->channels * voxels);
	if (label)
		return labels_take(s->label, label, &v->labels, e);
	convert(s->original, PM_F32, target->data, target->dtype, s->channels * voxels);
	return 0;
}

struct valid *valid_read(const char *path, const struct labels *l, bool originals)
{
	struct valid *v = xcalloc(1, sizeof *v);
	struct record r = { .n = 0 };
	struct err e;
	struct istream *s = istream_open(path, &e);
	int64_t most = 0;
	int got;

	v->labels = *l;
	v->originals = originals;
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

/* Over all cases together: dice is the F1 score of each class. Returns the accuracy. */
static double classes_run(struct valid *v, struct predictor *p, double *dice)
{
	const int k = v->labels.classes;
	int64_t *count = xcalloc((size_t)k * (size_t)k, sizeof *count), right = 0, all = 0;

	for (int i = 0; i < v->n; i++) {
		const struct scan *s = &v->scan[i];
		predictor_run(p, s->image, s->channels, s->size, take, v->pred);
		confusion_add(count, k, s->label, v->pred, 1);
	}
	confusion_dice(count, k, dice);
	for (int i = 0; i < k * k; i++) {
		right += i % (k + 1) ? 0 : count[i];
		all += count[i];
	}
	free(count);
	return (double)right / (double)all;
}

double valid_run(struct valid *v, struct predictor *p, double *dice)
{
	const int k = v->labels.classes;
	double one[MAX_CLASSES], mean = 0;

	if (v->labels.whole)
		return classes_run(v, p, dice);
	int64_t *count = xcalloc((size_t)k * (size_t)k, sizeof *count);
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

static void take_values(void *arg, const struct slab *s) { slab_values(s, arg); }

double valid_error(const struct valid *v, struct predictor *p, const struct agent *a, const void *conf)
{
	double sum = 0;

	for (int i = 0; i < v->n; i++) {
		const struct scan *s = &v->scan[i];
		const int64_t n = s->channels * s->size[0] * s->size[1] * s->size[2];
		float *made = xmalloc((size_t)n * sizeof *made);

		predictor_run(p, s->image, s->channels, s->size, take_values, made);
		sum += a->error(conf, made, s->original, n);
		free(made);
	}
	return sum / v->n;
}
