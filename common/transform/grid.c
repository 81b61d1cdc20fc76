/* grid.c: see grid.h. */
#include "transform/grid.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SPACING = 3, AFFINE = 16, NIFTI = 32 };

static bool same(const int64_t a[3], const int64_t b[3])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

static bool lies_on(const struct tensor *t, const int64_t size[3])
{
	return t->rank >= 3 && same(t->dim + t->rank - 3, size);
}

int grid_of(const struct record *r, int64_t size[3], struct err *e)
{
	static const char *const name[] = { "image", "label", "pred", "prob", "weight", "target" };
	static const int64_t one[3] = { 1, 1, 1 };
	const char *first = NULL;

	for (size_t i = 0; i < PM_COUNT(name); i++) {
		const struct tensor *t = record_peek(r, name[i]);
		int rank = !strcmp(name[i], "image") || !strcmp(name[i], "prob") || !strcmp(name[i], "target") ? 4 : 3;

		if (!t)
			continue;
		if (t->rank != rank || tensor_count(t) < 1)
			return err_set(e, "%s has %d axes, %d and at least one element are needed", name[i], t->rank, rank);
		const int64_t *d = t->dim + rank - 3;

		if (first && same(d, one) && strcmp(name[i], "target"))
			continue; /* of the whole image: its class */
		if (!first)
			memcpy(size, d, 3 * sizeof(*size));
		else if (!same(d, size))
			return err_set(e, "%s is %" PRId64 "x%" PRId64 "x%" PRId64 " but %s is %" PRId64 "x%" PRId64 "x%" PRId64,
				name[i], d[0], d[1], d[2], first, size[0], size[1], size[2]);
		first = first ? first : name[i];
	}
	return first ? 0 : err_set(e, "has no image, label or prediction");
}

/* A field behind the others that becomes the new contents of one of them; its buffer is kept from record to record. */
static const char scratch[] = "\x01scratch";

static struct field *field_of(struct record *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (!strcmp(r->f[i].name, name))
			return &r->f[i];
	return NULL;
}

static struct tensor *room(struct record *r, const char *name, enum dtype t, int rank, const int64_t *dim,
	struct err *e)
{
	struct tensor shape = { .dtype = t, .rank = rank };
	size_t bytes;

	memcpy(shape.dim, dim, (size_t)rank * sizeof(*dim));
	if (tensor_bytes(&shape, &bytes)) {
		err_set(e, "%s would be too large", name);
		return NULL;
	}
	if (r->n >= PM_MAX_FIELDS) {
		err_set(e, "has %d fields, at most %d can be transformed", r->n, PM_MAX_FIELDS - 1);
		return NULL;
	}
	return record_put(r, scratch, t, rank, dim);
}

/* The scratch field's contents become those of f. */
static void take(struct record *r, struct field *f)
{
	struct field *s = field_of(r, scratch);
	struct tensor t = f->t;
	size_t cap = f->cap;

	f->t = s->t;
	f->cap = s->cap;
	s->t = t;
	s->cap = cap;
	record_drop(r, scratch);
}

/* Makes the field f32. -1 with e: it would be too large. */
static int to_float(struct record *r, struct field *f, struct err *e)
{
	if (f->t.dtype == PM_F32)
		return 0;
	struct tensor *wide = room(r, f->name, PM_F32, f->t.rank, f->t.dim, e);

	if (!wide)
		return -1;
	convert(wide->data, PM_F32, f->t.data, f->t.dtype, tensor_count(&f->t));
	take(r, f);
	return 0;
}

struct tensor *image_float(struct record *r, struct err *e)
{
	struct field *f = field_of(r, "image");

	if (!f || f->t.rank != 4 || tensor_count(&f->t) < 1) {
		err_set(e, f ? "image has %d axes, C,D,H,W are needed" : "has no image", f ? f->t.rank : 0);
		return NULL;
	}
	return to_float(r, f, e) ? NULL : &f->t;
}

