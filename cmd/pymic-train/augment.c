/* augment.c: see augment.h. */
#include "train.h"

#include "nn/augmentation.h"

#include <string.h>

enum { IMAGE, TARGET, LABEL, WEIGHT, FIELDS, BETWEEN = FIELDS, AREAS = BETWEEN + 2 };

static const char *const names[FIELDS] = { "image", "target", "label", "weight" };

struct augmenter {
	const struct backend *be;
	struct area {
		void *p;
		size_t bytes;
	} area[AREAS]; /* fields of a batch; two for one of a sample, from action to action */
};

struct augmenter *augmenter_open(const struct backend *be)
{
	struct augmenter *a = xcalloc(1, sizeof *a);

	a->be = be;
	return a;
}

static size_t voxels(const int64_t size[3]) { return (size_t)(size[0] * size[1] * size[2]); }

static int64_t channels_of(const struct tensor *t) { return t->rank == 4 ? t->dim[0] : 1; }

/* The field of sample i that goes into the batch, or NULL. */
static const struct tensor *field_of(const struct batch *b, int64_t i, int field)
{
	const bool wanted[FIELDS] = { true, b->target, i < b->labeled, b->weight && i < b->labeled };

	return wanted[field] ? record_peek(&b->drawn[i]->r, names[field]) : NULL;
}

/* Does it move the field? The class of the whole image stays where it is. */
static bool warps(const struct batch *b, const struct action *act, int field) { return action_warps(act) && !(b->whole && field >= LABEL); }

/* How often voxels are moved; *most becomes the most bytes that they take before they are where they belong. */
static int warps_of(const struct batch *b, const struct drawn *d, int field, const struct tensor *t, size_t *most)
{
	const size_t voxel = (size_t)channels_of(t) * dtype_size(t->dtype);
	int moves = 0;

	*most = (size_t)tensor_count(t) * dtype_size(t->dtype);
	for (int i = 0; i < d->to_do.n; i++)
		if (warps(b, &d->to_do.v[i], field)) {
			const size_t becomes = voxels(d->to_do.v[i].warp.to) * voxel;
			*most = becomes > *most ? becomes : *most;
			moves++;
		}
	return moves;
}

/* The bytes of each area that a batch takes. */
static void measure(const struct batch *b, size_t need[AREAS])
{
	const size_t values = (size_t)(b->n * b->channels) * voxels(b->size) * sizeof(float), labels = (size_t)b->labeled * voxels(b->grid);
	size_t most;

	memset(need, 0, AREAS * sizeof *need);
	need[IMAGE] = values;
	need[TARGET] = b->target ? values : 0;
	need[LABEL] = labels;
	need[WEIGHT] = b->weight ? labels * sizeof(float) : 0;
	for (int64_t i = 0; i < b->n; i++)
		for (int f = 0; f < FIELDS; f++) {
			const struct tensor *t = field_of(b, i, f);
			const int moves = t ? warps_of(b, b->drawn[i], f, t, &most) : 0;
			for (int k = 0; k < 2 && k < moves; k++)
				need[BETWEEN + k] = most > need[BETWEEN + k] ? most : need[BETWEEN + k];
		}
}

size_t augmenter_more(const struct augmenter *a, const struct batch *b)
{
	size_t need[AREAS], more = 0;

	measure(b, need);
	for (int i = 0; i < AREAS; i++)
		more += need[i] > a->area[i].bytes ? need[i] - a->area[i].bytes : 0;
	return more;
}

static void grow(struct augmenter *a, struct area *area, size_t bytes)
{
	if (bytes <= area->bytes)
		return;
	if (area->p)
		a->be->free(area->p, area->bytes);
	area->p = a->be->alloc(area->bytes = bytes);
}

/* One field of a sample, to its place in the batch. */
static void move(struct augmenter *a, const struct batch *b, const struct drawn *d, int f, const struct tensor *t, void *to)
{
	const struct augmentation *au = a->be->augmentation;
	const int64_t channels = channels_of(t);
	const enum ftype type = t->dtype == PM_U8 ? F_U8 : F_REAL;
	size_t n = (size_t)(tensor_count(t) / channels), most;
	int moves = warps_of(b, d, f, t, &most);

	/* The last one that moves voxels moves them into the batch. */
	void *at = moves ? a->area[BETWEEN].p : to;
	a->be->put(at, t->data, (size_t)tensor_count(t) * dtype_size(t->dtype));
	for (int i = 0; i < d->to_do.n; i++) {
		const struct action *act = &d->to_do.v[i];
		if (warps(b, act, f)) {
			void *next = --moves ? a->area[at == a->area[BETWEEN].p ? BETWEEN + 1 : BETWEEN].p : to;
			au->warp(next, at, type, channels, act, action_order(act, type == F_REAL && (t->rank == 4 || !d->counts), t->rank == 4));
			at = next;
			n = voxels(act->warp.to);
		} else if (f == IMAGE) {
			au->change((float *)at + (size_t)act->change.channel * n, (int64_t)n, act);
		}
	}
}

/* Weights of a sample that has none: it counts fully. */
static void ones(struct augmenter *a, real *to, int64_t n)
{
	a->be->zero(to, (size_t)n * sizeof *to);
	a->be->unary(U_OFFSET, 1, to, to, n, false);
}

void augmenter_run(struct augmenter *a, struct batch *b)
{
	size_t need[AREAS];

	measure(b, need);
	for (int i = 0; i < AREAS; i++)
		grow(a, &a->area[i], need[i]);
	for (int f = 0; f < FIELDS; f++) {
		const int64_t samples = f < LABEL ? b->n : b->labeled;
		for (int64_t i = 0; need[f] && i < samples; i++) {
			void *to = (char *)a->area[f].p + (size_t)i * (need[f] / (size_t)samples);
			const struct tensor *t = field_of(b, i, f);
			if (t)
				move(a, b, b->drawn[i], f, t, to);
			else
				ones(a, to, (int64_t)voxels(b->grid));
		}
	}
	b->image = a->area[IMAGE].p;
	b->target = need[TARGET] ? a->area[TARGET].p : NULL;
	b->label = need[LABEL] ? a->area[LABEL].p : NULL;
	b->weight = need[WEIGHT] ? a->area[WEIGHT].p : NULL;
}
