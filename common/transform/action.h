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
	bool known;      /* size is set: */
	int64_t size[3]; /* of the grid when all is done */
};

/* That size. -1 with e: the record has no grid. */
int actions_grid(struct actions *a, const struct record *r, int64_t size[3], struct err *e);

/* One more action; of the grid: from the size so far to another, all else the identity. */
struct change *draw_change(struct actions *a, enum action_kind kind, int64_t channel);
struct warp *draw_warp(struct actions *a, enum action_kind kind, const int64_t to[3]);
/* The common ones. start: of the box in the old grid; nothing where the size stays. */
void draw_shift(struct actions *a, const int64_t to[3], const int64_t start[3], enum border border);
void draw_zoom(struct actions *a, const int64_t to[3]);

/* Carries one out. An action of the image wants it as f32. -1 with e. */
int action_apply(const struct action *a, struct record *r, struct err *e);

#endif