/* One field of the record moved to the grid `to`: channels of type t from src to dst; order 0 or 1. */
struct move {
	void *dst;
	const void *src;
	int64_t from[3], to[3], channels;
	enum dtype t;
	int order;
	bool prob; /* class scores: outside is class 0 */
};

/*
 * Calls one() for each field on the grid `from`, then gives the field the grid `to`. exact: types stay as they are
 * (one() copies elements and does not interpolate). Fields that lie elsewhere are left alone.
 */
static int grid_move(struct record *r, const int64_t from[3], const int64_t to[3], bool exact,
	void (*one)(const struct move *m, const void *arg), const void *arg, struct err *e)
{
	for (int i = 0; i < r->n; i++) {
		struct field *f = &r->f[i];
		int rank = f->t.rank;

		if (!lies_on(&f->t, from) || tensor_count(&f->t) < 1)
			continue;
		bool image = !strcmp(f->name, "image"), blend = image || !dtype_is_integer(f->t.dtype);

		if (!exact && blend && to_float(r, f, e))
			return -1;
		int64_t dim[PM_MAX_RANK];

		memcpy(dim, f->t.dim, sizeof(dim));
		memcpy(dim + rank - 3, to, 3 * sizeof(*dim));
		struct tensor *t = room(r, f->name, f->t.dtype, rank, dim, e);

		if (!t)
			return -1;
		struct move m = {
			.dst = t->data, .src = f->t.data, .t = f->t.dtype, .order = !exact && blend,
			.channels = tensor_count(&f->t) / (from[0] * from[1] * from[2]), .prob = !strcmp(f->name, "prob"),
		};

		memcpy(m.from, from, sizeof(m.from));
		memcpy(m.to, to, sizeof(m.to));
		one(&m, arg);
		take(r, f);
	}
	return 0;
}

/* Voxels of class scores that came from outside have no class at all: they become background for certain. */
static void fill_background(const struct move *m)
{
	int64_t n = m->to[0] * m->to[1] * m->to[2];
	float *prob = m->dst;

	if (!m->prob || m->t != PM_F32)
		return;
	for (int64_t i = 0; i < n; i++) {
		bool any = false;

		for (int64_t k = 0; k < m->channels && !any; k++)
			any = prob[k * n + i] != 0;
		if (!any)
			prob[i] = 1;
	}
}

/* Calls one() for each field on the grid, to be changed in place. */
static void grid_each(struct record *r, const int64_t size[3],
	void (*one)(void *data, int64_t channels, enum dtype t, const void *arg), const void *arg)
{
	for (int i = 0; i < r->n; i++) {
		struct tensor *t = &r->f[i].t;

		if (lies_on(t, size) && tensor_count(t) > 0)
			one(t->data, tensor_count(t) / (size[0] * size[1] * size[2]), t->dtype, arg);
	}
}

/* old (x,y,z) -> mm times the map of (z,y,x) */
static void move_affine(double affine[AFFINE], const double map[3][4])
{
	double moved[AFFINE];

	memcpy(moved, affine, sizeof(moved));
	for (int row = 0; row < 3; row++) {
		for (int col = 0; col < 4; col++) {
			double sum = col == 3 ? affine[row * 4 + 3] : 0;

			for (int k = 0; k < 3; k++)
				sum += affine[row * 4 + k] * map[2 - k][col == 3 ? 3 : 2 - col];
			moved[row * 4 + col] = sum;
		}
	}
	memcpy(affine, moved, sizeof(moved));
}

/* How much longer a voxel is along axis a. Exactly 1 for shifts, flips, rotations: rounding must not leak into files. */
static double stretch(const double map[3][4], int a)
{
	double length = hypot(hypot(map[0][a], map[1][a]), map[2][a]);

	return fabs(length - 1) < 1e-12 ? 1 : length;
}

static const struct {
	const char *key;
	int most;
} geometry[] = { { "spacing", SPACING }, { "affine", AFFINE }, { "nifti", NIFTI } };

