/* lesions.c: a mask as lesions, its connected components. */
#include "metric/lesions.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

/* Voxels of each component; *n: how many there are. */
static int64_t *sizes(const int32_t *label, int64_t voxels, int64_t n)
{
	int64_t *size = xcalloc((size_t)n, sizeof *size);
	for (int64_t i = 0; i < voxels; i++)
		if (label[i])
			size[label[i] - 1]++;
	return size;
}

static int by_lesion(const void *a, const void *b)
{
	const struct overlap *x = a, *y = b;
	return x->pred != y->pred ? (x->pred > y->pred) - (x->pred < y->pred) : (x->truth > y->truth) - (x->truth < y->truth);
}

static void find_overlaps(struct lesions *l, const int32_t *pred, const int32_t *truth, int64_t voxels)
{
	int64_t n = 0, room = 0;
	for (int64_t i = 0; i < voxels; i++) {
		if (!pred[i] || !truth[i])
			continue;
		if (n && l->overlap[n - 1].pred == pred[i] - 1 && l->overlap[n - 1].truth == truth[i] - 1) {
			l->overlap[n - 1].voxels++;
			continue;
		}
		if (n == room)
			l->overlap = xresize(l->overlap, (size_t)(room = room ? 2 * room : 256), sizeof *l->overlap);
		l->overlap[n++] = (struct overlap){ pred[i] - 1, truth[i] - 1, 1 };
	}
	if (n)
		qsort(l->overlap, (size_t)n, sizeof *l->overlap, by_lesion);
	for (int64_t i = 0; i < n; i++) {
		struct overlap *last = l->overlaps ? &l->overlap[l->overlaps - 1] : NULL;
		if (last && !by_lesion(last, &l->overlap[i]))
			last->voxels += l->overlap[i].voxels;
		else
			l->overlap[l->overlaps++] = l->overlap[i];
	}
}

static int64_t label(int32_t *out, const struct pair *p, const uint64_t *mask, int connectivity)
{
	uint8_t *bytes = pair_bytes(p, mask);
	const int64_t n = components(out, bytes, p->box, connectivity);
	free(bytes);
	return n;
}

const struct lesions *pair_lesions(struct pair *p, int connectivity)
{
	const int touch = connectivity ? connectivity : p->how.connectivity;
	if (p->lesions && p->lesions->connectivity == touch)
		return p->lesions;
	lesions_free(p->lesions);
	struct lesions *l = p->lesions = xcalloc(1, sizeof *l);
	const int64_t voxels = p->box[0] * p->box[1] * p->box[2];
	int32_t *pred = xmalloc((size_t)voxels * sizeof *pred), *truth = xmalloc((size_t)voxels * sizeof *truth);
	l->connectivity = touch;
	l->n_pred = label(pred, p, p->pred, touch);
	l->n_truth = label(truth, p, p->truth, touch);
	l->pred = sizes(pred, voxels, l->n_pred);
	l->truth = sizes(truth, voxels, l->n_truth);
	find_overlaps(l, pred, truth, voxels);
	free(pred);
	free(truth);
	return l;
}

double overlap_iou(const struct lesions *l, const struct overlap *o)
{
	return ratio(o->voxels, l->pred[o->pred] + l->truth[o->truth] - o->voxels);
}

void lesions_free(struct lesions *l)
{
	if (!l)
		return;
	free(l->pred);
	free(l->truth);
	free(l->overlap);
	free(l);
}
