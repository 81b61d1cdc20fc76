/*
 * surface.c: distances between the surfaces of two masks, which are rows of bits. Two surfaces mostly lie close together:
 * so from each voxel of one the rows around it are searched for the other, the near ones first. Where they lie far apart,
 * a slice that was searched for too long gets its distances computed everywhere instead.
 */
#include "metric/surface.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

/* A row beside another: it takes voxels from that one's inside, with sides those beside its own background too. */
struct beside {
	int64_t dz, dy;
	bool sides;
};

/* Those of neighbours that the convention names, the row itself among them; how many. An axis of length 1 has none. */
static int rows_beside(const struct pair *p, struct beside b[9])
{
	int n = 0;
	for (int64_t dz = -1; dz <= 1; dz++)
		for (int64_t dy = -1; dy <= 1; dy++) {
			const int off = (dz != 0) + (dy != 0);
			if (off <= p->how.connectivity && !(dz && p->size[0] == 1) && !(dy && p->size[1] == 1))
				b[n++] = (struct beside){ dz, dy, off < p->how.connectivity && p->size[2] > 1 };
		}
	return n;
}

/* Word i of those of the row whose voxels, and with sides both neighbours in the row, are set. */
static inline uint64_t set_around(const uint64_t *row, int64_t i, int64_t words, bool sides)
{
	const uint64_t left = row[i] << 1 | (i > 0 ? row[i - 1] >> 63 : 0);
	const uint64_t right = row[i] >> 1 | (i < words - 1 ? row[i + 1] << 63 : 0);
	return sides ? row[i] & left & right : row[i];
}

