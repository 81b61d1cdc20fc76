/* pair.c: what the metrics share: counts, and the distances between two surfaces. */
#include "metric/metric.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

void pair_init(struct pair *p, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3])
{
	int64_t n = size[0] * size[1] * size[2], both = 0, s = 0, g = 0;
	*p = (struct pair){ .pred = pred, .truth = truth };
	memcpy(p->size, size, sizeof p->size);
	memcpy(p->spacing, spacing, sizeof p->spacing);
	for (int64_t i = 0; i < n; i++) {
		both += pred[i] & truth[i];
		s += pred[i];
		g += truth[i];
	}
	p->tp = both;
	p->fp = s - both;
	p->fn = g - both;
	p->tn = n - s - g + both;
}

/* Part of an image, lo and size of a box. */
struct box {
	int64_t lo[3], size[3];
};

/* The smallest box around both masks: outside of it are neither surfaces nor anything that distances need. */
static struct box common_box(const struct pair *p)
{
	struct box b;
	int64_t lo[2][3], hi[2][3];
	bounding_box(p->pred, p->size, lo[0], hi[0]);
	bounding_box(p->truth, p->size, lo[1], hi[1]);
	for (int a = 0; a < 3; a++) {
		b.lo[a] = lo[0][a] < lo[1][a] ? lo[0][a] : lo[1][a];
		b.size[a] = (hi[0][a] > hi[1][a] ? hi[0][a] : hi[1][a]) - b.lo[a];
	}
	return b;
}

/*
 * The neighbour of a row: `step` voxels off along an axis of `n` rows, at index `at`. Beyond the image it is `zero`; on
 * an axis of length 1 it is the row itself, which takes no voxel from the inside.
 */
static const uint8_t *neighbour(const uint8_t *row, int64_t at, int64_t n, int64_t step, const uint8_t *zero)
{
	if (n == 1)
		return row;
	at += step < 0 ? -1 : 1;
	return at < 0 || at >= n ? zero : row + step;
}

/* Marks the surface of mask within the box. Returns how many voxels it has. */
static int64_t surface(uint8_t *edge, const uint8_t *mask, const int64_t size[3], const struct box *b)
{
	int64_t height = size[1], width = size[2], slice = height * width, count = 0;
	uint8_t *zero = xcalloc((size_t)width, 1);
	for (int64_t z = b->lo[0]; z < b->lo[0] + b->size[0]; z++)
		for (int64_t y = b->lo[1]; y < b->lo[1] + b->size[1]; y++, edge += b->size[2]) {
			const uint8_t *row = mask + z * slice + y * width;
			const uint8_t *up = neighbour(row, y, height, -width, zero);
			const uint8_t *down = neighbour(row, y, height, width, zero);
			const uint8_t *above = neighbour(row, z, size[0], -slice, zero);
			const uint8_t *below = neighbour(row, z, size[0], slice, zero);
			for (int64_t i = 0; i < b->size[2]; i++) {
				int64_t x = b->lo[2] + i;
				int left = x > 0 ? row[x - 1] : width == 1;
				int right = x < width - 1 ? row[x + 1] : width == 1;
				edge[i] = row[x] & !(left & right & up[x] & down[x] & above[x] & below[x]);
				count += edge[i];
			}
		}
	free(zero);
	return count;
}

/*
 * Distances of the n voxels of `from` to those of `to`. Only they are asked for, and the nearest voxel is mostly in the
 * same slice or near it: so distances within each slice are computed everywhere, and the third axis is searched outwards.
 */
static float *distances(const uint8_t *from, int64_t n, const uint8_t *to, const int64_t size[3], const double spacing[3])
{
	int64_t plane = size[1] * size[2];
	float *flat = xmalloc((size_t)(size[0] * plane) * sizeof *flat), *list = xmalloc((size_t)n * sizeof *list);
	for (int64_t z = 0; z < size[0]; z++)
		distance_squared(flat + z * plane, to + z * plane, (int64_t[3]){ 1, size[1], size[2] }, spacing);
	for (int64_t z = 0, k = 0; z < size[0]; z++)
		for (int64_t i = 0; i < plane; i++) {
			if (!from[z * plane + i])
				continue;
			double best = flat[z * plane + i], off;
			for (int64_t dz = 1; (off = pow((double)dz * spacing[0], 2)) < best && (dz <= z || z + dz < size[0]); dz++) {
				if (dz <= z)
					best = fmin(best, flat[(z - dz) * plane + i] + off);
				if (z + dz < size[0])
					best = fmin(best, flat[(z + dz) * plane + i] + off);
			}
			list[k++] = (float)sqrt(best);
		}
	free(flat);
	return list;
}

void pair_surfaces(struct pair *p)
{
	if (p->to_truth)
		return;
	struct box b = common_box(p);
	size_t voxels = (size_t)(b.size[0] * b.size[1] * b.size[2]);
	uint8_t *pred = xmalloc(voxels), *truth = xmalloc(voxels);
	p->n_to_truth = surface(pred, p->pred, p->size, &b);
	p->n_to_pred = surface(truth, p->truth, p->size, &b);
	p->to_truth = distances(pred, p->n_to_truth, truth, b.size, p->spacing);
	p->to_pred = distances(truth, p->n_to_pred, pred, b.size, p->spacing);
	free(pred);
	free(truth);
}

double pair_hausdorff(struct pair *p, double percent)
{
	pair_surfaces(p);
	return fmax(percentile(p->to_truth, p->n_to_truth, percent), percentile(p->to_pred, p->n_to_pred, percent));
}

void pair_fini(struct pair *p)
{
	free(p->to_truth);
	free(p->to_pred);
	*p = (struct pair){0};
}
