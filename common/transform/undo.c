/* undo.c: how a record's geometry moves with its grid, and the way back: each action on the stack by its opposite. */
#include "transform/grid.h"

#include <math.h>
#include <string.h>

enum { SPACING = 3, AFFINE = 16, NIFTI = 32 };

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

/* What can be walked back: its name on the stack, and how many numbers of its own that takes. */
static const struct known {
	const char *name;
	int owns;
} known[] = {
	[ACTION_SHIFT] = { "shift", 6 }, [ACTION_FLIP] = { "flip", 3 }, [ACTION_SWAP] = { "swap", 2 }, [ACTION_ZOOM] = { "zoom", 3 },
	[ACTION_AFFINE] = { "affine", 12 },
};

void grid_push(struct record *r, const struct action *a)
{
	double all[3 + 12 + 3 + SPACING + AFFINE + NIFTI];
	const struct known *back = a->kind < (int)PM_COUNT(known) ? &known[a->kind] : NULL;
	int at = 0;

	for (int i = 0; i < 3; i++)
		all[at++] = (double)a->warp.from[i];
	for (int i = 0; i < (back ? back->owns : 0); i++)
		all[at++] = a->warp.own[i];
	for (size_t i = 0; i < PM_COUNT(geometry); i++) {
		int have = meta_numbers(&r->meta, geometry[i].key, all + at + 1, geometry[i].most);

		have = have < 0 || have > geometry[i].most ? 0 : have;
		all[at] = have;
		at += 1 + have;
	}
	move_geometry(&r->meta, a->warp.map);
	meta_push_undo(&r->meta, back ? back->name : a->by, all, at);
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

/* Where the old voxels have gone. -1: nowhere. */
static int inverse(const double m[3][4], double back[3][4])
{
	double det = 0;

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++) {
			const int a = (i + 1) % 3, b = (i + 2) % 3, c = (k + 1) % 3, d = (k + 2) % 3;

			back[k][i] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
			det += i == 0 ? m[0][k] * back[k][0] : 0;
		}
	for (int k = 0; k < 3; k++) {
		back[k][3] = 0;
		for (int i = 0; i < 3; i++) {
			back[k][i] /= det;
			back[k][3] -= back[k][i] * m[i][3];
		}
	}
	return fabs(det) > 1e-9 ? 0 : -1;
}

static int undo(struct record *r, enum action_kind kind, const double *v, int n, struct err *e)
{
	struct action a = { .kind = kind, .warp = { .border = BORDER_ZERO } };
	struct warp *w = &a.warp;
	double map[3][4];
	const double *own = grid_pop(r, v, n, w->to, known[kind].owns, e);

	if (!own)
		return -1;
	memcpy(w->own, own, (size_t)known[kind].owns * sizeof *own);
	memcpy(w->from, w->to, sizeof w->from);
	if ((kind == ACTION_SHIFT || kind == ACTION_ZOOM) && stored_size(own, w->from, e))
		return -1;
	for (int i = 3; kind == ACTION_SHIFT && i < 6; i++)
		w->own[i] = -w->own[i];
	if (kind == ACTION_SWAP) {
		if (!(own[0] == 0 || own[0] == 1) || !(own[1] == 2 || own[1] == own[0] + 1))
			return err_set(e, "the undo stack names the axes %g and %g", own[0], own[1]);
		w->from[(int)own[0]] = w->to[(int)own[1]];
		w->from[(int)own[1]] = w->to[(int)own[0]];
	}
	memcpy(map, own, kind == ACTION_AFFINE ? sizeof map : 0);
	if (kind == ACTION_AFFINE && inverse(map, w->map))
		return err_set(e, "the undo stack has a map that cannot be turned round");
	return grid_warp(r, &a, true, e);
}

enum { UNDO_NUMBERS = 96 };

/* The topmost action of the stack: how many numbers, -1: none. kind PM_COUNT(known): it cannot be undone. */
static int pop(struct meta *m, char name[PM_NAME], double v[UNDO_NUMBERS], size_t *kind)
{
	const int n = meta_pop_undo(m, name, PM_NAME, v, UNDO_NUMBERS);

	for (*kind = 0; n >= 0 && *kind < PM_COUNT(known) && strcmp(known[*kind].name, name); ++*kind)
		;
	return n;
}

bool undo_blends(const struct meta *m)
{
	struct meta rest = { 0 };
	char name[PM_NAME];
	double v[UNDO_NUMBERS];
	bool blends = false;
	size_t kind;

	meta_copy(&rest, m);
	while (!blends && pop(&rest, name, v, &kind) >= 0)
		blends = kind == ACTION_ZOOM || kind == ACTION_AFFINE;
	meta_fini(&rest);
	return blends;
}

int transform_undo(struct record *r, struct err *e)
{
	char name[PM_NAME];
	double v[UNDO_NUMBERS];
	size_t kind;
	int n;

	while ((n = pop(&r->meta, name, v, &kind)) >= 0) {
		if (kind == PM_COUNT(known))
			return err_set(e, "the undo stack names \"%s\", which cannot be undone", name);
		if (n > UNDO_NUMBERS || undo(r, (enum action_kind)kind, v, n, e))
			return n > UNDO_NUMBERS ? err_set(e, "undo of %s: %d numbers, at most %d were expected", name, n, UNDO_NUMBERS) :
				err_prefix(e, "undo of %s", name);
	}
	return 0;
}
