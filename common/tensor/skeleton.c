/*
 * skeleton.c: thinning (Lee, Kashyap & Chu, Building skeleton models via 3-D medial surface/axis thinning algorithms, CVGIP
 * 1994). From each of six sides in turn, voxels are taken off that neither end a line nor change how many parts, holes and
 * tunnels there are.
 */
#include "tensor/spatial.h"

#include <stdlib.h>
#include <string.h>

enum { CENTRE = 13 };

/* Neighbours are the bits (9 dz + 3 dy + dx) + 13 of a word. */
struct tables {
	int64_t step[27];                         /* to each in the array */
	uint32_t touch[27];                       /* which of the others it touches, the centre apart */
	uint32_t face[6], edge[12], corner[8];    /* which neighbours share each of the centre's */
};

static uint32_t bit(int z, int y, int x)
{
	return UINT32_C(1) << (9 * z + 3 * y + x + CENTRE);
}

static void fill(struct tables *t, const int64_t size[3])
{
	int faces = 0, edges = 0, corners = 0;
	memset(t, 0, sizeof *t);
	for (int i = 0; i < 27; i++) {
		const int z = i / 9 - 1, y = i / 3 % 3 - 1, x = i % 3 - 1, off = (z != 0) + (y != 0) + (x != 0);
		uint32_t shared = 0; /* with the centre and this neighbour: all that lie between */
		t->step[i] = ((int64_t)z * size[1] + y) * size[2] + x;
		for (int k = 0; k < 27; k++) {
			const int oz = k / 9 - 1, oy = k / 3 % 3 - 1, ox = k % 3 - 1;
			if (k != CENTRE && k != i && abs(oz - z) <= 1 && abs(oy - y) <= 1 && abs(ox - x) <= 1)
				t->touch[i] |= bit(oz, oy, ox);
			if (k != CENTRE && (!oz || oz == z) && (!oy || oy == y) && (!ox || ox == x))
				shared |= bit(oz, oy, ox);
		}
		if (off == 1)
			t->face[faces++] = shared;
		else if (off == 2)
			t->edge[edges++] = shared;
		else if (off == 3)
			t->corner[corners++] = shared;
	}
}

static uint32_t neighbours(const uint8_t *voxel, const struct tables *t)
{
	uint32_t set = 0;
	for (int i = 0; i < 27; i++)
		set |= (uint32_t)(i != CENTRE && voxel[t->step[i]]) << i;
	return set;
}

static int alone(uint32_t set, const uint32_t *shared, int n)
{
	int count = 0;
	for (int i = 0; i < n; i++)
		count += !(set & shared[i]);
	return count;
}

/* Without the centre, corners - edges + faces - cubes stay the same. */
static bool keeps_euler(uint32_t set, const struct tables *t)
{
	return alone(set, t->corner, 8) - alone(set, t->edge, 12) + alone(set, t->face, 6) == 1;
}

/* There are neighbours, and they hang together without the centre. */
static bool is_simple(uint32_t set, const struct tables *t)
{
	uint32_t found = set & -set, before = 0;
	while (found != before) {
		uint32_t fresh = found & ~before;
		before = found;
		for (; fresh; fresh &= fresh - 1)
			found |= t->touch[__builtin_ctz(fresh)] & set;
	}
	return set && found == set;
}

/* Takes off what can be taken from one side; false: nothing. list: the n voxels that are set; some: room for as many. */
static bool peel(uint8_t *v, const int64_t *list, int64_t n, int64_t side, const struct tables *t, int64_t *some)
{
	int64_t found = 0;
	bool changed = false;
	for (int64_t i = 0; i < n; i++) {
		const uint8_t *voxel = v + list[i];
		if (!voxel[0] || voxel[side])
			continue;
		const uint32_t set = neighbours(voxel, t);
		if (__builtin_popcount(set) != 1 && keeps_euler(set, t) && is_simple(set, t))
			some[found++] = list[i];
	}
	for (int64_t i = 0; i < found; i++)
		if (is_simple(neighbours(v + some[i], t), t)) {
			v[some[i]] = 0;
			changed = true;
		}
	return changed;
}

void skeletonize(uint8_t *mask, const int64_t size[3], bool in_plane)
{
	const int64_t room[3] = { size[0] + 2, size[1] + 2, size[2] + 2 }, start[3] = { -1, -1, -1 }, back[3] = { 1, 1, 1 };
	const int64_t voxels = room[0] * room[1] * room[2], row = room[2], slice = room[1] * row;
	const int64_t side[6] = { -row, row, 1, -1, slice, -slice };
	uint8_t *v = xmalloc((size_t)voxels);
	struct tables t;
	int64_t n = 0;
	fill(&t, room);
	crop_pad(v, room, mask, size, start, 1, PM_U8, BORDER_ZERO);
	for (int64_t i = 0; i < voxels; i++)
		n += v[i];
	int64_t *list = xmalloc((size_t)n * sizeof *list), *some = xmalloc((size_t)n * sizeof *some);
	n = 0;
	for (int64_t i = 0; i < voxels; i++)
		if (v[i])
			list[n++] = i;
	for (bool changed = true; changed;) {
		changed = false;
		for (int k = 0; k < (in_plane ? 4 : 6); k++)
			changed |= peel(v, list, n, side[k], &t, some);
		int64_t left = 0;
		for (int64_t i = 0; i < n; i++)
			if (v[list[i]])
				list[left++] = list[i];
		n = left;
	}
	crop_pad(mask, size, v, room, back, 1, PM_U8, BORDER_ZERO);
	free(list);
	free(some);
	free(v);
}
