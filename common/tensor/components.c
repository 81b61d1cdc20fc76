/*
 * components.c: connected components over runs of foreground in a row. Runs that overlap in neighbouring rows or slices
 * are joined in a union-find whose roots are the first runs in raster order.
 */
#include "tensor/spatial.h"

#include <stdlib.h>
#include <string.h>

struct run {
	int64_t lo, hi; /* voxels [lo, hi) of the whole array */
	int64_t parent;
};

struct runs {
	struct run *r;
	int64_t n, cap;
};

static int64_t find(struct run *r, int64_t i)
{
	while (r[i].parent != i) {
		r[i].parent = r[r[i].parent].parent;
		i = r[i].parent;
	}
	return i;
}

static void join(struct run *r, int64_t a, int64_t b)
{
	a = find(r, a);
	b = find(r, b);
	if (a < b)
		r[b].parent = a;
	else
		r[a].parent = b;
}

/*
 * Joins the runs [a, a_end) with those of an earlier row [b, b_end), whose voxels lie `shift` before. Runs touch when they
 * have a voxel side by side, or with aslant 1 when one goes on where the other ends.
 */
static void join_rows(struct run *r, int64_t a, int64_t a_end, int64_t b, int64_t b_end, int64_t shift, int aslant)
{
	while (a < a_end && b < b_end) {
		if (r[a].lo < r[b].hi + shift + aslant && r[b].lo + shift < r[a].hi + aslant)
			join(r, a, b);
		if (r[a].hi < r[b].hi + shift)
			a++;
		else
			b++;
	}
}

/* First i in [i, end) where (mask[i] != 0) == on, else end. */
static int64_t seek(const uint8_t *mask, int64_t i, int64_t end, bool on)
{
	const uint64_t ones = 0x0101010101010101u, same = on ? 0 : ones;
	for (uint64_t eight; i + 8 <= end; i += 8) {
		memcpy(&eight, mask + i, 8);
		if (eight != same)
			break;
	}
	while (i < end && (mask[i] != 0) != on)
		i++;
	return i;
}

/* All runs; parents point to the root. */
static struct runs find_runs(const uint8_t *mask, const int64_t size[3], int connectivity)
{
	struct runs s = {0};
	int64_t rows = size[0] * size[1], width = size[2];
	int64_t *first = xcalloc((size_t)rows + 1, sizeof *first); /* run of each row */
	for (int64_t row = 0; row < rows; row++) {
		int64_t end = (row + 1) * width;
		first[row] = s.n;
		for (int64_t i = seek(mask, row * width, end, true); i < end;) {
			if (s.n == s.cap) {
				s.cap = s.cap ? 2 * s.cap : 1024;
				s.r = xresize(s.r, (size_t)s.cap, sizeof *s.r);
			}
			int64_t hi = seek(mask, i, end, false);
			s.r[s.n] = (struct run){i, hi, s.n};
			s.n++;
			i = seek(mask, hi, end, true);
		}
		first[row + 1] = s.n;
		for (int k = 0; k < 4; k++) { /* the rows before this one that touch it */
			static const int dz[4] = { 0, 1, 1, 1 }, dy[4] = { 1, 0, 1, -1 };
			const int64_t y = row % size[1] - dy[k], shift = dz[k] * size[1] + dy[k];
			const int off = dz[k] + (dy[k] != 0);
			if (off <= connectivity && y >= 0 && y < size[1] && row >= dz[k] * size[1])
				join_rows(s.r, first[row], s.n, first[row - shift], first[row - shift + 1], width * shift, off < connectivity);
		}
	}
	for (int64_t i = 0; i < s.n; i++)
		s.r[i].parent = s.r[s.r[i].parent].parent; /* parents come first and are roots' children by now */
	free(first);
	return s;
}

int64_t components(int32_t *out, const uint8_t *mask, const int64_t size[3], int connectivity)
{
	struct runs s = find_runs(mask, size, connectivity);
	int32_t *label = xcalloc((size_t)s.n, sizeof *label), count = 0;
	memset(out, 0, (size_t)(size[0] * size[1] * size[2]) * sizeof *out);
	for (int64_t i = 0; i < s.n; i++) {
		const struct run *r = &s.r[i];
		label[i] = r->parent == i ? ++count : label[r->parent];
		for (int64_t v = r->lo; v < r->hi; v++)
			out[v] = label[i];
	}
	free(label);
	free(s.r);
	return count;
}

void keep_largest(uint8_t *mask, const int64_t size[3])
{
	struct runs s = find_runs(mask, size, 1);
	int64_t *voxels = xcalloc((size_t)s.n, sizeof *voxels), largest = 0;
	for (int64_t i = 0; i < s.n; i++)
		voxels[s.r[i].parent] += s.r[i].hi - s.r[i].lo;
	for (int64_t i = 1; i < s.n; i++)
		if (voxels[i] > voxels[largest])
			largest = i;
	for (int64_t i = 0; i < s.n; i++)
		if (s.r[i].parent != largest)
			memset(mask + s.r[i].lo, 0, (size_t)(s.r[i].hi - s.r[i].lo));
	free(voxels);
	free(s.r);
}

void keep_parts(uint8_t *label, int64_t classes, bool each, const int64_t size[3])
{
	const int64_t v = size[0] * size[1] * size[2];
	uint8_t *mask = xmalloc((size_t)v);
	for (int64_t c = 1; c < (each ? classes : 2); c++) {
		for (int64_t i = 0; i < v; i++)
			mask[i] = each ? label[i] == c : label[i] > 0;
		keep_largest(mask, size);
		for (int64_t i = 0; i < v; i++)
			if (!mask[i] && (each ? label[i] == c : label[i] > 0))
				label[i] = 0;
	}
	free(mask);
}