/* The surface of mask; *voxels: how many it has. The caller frees it. Beyond the box is background. */
static uint64_t *edge_of(const struct pair *p, const uint64_t *mask, int64_t *voxels)
{
	const int64_t depth = p->box[0], height = p->box[1], words = p->words;
	uint64_t *edge = xmalloc((size_t)(depth * height * words) * sizeof *edge), *out = edge;
	uint64_t *zero = xcalloc((size_t)words, sizeof *zero);
	struct beside beside[9];
	const int n = rows_beside(p, beside);
	*voxels = 0;
	for (int64_t z = 0; z < depth; z++)
		for (int64_t y = 0; y < height; y++, out += words, mask += words) {
			const uint64_t *row[9];
			for (int k = 0; k < n; k++) {
				const struct beside *b = &beside[k];
				const bool beyond = z + b->dz < 0 || z + b->dz >= depth || y + b->dy < 0 || y + b->dy >= height;
				row[k] = beyond ? zero : mask + (b->dz * height + b->dy) * words;
			}
			for (int64_t i = 0; i < words; i++) {
				uint64_t inside = mask[i];
				for (int k = 0; k < n && inside; k++)
					inside &= set_around(row[k], i, words, beside[k].sides);
				out[i] = mask[i] & ~inside;
				*voxels += __builtin_popcountll(out[i]);
			}
		}
	free(zero);
	return edge;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How far the bit nearest to x is in a row of words; INT32_MAX: none is set. */
static inline int64_t gap(const uint64_t *row, int64_t words, int64_t x)
{
	const int64_t at = x / 64;
	int64_t right = INT32_MAX, left = INT32_MAX, i = at;
	uint64_t bits = row[at] >> x % 64 << x % 64;
	while (!bits && ++i < words)
		bits = row[i];
	if (bits)
		right = 64 * i + __builtin_ctzll(bits) - x;
	bits = row[at] << (63 - x % 64) >> (63 - x % 64);
	for (i = at; !bits && --i >= 0;)
		bits = row[i];
	if (bits)
		left = x - (64 * i + 63 - __builtin_clzll(bits));
	return min(left, right);
}

/* The surface that is searched: slices first..last of the grid have any of it. */
struct target {
	const struct grid *g;
	const uint64_t *bits;
	int64_t first, last;
	float **flat;  /* of each slice: squared distances within it, or NULL as long as they are not worth it */
	int64_t *rows; /* of each slice: how many were looked at */
};

/* Squared distances within slice z of all its voxels. */
static float *flatten(const struct target *t, int64_t z)
{
	const int64_t height = t->g->size[1], width = t->g->size[2], words = t->g->words;
	float *flat = xmalloc((size_t)(height * width) * sizeof *flat);
	uint8_t *mask = xmalloc((size_t)(height * width)), *out = mask;
	for (int64_t y = 0; y < height; y++)
		for (int64_t x = 0; x < width; x++)
			*out++ = t->bits[(z * height + y) * words + x / 64] >> x % 64 & 1;
	distance_squared(flat, mask, (int64_t[3]){ 1, height, width }, t->g->spacing);
	free(mask);
	return flat;
}

/* The voxels of a row near x: words lo..hi of it, and masks of the first and last of them. */
struct window {
	int64_t lo, hi;
	uint64_t first, last;
};

/* What lies up to `reach` voxels from x; all of the row where reach is not a number. */
static inline struct window window_of(int64_t x, int64_t width, double reach)
{
	const int64_t r = reach < (double)width ? (int64_t)reach : width;
	const int64_t lo = x > r ? x - r : 0, hi = x + r < width ? x + r : width - 1;
	struct window w = { lo / 64, hi / 64, ~UINT64_C(0) << lo % 64, ~UINT64_C(0) >> (63 - hi % 64) };
	if (w.lo == w.hi)
		w.first = w.last &= w.first;
	return w;
}

/* Nothing is set within the window. */
static inline bool is_clear(const uint64_t *row, const struct window *w)
{
	uint64_t any = (row[w->lo] & w->first) | (row[w->hi] & w->last);
	for (int64_t i = w->lo + 1; i < w->hi; i++)
		any |= row[i];
	return !any;
}

/* The lesser of best and the squared distance from voxel y, x of slice z to the surface within that slice. */
static double in_slice(const struct target *t, int64_t z, int64_t y, int64_t x, double best)
{
	const int64_t height = t->g->size[1], width = t->g->size[2], words = t->g->words;
	const double sy2 = t->g->spacing[1] * t->g->spacing[1], sx = t->g->spacing[2];
	if (!t->flat[z] && t->rows[z] > 2 * height * width) /* the search has cost what flatten will */
		t->flat[z] = flatten(t, z);
	if (t->flat[z]) {
		const double d2 = t->flat[z][y * width + x];
		return d2 < best ? d2 : best;
	}
	const uint64_t *row = t->bits + (z * height + y) * words;
	struct window w = window_of(x, width, sqrt(best) / sx);
	double off = 0;
	int64_t dy = 0;
	for (; off < best && (dy <= y || dy < height - y); dy++, off = (double)(dy * dy) * sy2) {
		const uint64_t *up = row - dy * words, *down = row + dy * words;
		int64_t dx = INT32_MAX;
		if (dy <= y && !is_clear(up, &w))
			dx = gap(up, words, x);
		if (dy < height - y && !is_clear(down, &w))
			dx = min(dx, gap(down, words, x));
		if (dx == INT32_MAX)
			continue;
		/* Rounded as distance_squared does, so that it does not matter which of the two was asked. */
		const double d2 = (float)((float)((double)(dx * dx) * sx * sx) + off);
		best = d2 < best ? d2 : best;
		w = window_of(x, width, sqrt(best - off) / sx); /* rows farther off have less to look at */
	}
	t->rows[z] += 2 * dy;
	return best;
}

/* Squared distance from voxel z, y, x to the surface. */
static double nearest(const struct target *t, int64_t z, int64_t y, int64_t x)
{
	double best = INFINITY, off;
	int64_t dz = z < t->first ? t->first - z : z > t->last ? z - t->last : 0;
	for (; (off = pow((double)dz * t->g->spacing[0], 2)) < best && (z - dz >= t->first || z + dz <= t->last); dz++)
		for (int side = dz ? -1 : 1; side <= 1; side += 2) {
			const int64_t other = z + side * dz;
			if (other < t->first || other > t->last)
				continue;
			const double rest = best - off, d2 = in_slice(t, other, y, x, rest);
			best = d2 < rest ? d2 + off : best;
		}
	return best;
}

float *surface_search(const struct grid *g, const uint64_t *from, int64_t n, const uint64_t *to, bool to_any)
{
	const int64_t depth = g->size[0], height = g->size[1];
	float *list = xmalloc((size_t)n * sizeof *list), *next = list;
	for (int64_t i = 0; i < n && !to_any; i++)
		list[i] = INFINITY;
	if (!to_any || !n)
		return list;
	struct target t = { g, to, 0, depth * height * g->words - 1, xcalloc((size_t)depth, sizeof *t.flat),
		xcalloc((size_t)depth, sizeof *t.rows) };
	while (!to[t.first])
		t.first++;
	while (!to[t.last])
		t.last--;
	t.first /= height * g->words;
	t.last /= height * g->words;
	for (int64_t r = 0; r < depth * height; r++)
		for (int64_t i = 0; i < g->words; i++)
			for (uint64_t bits = from[r * g->words + i]; bits; bits &= bits - 1)
				*next++ = (float)sqrt(nearest(&t, r / height, r % height, 64 * i + __builtin_ctzll(bits)));
	for (int64_t z = 0; z < depth; z++)
		free(t.flat[z]);
	free(t.flat);
	free(t.rows);
	return list;
}

static void edges(const struct pair *p, struct surface out[2])
{
	struct grid g = { .words = p->words };
	memcpy(g.size, p->box, sizeof g.size);
	memcpy(g.spacing, p->spacing, sizeof g.spacing);
	uint64_t *pred = edge_of(p, p->pred, &out[TO_TRUTH].n), *truth = edge_of(p, p->truth, &out[TO_PRED].n);
	out[TO_TRUTH].distance = surface_search(&g, pred, out[TO_TRUTH].n, truth, out[TO_PRED].n > 0);
	out[TO_PRED].distance = surface_search(&g, truth, out[TO_PRED].n, pred, out[TO_TRUTH].n > 0);
	free(pred);
	free(truth);
}

struct surface *pair_surfaces(struct pair *p, enum elements e)
{
	if (!p->surface[e][0].distance)
		(e == VOXELS ? edges : patches)(p, p->surface[e]);
	return p->surface[e];
}

struct surface *pair_distances(struct pair *p)
{
	return pair_surfaces(p, p->how.elements);
}
