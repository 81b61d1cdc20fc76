/* score.c: one case: labels become masks, masks become numbers. */
#include "eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/statistics.h"

void scratch_fini(struct scratch *s)
{
	volume_fini(&s->pred);
	volume_fini(&s->truth);
	free(s->pred_mask);
	free(s->truth_mask);
}

static void scratch_reserve(struct scratch *s, size_t voxels)
{
	if (voxels <= s->voxels)
		return;
	s->voxels = voxels;
	s->pred_mask = xresize(s->pred_mask, voxels, 1);
	s->truth_mask = xresize(s->truth_mask, voxels, 1);
}

void score_init(struct score *s, const struct plan *p, const char *id)
{
	memset(s, 0, sizeof *s);
	snprintf(s->id, sizeof s->id, "%s", id);
	s->value = xcalloc((size_t)(p->measures * p->columns), sizeof *s->value);
	s->has = xcalloc((size_t)p->structures, 1);
}

void score_fini(struct score *s)
{
	free(s->value);
	free(s->has);
}

/* What is predicted, or true: labels [D,H,W] and where they lie. */
struct side {
	const char *what;
	const void *data;
	enum dtype dtype;
	int64_t size[3];
	struct geometry geo;
};

static int side_file(struct side *s, const char *path, struct volume *v, struct err *e)
{
	if (volume_read(path, "label", v, e))
		return -1;
	if (v->t.dim[0] != 1)
		return err_set(e, "%s: labels have one channel, this has %lld (colours? save an index or grey image)", path,
			(long long)v->t.dim[0]);
	s->data = v->t.data;
	s->dtype = v->t.dtype;
	memcpy(s->size, v->t.dim + 1, sizeof s->size);
	s->geo = v->geo;
	return 0;
}

static int side_field(struct side *s, const struct record *r, const char *field, struct err *e)
{
	const struct tensor *t = record_peek(r, field);
	if (!t || t->rank != 3 || tensor_count(t) <= 0)
		return err_set(e, "this record has no %s [D,H,W]", field);
	s->data = t->data;
	s->dtype = t->dtype;
	memcpy(s->size, t->dim, sizeof s->size);
	geometry_get(&r->meta, &s->geo);
	return 0;
}

static int check_labels(const struct side *s, int64_t n, struct err *e)
{
	if (dtype_is_integer(s->dtype))
		return 0;
	for (int64_t i = 0; i < n; i++) {
		double v = s->dtype == PM_F32 ? (double)((const float *)s->data)[i] : ((const double *)s->data)[i];
		if (v != floor(v)) /* so is NaN */
			return err_set(e, "%s %.9g is not a whole number: was it interpolated?", s->what, v);
	}
	return 0;
}

/* Puts `to` where a label is one of the structure's. */
static void mark(uint8_t *mask, const struct side *side, int64_t n, const struct structure *s, uint8_t to)
{
	enum { CHUNK = 4096 };
	int32_t label[CHUNK];
	for (int64_t at = 0; at < n; at += CHUNK) {
		int64_t len = n - at < CHUNK ? n - at : CHUNK;
		convert(label, PM_I32, (const char *)side->data + (size_t)at * dtype_size(side->dtype), side->dtype, len);
		for (int k = 0; k < s->n; k++)
			for (int64_t i = 0; i < len; i++)
				mask[at + i] = label[i] == s->label[k] ? to : mask[at + i];
	}
}

static void make_mask(uint8_t *mask, const struct side *side, int64_t n, const struct structure *s)
{
	memset(mask, 0, (size_t)n);
	mark(mask, side, n, s, 1);
}

static double measure(const struct plan *p, const struct measure *m, int has, struct pair *pair)
{
	if (p->as || m->metric->quantity != DISTANCE || has == (HAS_PRED | HAS_TRUTH))
		return m->metric->eval(m->conf, pair);
	if (!has)
		return NAN;
	return p->diagonal ? pair_diagonal(pair) : p->empty_distance;
}

static void compare(struct score *s, const struct plan *p, const struct side *pred, const struct side *truth,
	struct scratch *w)
{
	const struct structure ignored = { .n = 1, .label = { p->ignore } };
	const double voxels[3] = { 1, 1, 1 };
	const double *spacing = p->spacing == OF_NEITHER ? voxels : p->spacing == OF_TRUTH ? truth->geo.spacing : pred->geo.spacing;
	struct pair pair;
	int64_t n = truth->size[0] * truth->size[1] * truth->size[2], unjudged = 0;
	if (p->ignore) {
		make_mask(w->truth_mask, truth, n, &ignored);
		for (int64_t i = 0; i < n; i++)
			unjudged += w->truth_mask[i];
	}
	for (int k = 0; k < p->structures; k++) {
		make_mask(w->pred_mask, pred, n, &p->structure[k]);
		make_mask(w->truth_mask, truth, n, &p->structure[k]);
		if (p->ignore)
			mark(w->pred_mask, truth, n, &ignored, 0);
		pair_init(&pair, w->pred_mask, w->truth_mask, truth->size, spacing);
		pair.how = p->how;
		pair.structure = k;
		pair.tn -= unjudged;
		s->has[k] = (uint8_t)((pair.tp + pair.fp ? HAS_PRED : 0) | (pair.tp + pair.fn ? HAS_TRUTH : 0));
		for (int m = 0; m < p->measures; m++)
			s->value[m * p->columns + k] = measure(p, &p->measure[m], s->has[k], &pair);
		pair_fini(&pair);
	}
	for (int m = 0; m < p->measures && p->structures > 1; m++) {
		double *v = s->value + m * p->columns;
		v[p->structures] = moments_of(v, p->structures, 0).mean; /* where it is defined */
	}
}

int score_case(struct score *s, const struct plan *p, const struct job *j, struct scratch *w)
{
	struct side pred = { .what = "prediction" }, truth = { .what = "label" };
	if ((j->pred ? side_file(&pred, j->pred, &w->pred, &s->fail) : side_field(&pred, &j->rec, "pred", &s->fail)) ||
		(j->truth ? side_file(&truth, j->truth, &w->truth, &s->fail) : side_field(&truth, &j->rec, "label", &s->fail)))
		return -1;
	const int64_t *a = pred.size, *b = truth.size, n = b[0] * b[1] * b[2];
	if (memcmp(a, b, sizeof pred.size))
		return err_set(&s->fail, "the prediction has %lldx%lldx%lld voxels, but the truth %lldx%lldx%lld",
			(long long)a[0], (long long)a[1], (long long)a[2], (long long)b[0], (long long)b[1], (long long)b[2]);
	if (geometry_placed(&pred.geo) && geometry_placed(&truth.geo)) {
		double far = geometry_distance(&pred.geo, &truth.geo, b);
		if (far >= .1)
			err_set(&s->odd, "the prediction lies %.2g voxels off the truth; voxels are compared by their index", far);
	}
	if (!strcmp(truth.geo.units, "vox") && !strcmp(pred.geo.units, "mm")) { /* a list or a sidecar told pymic-load */
		memcpy(truth.geo.spacing, pred.geo.spacing, sizeof truth.geo.spacing);
		strcpy(truth.geo.units, "mm");
	}
	strcpy(s->unit, p->spacing == OF_NEITHER ? "vox" : p->spacing == OF_TRUTH ? truth.geo.units : pred.geo.units);
	if (check_labels(&pred, n, &s->fail) || check_labels(&truth, n, &s->fail))
		return -1;
	scratch_reserve(w, (size_t)n);
	compare(s, p, &pred, &truth, w);
	return 0;
}
