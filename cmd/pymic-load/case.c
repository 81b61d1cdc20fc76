/* case.c: reads the files of one case into a record and checks that they belong together. */
#include "load.h"
#include "base/rng.h"
#include "io/cases.h"
#include "io/sidecar.h"
#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct volume *volumes(struct scratch *s, int n)
{
	if (n > s->n) {
		s->v = xresize(s->v, (size_t)n, sizeof(*s->v));
		memset(s->v + s->n, 0, (size_t)(n - s->n) * sizeof(*s->v));
		s->n = n;
	}
	return s->v;
}

void scratch_fini(struct scratch *s)
{
	for (int i = 0; i < s->n; i++)
		volume_fini(&s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

/* Makes the field and hands it the volume's buffer; the volume gets the field's old one. No voxel is copied. */
static void adopt(struct record *r, const char *name, struct volume *v, int rank, const int64_t *dim)
{
	static const int64_t one[PM_MAX_RANK] = { 1, 1, 1, 1, 1, 1 };
	struct tensor *t = record_put(r, name, v->t.dtype, rank, one);
	struct field *f = (struct field *)(void *)((char *)t - offsetof(struct field, t));
	void *data = t->data;
	size_t cap = f->cap;
	t->data = v->t.data;
	f->cap = v->cap;
	memcpy(t->dim, dim, (size_t)rank * sizeof(*dim));
	v->t.data = data;
	v->cap = cap;
}

/* --dims: [1,C,H,W], as HDF5 has it, becomes C channels of a flat image: the same bytes. */
static int apply_dims(struct volume *v, const char *dims, const char *path, struct err *e)
{
	if (!strcmp(dims, "3"))
		v->geo.dims = 3;
	if (strcmp(dims, "2"))
		return 0;
	if (v->t.dim[0] > 1 && v->t.dim[1] > 1)
		return err_set(e, "%s: has channels and slices: not --dims 2", path);
	if (v->t.dim[1] > 1) {
		v->t.dim[0] = v->t.dim[1];
		v->t.dim[1] = v->whole[0] = 1;
	}
	v->geo.dims = 2;
	return 0;
}

/* Counts the NaN and infinities and tells the first; zero: makes them 0. */
static int64_t not_finite(struct tensor *t, bool zero, int64_t *first)
{
	int64_t n = tensor_count(t), bad = 0;
	for (int64_t i = 0; i < n; i++) {
		bool ok = t->dtype == PM_F32 ? isfinite(((float *)t->data)[i]) : isfinite(((double *)t->data)[i]);
		if (ok)
			continue;
		if (!bad++)
			*first = i;
		if (zero)
			tensor_set(t, i, 0);
	}
	return bad;
}

int case_open(const struct reading *c, const char *path, const char *what, struct volume *v, struct err *e)
{
	const struct options *o = c->o;
	if (volume_get(path, &(struct wanted){ what, o->fix_affine, c->window }, v, e) != 0 || apply_dims(v, o->dims, path, e) != 0)
		return -1;
	if (v->repaired)
		err_set(c->warn, "%s: its affine is damaged; the next best in the header is used", path);
	return c->it->spacing && !strcmp(v->geo.units, "vox") ? spacing_parse(c->it->spacing, &v->geo, e) : 0;
}

static void print_affine(char *out, size_t size, const double a[16])
{
	size_t n = 0;
	for (int i = 0; i < 12 && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%.5g", i == 0 ? "" : i % 4 ? " " : "; ", a[i]);
}

int case_check_place(const struct volume *v, const char *path, const struct volume *image, const char *image_path,
	const struct options *o, struct err *warn, struct err *e)
{
	const int64_t *a = v->t.dim, *b = image->t.dim, *c = v->whole, *d = image->whole;
	if (memcmp(a + 1, b + 1, 3 * sizeof(*a)) || memcmp(c, d, sizeof(v->whole)))
		return err_set(e, "%s: shape %lldx%lldx%lld, but %s has %lldx%lldx%lld", path, (long long)c[0], (long long)c[1],
			(long long)c[2], image_path, (long long)d[0], (long long)d[1], (long long)d[2]);
	bool placed = geometry_placed(&v->geo) && geometry_placed(&image->geo);
	if (!placed || !strcmp(o->geometry, "image"))
		return 0;
	double far = geometry_distance(&v->geo, &image->geo, c);
	if (far < 1e-3)
		return 0;
	char one[160], two[160];
	print_affine(one, sizeof(one), v->geo.affine);
	print_affine(two, sizeof(two), image->geo.affine);
	struct err *to = far < 0.1 ? warn : e;
	err_set(to, "%s: lies %.2g voxels off %s ([%s] and [%s]); --geometry image trusts the image", path, far, image_path,
		one, two);
	return far < 0.1 ? 0 : -1;
}

/* Labels saved as floats: whole numbers become the smallest integer type that holds them. */
static int float_labels(struct volume *v, const char *path, struct err *e)
{
	int64_t n = tensor_count(&v->t);
	double lo = 0, hi = 0;
	for (int64_t i = 0; i < n; i++) {
		double x = v->t.dtype == PM_F32 ? (double)((float *)v->t.data)[i] : ((double *)v->t.data)[i];
		if (!(x >= INT32_MIN && x <= INT32_MAX) || x != floor(x))
			return err_set(e, "%s: label %.9g is not a whole number: was the label interpolated?", path, x);
		lo = fmin(lo, x);
		hi = fmax(hi, x);
	}
	enum dtype t = lo >= 0 && hi <= 255 ? PM_U8 : lo >= INT16_MIN && hi <= INT16_MAX ? PM_I16 : PM_I32;
	size_t cap = (size_t)n * dtype_size(t);
	void *data = xmalloc(cap);
	convert(data, t, v->t.data, v->t.dtype, n);
	free(v->t.data);
	v->t.data = data;
	v->t.dtype = t;
	v->cap = cap;
	return 0;
}

static bool among(const struct numbers *list, double x)
{
	for (int i = 0; i < list->n; i++)
		if (list->v[i] == x)
			return true;
	return false;
}

static bool label_allowed(double x, const struct options *o)
{
	return o->labels.n ? among(&o->labels, x) : x >= 0 && x < o->classes;
}

int case_check_labels(const struct tensor *t, const struct options *o, const char *file, struct err *e)
{
	if (!t || (!o->classes && !o->labels.n))
		return 0;
	int64_t n = tensor_count(t), bad = 0;
	double wrong = 0, last = 0;
	bool known = false; /* labels come in runs: the last one that passed need not be looked up again */
	for (int64_t i = 0; i < n; i++) {
		double x = t->dtype == PM_U8 ? ((uint8_t *)t->data)[i] : tensor_at(t, i);
		if ((known && x == last) || (bad && x != wrong))
			continue;
		if (bad || !label_allowed(x, o)) {
			wrong = x;
			bad++;
			known = false;
		} else {
			last = x;
			known = true;
		}
	}
	if (!bad)
		return 0;
	char rule[32] = "it is not in --labels";
	if (!o->labels.n)
		snprintf(rule, sizeof(rule), "--classes is %d", o->classes);
	return err_set(e, "%s%slabel %.15g (%lld voxel%s) but %s", file ? file : "", file ? ": " : "", wrong, (long long)bad,
		bad == 1 ? "" : "s", rule);
}

int case_check_values(struct volume *v, const char *path, const char *what, const struct options *o, struct err *e)
{
	if (strcmp(what, "image") && v->t.dim[0] != 1)
		return err_set(e, "%s: a %s has one channel, this has %lld (colours? save an index or grey image)", path, what,
			(long long)v->t.dim[0]);
	if (dtype_is_integer(v->t.dtype))
		return 0;
	if (!strcmp(what, "label"))
		return float_labels(v, path, e);
	bool zero = !strcmp(o->nan, "zero");
	int64_t first = 0, bad = not_finite(&v->t, zero, &first);
	if (!bad || zero)
		return 0;
	const int64_t *d = v->t.dim;
	return err_set(e, "%s: %lld voxel%s NaN or infinite, the first at z,y,x = %lld,%lld,%lld; --nan zero reads them as 0",
		path, (long long)bad, bad == 1 ? " is" : "s are", (long long)(first / (d[2] * d[3]) % d[1]),
		(long long)(first / d[3] % d[2]), (long long)(first % d[3]));
}

static int read_one(const struct reading *c, const char *path, const char *what, struct volume *v, struct err *e)
{
	return case_open(c, path, what, v, e) || case_check_values(v, path, what, c->o, e) ? -1 : 0;
}

/* The smallest type that holds both: an integer where both are (and small), else f32. */
static enum dtype common_type(enum dtype a, enum dtype b)
{
	static const struct { enum dtype t; double lo, hi; } whole[] = {
		{ PM_U8, 0, UINT8_MAX }, { PM_I8, INT8_MIN, INT8_MAX }, { PM_U16, 0, UINT16_MAX }, { PM_I16, INT16_MIN, INT16_MAX },
		{ PM_U32, 0, UINT32_MAX }, { PM_I32, INT32_MIN, INT32_MAX },
	};
	double lo = 0, hi = 0;
	int found = 0;
	if (a == b)
		return a;
	for (size_t i = 0; i < PM_COUNT(whole); i++)
		if (whole[i].t == a || whole[i].t == b) {
			lo = fmin(lo, whole[i].lo);
			hi = fmax(hi, whole[i].hi);
			found++;
		}
	for (size_t i = 0; found == 2 && i < PM_COUNT(whole); i++)
		if (whole[i].lo <= lo && whole[i].hi >= hi)
			return whole[i].t;
	return PM_F32;
}

/* Several files, each with its channels, become one image; a missing one is a channel of zeros, told in meta "missing". */
static void stack(struct record *r, const struct volume *v, const struct item *it)
{
	const struct tensor *first = &v[it->first].t;
	int64_t dim[4] = { 0, first->dim[1], first->dim[2], first->dim[3] }, plane = dim[1] * dim[2] * dim[3];
	double missing[PM_COUNT(((struct case_columns *)0)->image)];
	enum dtype t = first->dtype;
	int gone = 0;
	for (int i = 0; i < it->images; i++) {
		if (!it->image[i])
			missing[gone++] = (double)dim[0];
		dim[0] += it->image[i] ? v[i].t.dim[0] : 1;
		t = it->image[i] ? common_type(t, v[i].t.dtype) : t;
	}
	char *to = record_put(r, "image", t, 4, dim)->data;
	for (int i = 0; i < it->images; i++) {
		int64_t count = it->image[i] ? v[i].t.dim[0] * plane : plane;
		if (it->image[i])
			convert(to, t, v[i].t.data, v[i].t.dtype, count);
		else
			memset(to, 0, (size_t)count * dtype_size(t));
		to += (size_t)count * dtype_size(t);
	}
	if (gone)
		meta_set_numbers(&r->meta, "missing", missing, gone);
}

static int read_stream_item(const struct item *it, const struct options *o, struct record *r, struct err *e)
{
	if (source_read(it->source, it->offset, r, e) != 0)
		return -1;
	if (it->unlabeled)
		record_drop(r, "label");
	return case_check_labels(record_peek(r, "label"), o, NULL, e);
}

/* The box of this visit: anywhere, or (the whole label was read for that) around a voxel of a class. */
static int draw_window(const struct reading *c, const struct volume *label, struct rng *rng, struct window *w, struct err *e)
{
	const struct options *o = c->o;
	int64_t start[3], to[3];
	for (int i = 0; i < 3; i++) {
		w->size[i] = (int64_t)axis_number(&o->crop, i);
		w->at[i] = rng_uniform(rng);
	}
	if (!label)
		return 0;
	if (window_place(w, label->whole, start, c->it->label, e) != 0)
		return -1;
	for (int i = 0; i < 3; i++)
		to[i] = w->size[i] ? w->size[i] : label->whole[i];
	int found = crop_focus(&o->labels, &label->t, label->whole, to, start, rng, e);
	for (int i = 0; i < 3 && found > 0; i++)
		w->at[i] = ((double)start[i] + 0.5) / (double)(label->whole[i] - to[i] + 1);
	return found < 0 ? err_prefix(e, "%s", c->it->label) : 0;
}

/* Says in meta where the box was cut out, as pymic-augment's crop does: pymic-augment --undo puts it back. */
static void put_crop(struct record *r, const struct volume *v)
{
	struct action a = { .kind = ACTION_SHIFT };
	bool whole = true;
	for (int i = 0; i < 3; i++) {
		a.warp.from[i] = v->whole[i];
		a.warp.to[i] = v->t.dim[i + 1];
		a.warp.own[i] = (double)v->t.dim[i + 1];
		a.warp.own[3 + i] = a.warp.map[i][3] = (double)v->from[i];
		a.warp.map[i][i] = 1;
		whole &= v->whole[i] == v->t.dim[i + 1];
	}
	if (!whole)
		grid_push(r, &a);
}

static int read_files(const struct reading *c, struct scratch *s, struct volume *label, struct err *e)
{
	const struct item *it = c->it;
	const struct options *o = c->o;
	struct volume *v = s->v, *weight = v + it->images + 1, *first = v + it->first;
	const char *path = it->image[it->first];
	for (int i = 0; i < it->images; i++)
		if (it->image[i] && (read_one(c, it->image[i], "image", &v[i], e) ||
			(i > it->first && case_check_place(&v[i], it->image[i], first, path, o, c->warn, e))))
			return -1;
	if (label && case_check_place(label, it->label, first, path, o, c->warn, e) != 0)
		return -1;
	return it->weight && (read_one(c, it->weight, "weight", weight, e) ||
		case_check_place(weight, it->weight, first, path, o, c->warn, e)) ? -1 : 0;
}

/* Where a voxel bears none of the labels that were annotated nobody knows what it is: it weighs nothing. */
static void weigh(struct record *r, const struct numbers *annotated)
{
	const struct tensor *label = record_peek(r, "label"), *weight = record_peek(r, "weight");
	const int64_t n = tensor_count(label);
	const bool given = weight != NULL;
	float *w = given ? weight->data : record_put(r, "weight", PM_F32, 3, label->dim)->data;
	for (int64_t i = 0; i < n; i++)
		w[i] = !among(annotated, tensor_at(label, i)) ? 0 : given ? w[i] : 1;
}

int case_read(const struct item *it, const struct options *o, struct scratch *s, struct record *r, struct err *warn, struct err *e)
{
	warn->msg[0] = '\0';
	if (it->source)
		return read_stream_item(it, o, r, e);
	struct volume *v = volumes(s, it->images + 2), *label = v + it->images, *weight = label + 1;
	struct window window = { .size = { 0 } };
	struct reading c = { it, o, NULL, warn };
	bool labeled = it->label && !it->unlabeled, labeled_read = false;
	if (o->crop.n) {
		struct rng rng;
		rng_init(&rng, (uint64_t)o->seed, "pymic-load", (uint64_t)r->epoch, it->id, 0);
		bool focus = labeled && o->foreground > 0 && rng_uniform(&rng) < o->foreground;
		if ((focus && read_one(&c, it->label, "label", label, e)) || draw_window(&c, focus ? label : NULL, &rng, &window, e))
			return -1;
		c.window = &window;
		if (focus && (window_place(&window, label->whole, label->from, it->label, e) || volume_cut(label, &window, it->label, e)))
			return -1;
		labeled_read = focus;
	}
	if (labeled && !labeled_read && read_one(&c, it->label, "label", label, e) != 0)
		return -1;
	if (read_files(&c, s, labeled ? label : NULL, e) != 0)
		return -1;
	const struct volume *first = v + it->first;
	record_clear(r);
	snprintf(r->id, sizeof(r->id), "%s", it->id);
	geometry_put(&first->geo, &r->meta);
	meta_set_text(&r->meta, "source", it->image[it->first]);
	const int64_t dim[4] = { first->t.dim[0], first->t.dim[1], first->t.dim[2], first->t.dim[3] };
	if (o->crop.n)
		put_crop(r, first);
	if (it->images == 1)
		adopt(r, "image", v, 4, dim);
	else
		stack(r, v, it);
	if (labeled)
		adopt(r, "label", label, 3, dim + 1);
	if (it->class >= 0 && !it->unlabeled)
		*(uint8_t *)record_put(r, "label", PM_U8, 3, (int64_t[]){ 1, 1, 1 })->data = (uint8_t)it->class;
	if (it->weight && weight->t.dtype == PM_F32)
		adopt(r, "weight", weight, 3, dim + 1);
	else if (it->weight)
		convert(record_put(r, "weight", PM_F32, 3, dim + 1)->data, PM_F32, weight->t.data, weight->t.dtype,
			tensor_count(&weight->t));
	if (labeled && it->annotated.n)
		weigh(r, &it->annotated);
	return case_check_labels(record_peek(r, "label"), o, it->label, e);
}
