/*
 * patches.c: surfaces as patches, one for each corner of voxels that lies between inside and outside. The patch at a corner
 * is what marching cubes cut out of the cube between the centres of the eight voxels around it, with its area (Nikolov et
 * al., Deep learning to achieve clinically applicable segmentation of head and neck anatomy, 2018). Distances are measured
 * between corners. A 2-D image is taken as one that is 1 thick and goes on for ever, so that areas are lengths.
 */
#include "metric/surface.h"

#include <stdlib.h>
#include <string.h>

/* The corners of a cube are numbered by the bits z, y, x: 4, 2, 1. Those of `code` that hang together with corner c. */
static int piece(int code, int c)
{
	int found = 1 << c;
	for (int before = 0; before != found;) {
		before = found;
		for (int k = 0; k < 8; k++)
			if (found >> k & 1)
				found |= (1 << (k ^ 1) | 1 << (k ^ 2) | 1 << (k ^ 4)) & code;
	}
	return found;
}

/*
 * The area that cuts one piece of at most four corners, joined by edges, off its cube. w: areas of the cube's faces that
 * are normal to z, y, x. Cuts run through the middles of edges; one that is not flat is cut into triangles.
 */
static double cut(int code, const double w[3])
{
	const double slant = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
	int along[3] = { 0 }, corners = __builtin_popcount(code), edges = 0, axis = 0, ends[8] = { 0 };
	for (int k = 0; k < 8; k++)
		for (int a = 0; a < 3; a++) {
			const int other = k ^ 4 >> a;
			if (other < k || !(code >> k & 1) || !(code >> other & 1))
				continue;
			along[a]++;
			edges++;
			ends[k]++;
			ends[other]++;
		}
	if (corners == 1)
		return .125 * slant; /* a triangle */
	if (corners == 2) {      /* a rectangle */
		axis = along[0] ? 0 : along[1] ? 1 : 2;
		return .5 * hypot(w[(axis + 1) % 3], w[(axis + 2) % 3]);
	}
	if (corners == 3 || edges == 4) /* three or four of one face: it is the one without edges across */
		axis = !along[0] ? 0 : !along[1] ? 1 : 2;
	if (corners == 3)
		return .5 * w[axis] + .375 * slant;
	if (edges == 4)
		return w[axis];
	for (int k = 0; k < 8; k++)
		if (ends[k] == 3)
			return .75 * slant; /* a corner and its three neighbours: a hexagon */
	for (int k = 0; k < 8; k++) /* a chain along three axes; the one in its middle joins two corners that have two edges */
		for (int a = 0; a < 3; a++)
			if (ends[k] == 2 && ends[k ^ 4 >> a] == 2 && (code >> (k ^ 4 >> a) & 1))
				axis = a;
	return .5 * slant + .25 * (hypot(w[axis], w[(axis + 1) % 3]) + hypot(w[axis], w[(axis + 2) % 3]));
}

/* Of each of the 256 ways in which the eight voxels can be set. What is outside cuts as what is inside. */
static void areas(double area[256], const double spacing[3])
{
	const double w[3] = { spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1] };
	for (int code = 0; code < 256; code++) {
		int rest = __builtin_popcount((unsigned)code) > 4 ? 255 - code : code;
		area[code] = 0;
		while (rest) {
			const int one = piece(rest, __builtin_ctz((unsigned)rest));
			area[code] += cut(one, w);
			rest &= ~one;
		}
	}
}

/* Corners of the box's voxels: one more along each axis that is longer than 1. */
static struct grid corners(const struct pair *p)
{
	struct grid g = { .size = { 0 } };
	for (int a = 0; a < 3; a++) {
		g.size[a] = p->box[a] + (p->size[a] > 1);
		g.spacing[a] = p->size[a] > 1 ? p->spacing[a] : 1;
	}
	g.words = (g.size[2] + 63) / 64;
	return g;
}

/* Voxels around the corners of one row: word i of those before (side 0) or behind (side 1) them. */
static inline uint64_t side_word(const struct pair *p, const uint64_t *row, int64_t i, int side)
{
	const uint64_t here = row && i < p->words ? row[i] : 0;
	if (side || p->size[2] == 1)
		return here;
	return here << 1 | (row && i > 0 ? row[i - 1] >> 63 : 0);
}

/* Marks the corners with a patch; *area: of each of the *n, in the order of the bits. The caller frees both. */
static uint64_t *cut_out(const struct pair *p, const struct grid *g, const uint64_t *mask, const double table[256], int64_t *n,
	double **area)
{
	uint64_t *bits = xmalloc((size_t)(g->size[0] * g->size[1] * g->words) * sizeof *bits), *out = bits;
	int64_t room = 0;
	*n = 0;
	*area = NULL;
	for (int64_t z = 0; z < g->size[0]; z++)
		for (int64_t y = 0; y < g->size[1]; y++)
			for (int64_t i = 0; i < g->words; i++) {
				uint64_t around[8], any = 0, all = ~UINT64_C(0);
				for (int k = 0; k < 8; k++) {
					const int64_t oz = p->size[0] > 1 ? z - 1 + (k >> 2) : 0, oy = p->size[1] > 1 ? y - 1 + (k >> 1 & 1) : 0;
					const bool beyond = oz < 0 || oz >= p->box[0] || oy < 0 || oy >= p->box[1];
					around[k] = side_word(p, beyond ? NULL : mask + (oz * p->box[1] + oy) * p->words, i, k & 1);
					any |= around[k];
					all &= around[k];
				}
				*out = any & ~all;
				for (uint64_t left = *out++; left; left &= left - 1) {
					const int at = __builtin_ctzll(left);
					int code = 0;
					for (int k = 0; k < 8; k++)
						code |= (int)(around[k] >> at & 1) << k;
					if (*n == room)
						*area = xresize(*area, (size_t)(room = room ? 2 * room : 1024), sizeof **area);
					(*area)[(*n)++] = table[code];
				}
			}
	return bits;
}

void patches(const struct pair *p, struct surface out[2])
{
	const struct grid g = corners(p);
	double table[256];
	areas(table, g.spacing);
	uint64_t *pred = cut_out(p, &g, p->pred, table, &out[TO_TRUTH].n, &out[TO_TRUTH].area);
	uint64_t *truth = cut_out(p, &g, p->truth, table, &out[TO_PRED].n, &out[TO_PRED].area);
	out[TO_TRUTH].distance = surface_search(&g, pred, out[TO_TRUTH].n, truth, out[TO_PRED].n > 0);
	out[TO_PRED].distance = surface_search(&g, truth, out[TO_PRED].n, pred, out[TO_TRUTH].n > 0);
	free(pred);
	free(truth);
}
