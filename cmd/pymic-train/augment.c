/* augment.c: see augment.h. */
#include "train.h"

#include "nn/augmentation.h"

#include <string.h>

struct area {
	void *p;
	size_t bytes;
};

struct augmenter {
	const struct backend *be;
	struct area image, target, label, weight; /* of a batch */
	struct area between[2];           /* of one field, from action to action */
};

struct augmenter *augmenter_open(const struct backend *be)
{
	struct augmenter *a = xcalloc(1, sizeof *a);

	a->be = be;
	return a;
}

static void *room(struct augmenter *a, struct area *area, size_t bytes)
{
	if (bytes > area->bytes) {
		if (area->p)
			a->be->free(area->p, area->bytes);
		area->p = a->be->alloc(area->bytes = bytes);
	}
	return area->p;
}

static size_t voxels(const int64_t size[3]) { return (size_t)(size[0] * size[1] * size[2]); }

/* One field of a sample, to its place in the batch. */
static void field(struct augmenter *a, const struct drawn *d, const char *name, void *to)
{
	const struct augmentation *au = a->be->augmentation;
	const struct tensor *t = record_peek(&d->r, name);
	const bool image = !strcmp(name, "image"), label = t->dtype == PM_U8;
	const int64_t channels = t->rank == 4 ? t->dim[0] : 1;
	const size_t bytes = (size_t)channels * dtype_size(t->dtype);
	size_t n = (size_t)(tensor_count(t) / channels), most = n;
	int warps = 0;

	for (int i = 0; i < d->to_do.n; i++)
		if (action_warps(&d->to_do.v[i])) {
			const size_t becomes = voxels(d->to_do.v[i].warp.to);
			most = becomes > most ? becomes : most;
			warps++;
		}
	/* The last one that moves voxels moves them into the batch. */
	void *at = warps ? room(a, &a->between[0], most * bytes) : to;
	a->be->put(at, t->data, n * bytes);
	for (int i = 0; i < d->to_do.n; i++) {
		const struct action *act = &d->to_do.v[i];
		if (action_warps(act)) {
			void *next = --warps ? room(a, &a->between[at == a->between[0].p], most * bytes) : to;
			au->warp(next, at, label ? F_U8 : F_REAL, channels, act, action_blends(act) && !label && (t->rank == 4 || !d->counts));
			at = next;
			n = voxels(act->warp.to);
		} else if (image) {
			au->change((float *)at + (size_t)act->change.channel * n, (int64_t)n, act);
		}
	}
}

void augmenter_run(struct augmenter *a, struct batch *b)
{
	const size_t n = voxels(b->size), values = n * (size_t)b->channels;
	float *image = room(a, &a->image, (size_t)b->n * values * sizeof *image);
	float *target = b->target ? room(a, &a->target, (size_t)b->n * values * sizeof *target) : NULL;
	uint8_t *label = b->label ? room(a, &a->label, (size_t)b->labeled * n) : NULL;
	float *weight = b->weight ? room(a, &a->weight, (size_t)b->labeled * n * sizeof *weight) : NULL;

	for (int64_t i = 0; i < b->n; i++) {
		const struct drawn *d = b->drawn[i];
		field(a, d, "image", image + (size_t)i * values);
		if (target)
			field(a, d, "target", target + (size_t)i * values);
		if (i < b->labeled)
			field(a, d, "label", label + (size_t)i * n);
		if (i >= b->labeled || !weight)
			continue;
		if (record_peek(&d->r, "weight")) {
			field(a, d, "weight", weight + (size_t)i * n);
		} else { /* counts fully */
			a->be->zero(weight + (size_t)i * n, n * sizeof *weight);
			a->be->unary(U_OFFSET, 1, (real *)weight + (size_t)i * n, (real *)weight + (size_t)i * n, (int64_t)n, false);
		}
	}
	b->image = image;
	b->target = target;
	b->label = label;
	b->weight = weight;
}