static void move_geometry(struct meta *m, const double map[3][4])
{
	double spacing[SPACING], affine[AFFINE];

	if (meta_numbers(m, "spacing", spacing, SPACING) == SPACING) {
		for (int a = 0; a < 3; a++)
			spacing[a] *= stretch(map, a);
		meta_set_numbers(m, "spacing", spacing, SPACING);
	}
	if (meta_numbers(m, "affine", affine, AFFINE) == AFFINE) {
		move_affine(affine, map);
		meta_set_numbers(m, "affine", affine, AFFINE);
	}
	meta_delete(m, "nifti");
}

/* How many numbers of its own undo takes. */
static const int owns[] = { [ACTION_SHIFT] = 6, [ACTION_FLIP] = 3, [ACTION_TURN] = 2, [ACTION_ZOOM] = 3 };

void grid_push(struct record *r, const char *name, const struct action *a)
{
	double all[3 + 8 + 3 + SPACING + AFFINE + NIFTI];
	int at = 0;

	for (int i = 0; i < 3; i++)
		all[at++] = (double)a->warp.from[i];
	for (int i = 0; i < owns[a->kind]; i++)
		all[at++] = a->warp.own[i];
	for (size_t i = 0; i < PM_COUNT(geometry); i++) {
		int have = meta_numbers(&r->meta, geometry[i].key, all + at + 1, geometry[i].most);

		have = have < 0 || have > geometry[i].most ? 0 : have;
		all[at] = have;
		at += 1 + have;
	}
	move_geometry(&r->meta, a->warp.map);
	meta_push_undo(&r->meta, name, all, at);
}

/* A grid's size from the undo stack, which comes from outside. */
static int stored_size(const double *v, int64_t size[3], struct err *e)
{
	for (int a = 0; a < 3; a++) {
		if (!(v[a] >= 1 && v[a] <= 1e6 && v[a] == floor(v[a])))
			return err_set(e, "the undo stack has the size %g", v[a]);
		size[a] = (int64_t)v[a];
	}
	return 0;
}

/* What grid_push remembered: the old size and (returned) n numbers; meta gets the geometry. NULL with e: v is malformed. */
static const double *grid_pop(struct record *r, const double *v, int count, int64_t old[3], int n, struct err *e)
{
	const double *own = v + 3;
	int at = 3 + n;

	if (at < count && stored_size(v, old, e))
		return NULL;
	for (size_t i = 0; i < PM_COUNT(geometry); i++) {
		int have = at < count && v[at] >= 0 && v[at] <= NIFTI ? (int)v[at] : -1;

		if (have < 0 || at + 1 + have > count) {
			err_set(e, "the undo stack is malformed");
			return NULL;
		}
		if (have)
			meta_set_numbers(&r->meta, geometry[i].key, v + at + 1, have);
		at += 1 + have;
	}
	for (int i = 0; i < n; i++) {
		if (!(fabs(own[i]) <= 1e6)) {
			err_set(e, "the undo stack has the number %g", own[i]);
			return NULL;
		}
	}
	return own;
}

double axis_number(const struct numbers *list, int a)
{
	int i = a - (3 - list->n);

	return i < 0 ? 0 : list->v[i];
}

int target_size(struct actions *to_do, const struct record *r, const void *conf, int64_t from[3], int64_t to[3], struct err *e)
{
	if (actions_grid(to_do, r, from, e))
		return -1;
	for (int a = 0; a < 3; a++) {
		to[a] = (int64_t)axis_number(conf, a);
		to[a] = to[a] > 0 ? to[a] : from[a];
	}
	return 0;
}

int size_check(const void *conf, struct err *e)
{
	const struct numbers *option = conf;

	if (option->n != 2 && option->n != 3)
		return err_set(e, "size has %d numbers: give D,H,W or H,W (0 keeps an axis)", option->n);
	return whole_numbers(option, "size", e);
}

