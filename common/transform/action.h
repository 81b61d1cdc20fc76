/*
 * action.h: how a transform says what it does: it draws, and the numbers drawn become actions, carried out here on a record,
 * elsewhere on a device.
 */
#ifndef PM_TRANSFORM_ACTION_H
#define PM_TRANSFORM_ACTION_H

#include "tensor/action.h"
#include "tensor/record.h"

/* What is to be done to a record, in this order. Zero-initialised it is nothing. */
struct actions {
	struct action *v;
	int n, cap;
	bool numbers;    /* the image becomes f32, whatever is drawn */
	bool known;      /* size is set: */
	int64_t size[3]; /* of the grid when all is done */
};

/* That size. -1 with e: the record has no grid. */
int actions_grid(struct actions *a, const struct record *r, int64_t size[3], struct err *e);

/* One more action; of the grid: from the size so far to another, all else the identity. */
struct change *draw_change(struct actions *a, enum action_kind kind, int64_t channel);
struct warp *draw_warp(struct actions *a, enum action_kind kind, const int64_t to[3]);
/* The common ones. start: of the box in the old grid; nothing where the size stays. axes: which are mirrored. */
void draw_shift(struct actions *a, const int64_t to[3], const int64_t start[3], enum border border);
void draw_flip(struct actions *a, const bool axes[3]);
void draw_swap(struct actions *a, int one, int other);
void draw_zoom(struct actions *a, const int64_t to[3], bool cubic);
void draw_affine(struct actions *a, const double matrix[3][3], const double moved[3], bool cubic);
/* The map of that: about the centre of the grid, then moved by so many voxels. */
void affine_map(double map[3][4], const int64_t size[3], const double matrix[3][3], const double moved[3]);

/*
 * Interpolates once where it can: one that interpolates and those of the grid behind it become one, as long as that looks nowhere
 * but where each of them would have. What an earlier one turned out of the image, though, a later one may turn back in.
 */
void actions_join(struct actions *a);

/* Joins them and carries them out, until none is left. -1 with e, which names the transform. */
int actions_apply(struct actions *a, struct record *r, struct err *e);

#endif
