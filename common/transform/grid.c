/* grid.c: see grid.h. */
#include "transform/grid.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

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

/* One field of the record moved to the grid `to`: channels of type t from src to dst. */
struct move {
	void *dst;
	const void *src;
	int64_t from[3], to[3], channels;
	enum dtype t;
	bool numbers; /* f32, to be interpolated */
	bool several; /* it has channels */
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
			.dst = t->data, .src = f->t.data, .t = f->t.dtype, .numbers = !exact && blend, .several = rank > 3,
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

double axis_number(const struct numbers *list, int a)
{
	int i = a - (3 - list->n);

	return i < 0 ? 0 : list->v[i];
}

static const char axes[] = "dhw";

int axes_check(const char *letters, const char *name, struct err *e)
{
	if (!*letters || letters[strspn(letters, axes)])
		return err_set(e, "%s \"%s\": give letters of d, h, w", name, letters);
	return 0;
}

bool axis_named(const char *letters, int a) { return strchr(letters, axes[a]); }

int axis_drawn(const char *letters, struct rng *rng)
{
	return (int)(strchr(axes, letters[rng_int(rng, 0, (int64_t)strlen(letters) - 1)]) - axes);
}

void plane_across(int axis, int *a, int *b)
{
	*a = axis == 0;
	*b = axis == 2 ? 1 : 2;
}

void turn_matrix(double m[3][3], int axis, double degrees)
{
	const double c = cos(degrees * (M_PI / 180)), s = sin(degrees * (M_PI / 180));
	int a, b;

	plane_across(axis, &a, &b);
	memset(m, 0, 9 * sizeof **m);
	m[axis][axis] = 1;
	m[a][a] = m[b][b] = c;
	m[a][b] = s;
	m[b][a] = -s;
}

void matrix_times(double m[3][3], const double by[3][3])
{
	double was[3][3];

	memcpy(was, m, sizeof was);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			m[i][k] = was[i][0] * by[0][k] + was[i][1] * by[1][k] + was[i][2] * by[2][k];
}

void voxel_size(const struct record *r, double mm[3])
{
	if (meta_numbers(&r->meta, "spacing", mm, 3) != 3 || !(mm[0] > 0 && mm[1] > 0 && mm[2] > 0))
		mm[0] = mm[1] = mm[2] = 1;
}

void matrix_in_voxels(double m[3][3], const double mm[3])
{
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			m[i][k] *= mm[k] / mm[i];
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

/* --- what is done to the grid --- */

struct warping {
	const struct action *a;
	bool back;
};

static void flip_one(void *data, int64_t channels, enum dtype t, const void *arg)
{
	const struct warp *w = arg;

	for (int a = 0; a < 3; a++)
		if (w->own[a] != 0)
			flip_axis(data, w->from, a, channels, t);
}

static void move_one(const struct move *m, const void *arg)
{
	const struct warping *g = arg;
	const enum action_kind kind = g->a->kind;
	const struct warp *w = &g->a->warp;
	const int64_t start[3] = { (int64_t)w->own[3], (int64_t)w->own[4], (int64_t)w->own[5] };
	const bool mirrored[3] = { w->own[2] != 0, w->own[3] != 0, w->own[4] != 0 }; /* of a SWAP */
	const int order = action_order(g->a, m->numbers, m->several);

	if (kind == ACTION_SHIFT)
		crop_pad(m->dst, m->to, m->src, m->from, start, m->channels, m->t, w->border);
	else if (kind == ACTION_SWAP)
		swap_axes(m->dst, m->src, m->from, (int)w->own[0], (int)w->own[1], mirrored, m->channels, m->t);
	else if (kind == ACTION_ZOOM && order < 3)
		zoom(m->dst, m->to, m->src, m->from, m->channels, m->t, order);
	else
		warp(m->dst, m->src, w, m->channels, m->t, order);
	if (kind == ACTION_AFFINE || (kind == ACTION_SHIFT && g->back))
		fill_background(m);
}

int grid_warp(struct record *r, const struct action *a, bool back, struct err *e)
{
	const struct warping g = { a, back };

	if (a->kind != ACTION_FLIP)
		return grid_move(r, a->warp.from, a->warp.to, !action_blends(a), move_one, &g, e);
	grid_each(r, a->warp.from, flip_one, &a->warp);
	return 0;
}

static void gather_one(const struct move *m, const void *arg)
{
	const int64_t *slice = arg;
	const size_t plane = (size_t)(m->from[1] * m->from[2]) * dtype_size(m->t);

	for (int64_t i = 0; i < m->channels * m->to[0]; i++)
		memcpy((char *)m->dst + (size_t)i * plane,
			(const char *)m->src + (size_t)(i / m->to[0] * m->from[0] + slice[i % m->to[0]]) * plane, plane);
}

int grid_slices(struct record *r, const int64_t size[3], const int64_t *slice, int64_t n, struct err *e)
{
	struct action a = { .kind = ACTION_BEND, .by = "slices" };

	memcpy(a.warp.from, size, sizeof a.warp.from);
	for (int i = 0; i < 3; i++)
		a.warp.map[i][i] = 1;
	if (grid_move(r, size, (const int64_t[3]){ n, size[1], size[2] }, true, gather_one, slice, e))
		return -1;
	grid_push(r, &a);
	return 0;
}
