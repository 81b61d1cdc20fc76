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

enum { COUNTS = 3 };

struct valid {
	struct labels labels;
	int n, cap;
	bool originals;
	struct scan *scan;
	int at;         /* the scan under way */
	int64_t pieces; /* of windows, that were computed in this validation */
	double *count;  /* [n][classes][COUNTS], on the backend: see its count */
};

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

/* Counts pixels of each class where the logits are: nobody waits for them. */
static void take(void *arg, const struct slab *s)
{
	const struct valid *v = arg;
	const int64_t at = s->first * s->plane, n = s->planes * s->plane;

	s->backend->put(s->room, v->scan[v->at].label + at, (size_t)n);
	s->backend->count(v->count + v->at * v->labels.classes * COUNTS, s->logits, s->room, s->planes, s->classes, s->plane);
}

static size_t count_bytes(const struct valid *v) { return (size_t)(v->n * v->labels.classes * COUNTS) * sizeof *v->count; }

static void next_scan(const struct valid *v, struct predictor *p)
{
	predictor_begin(p, v->scan[v->at].image, v->scan[v->at].channels, v->scan[v->at].size);
}

void valid_begin(struct valid *v, struct predictor *p, const struct backend *be)
{
	if (!v->count)
		v->count = be->alloc(count_bytes(v));
	be->zero(v->count, count_bytes(v));
	v->at = 0;
	v->pieces = 0;
	next_scan(v, p);
}

bool valid_more(struct valid *v, struct predictor *p)
{
	if (v->at == v->n)
		return false;
	v->pieces++;
	if (!predictor_more(p, take, v) && ++v->at < v->n)
		next_scan(v, p);
	return v->at < v->n;
}

int64_t valid_pieces(const struct valid *v) { return v->pieces; }

/* Over all cases together: dice is the F1 score of each class. Returns the accuracy. */
static double judge_classes(const struct valid *v, const double *count, double *dice)
{
	const int k = v->labels.classes;
	double right = 0, all = 0;

	for (int c = 0; c < k; c++) {
		double of[COUNTS] = { 0 };
		for (int i = 0; i < v->n * COUNTS; i++)
			of[i % COUNTS] += count[(i / COUNTS * k + c) * COUNTS + i % COUNTS];
		dice[c] = hard_dice(of[0], of[1], of[2]);
		right += of[0];
		all += of[1];
	}
	return right / all;
}

static double judge_pixels(const struct valid *v, const double *count, double *dice)
{
	const int k = v->labels.classes;
	double mean = 0;

	for (int c = 0; c < k; c++) {
		dice[c] = 0;
		for (int i = 0; i < v->n; i++) {
			const double *of = count + (i * k + c) * COUNTS;
			dice[c] += hard_dice(of[0], of[1], of[2]);
		}
		dice[c] /= v->n;
		mean += c ? dice[c] : 0;
	}
	return mean / (k - 1);
}

double valid_end(struct valid *v, struct predictor *p, const struct backend *be, double *dice)
{
	double *count = xmalloc(count_bytes(v));

	while (valid_more(v, p))
		;
	be->get(count, v->count, count_bytes(v));
	const double result = (v->labels.whole ? judge_classes : judge_pixels)(v, count, dice);
	free(count);
	return result;
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