int crop_fits(const int64_t from[3], const int64_t to[3], struct err *e)
{
	if (to[0] <= from[0] && to[1] <= from[1] && to[2] <= from[2])
		return 0;
	return err_set(e, "image is %" PRId64 "x%" PRId64 "x%" PRId64 ", smaller than the %" PRId64 "x%" PRId64 "x%" PRId64
		" to cut out: pad first", from[0], from[1], from[2], to[0], to[1], to[2]);
}

/* --- what is done to the grid, and back --- */

struct warping {
	enum action_kind kind;
	const struct warp *w;
	bool back;
};

static void flip_one(void *data, int64_t channels, enum dtype t, const void *arg)
{
	const struct warp *w = arg;

	for (int a = 0; a < 3; a++)
		if (w->own[a] != 0)
			flip_axis(data, w->from, a, channels, t);
}

void plane_across(int axis, int *a, int *b)
{
	*a = axis == 0;
	*b = axis == 2 ? 1 : 2;
}

static void move_one(const struct move *m, const void *arg)
{
	const struct warping *g = arg;
	const double *own = g->w->own;
	const int64_t start[3] = { (int64_t)own[3], (int64_t)own[4], (int64_t)own[5] };
	int a, b;

	if (g->kind == ACTION_SHIFT)
		crop_pad(m->dst, m->to, m->src, m->from, start, m->channels, m->t, g->w->border);
	if (g->kind == ACTION_ZOOM)
		zoom(m->dst, m->to, m->src, m->from, m->channels, m->t, m->order);
	if (g->kind == ACTION_TURN) {
		plane_across((int)own[0], &a, &b);
		rotate(m->dst, m->src, m->from, a, b, own[1], m->channels, m->t, m->order);
	}
	if (g->kind == ACTION_TURN || (g->kind == ACTION_SHIFT && g->back))
		fill_background(m);
}

static int warp(struct record *r, enum action_kind kind, const struct warp *w, bool back, struct err *e)
{
	const struct warping g = { kind, w, back };

	if (kind != ACTION_FLIP)
		return grid_move(r, w->from, w->to, kind == ACTION_SHIFT, move_one, &g, e);
	grid_each(r, w->from, flip_one, w);
	return 0;
}

int grid_warp(struct record *r, const struct action *a, struct err *e) { return warp(r, a->kind, &a->warp, false, e); }

static int undo(struct record *r, enum action_kind kind, const double *v, int n, struct err *e)
{
	struct warp w = { .border = BORDER_ZERO };
	const double *own = grid_pop(r, v, n, w.to, owns[kind], e);

	if (!own)
		return -1;
	memcpy(w.own, own, (size_t)owns[kind] * sizeof *own);
	memcpy(w.from, w.to, sizeof w.from);
	if ((kind == ACTION_SHIFT || kind == ACTION_ZOOM) && stored_size(own, w.from, e))
		return -1;
	if (kind == ACTION_TURN && !(own[0] == 0 || own[0] == 1 || own[0] == 2))
		return err_set(e, "the undo stack names axis %g", own[0]);
	for (int a = kind == ACTION_SHIFT ? 3 : 1; a < owns[kind] && (kind == ACTION_SHIFT || kind == ACTION_TURN); a++)
		w.own[a] = -w.own[a]; /* the start, or the angle */
	return warp(r, kind, &w, true, e);
}

int grid_shift_undo(struct record *r, const double *v, int n, struct err *e) { return undo(r, ACTION_SHIFT, v, n, e); }
int grid_flip_undo(struct record *r, const double *v, int n, struct err *e) { return undo(r, ACTION_FLIP, v, n, e); }
int grid_turn_undo(struct record *r, const double *v, int n, struct err *e) { return undo(r, ACTION_TURN, v, n, e); }
int grid_zoom_undo(struct record *r, const double *v, int n, struct err *e) { return undo(r, ACTION_ZOOM, v, n, e); }
