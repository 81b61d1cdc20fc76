/*
 * morphology.c: dilation and erosion by the face-neighbour cross. n iterations of the cross are a ball of city-block
 * distance n, and that distance takes one sweep forth and one back along each axis, however large n is.
 */
#include "tensor/spatial.h"

enum { LARGEST = 254 }; /* iterations in one go, so that distances fit the mask's own bytes */

/* next = min(next, prev + 1) on whole rows. */
static void relax(uint8_t *restrict next, const uint8_t *restrict prev, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		int step = prev[i] + 1;
		next[i] = next[i] < step ? next[i] : (uint8_t)step;
	}
}

/* Along the middle axis of [outer, n, inner]; border: the distance just outside of both ends. */
static void sweep(uint8_t *d, int64_t outer, int64_t n, int64_t inner, int border)
{
	for (int64_t o = 0; o < outer; o++, d += n * inner) {
		uint8_t *last = d + (n - 1) * inner;
		for (int64_t i = 0; i < inner; i++) {
			d[i] = d[i] <= border ? d[i] : (uint8_t)(border + 1);
			last[i] = last[i] <= border ? last[i] : (uint8_t)(border + 1);
		}
		for (int64_t k = 1; k < n; k++)
			relax(d + k * inner, d + (k - 1) * inner, inner);
		for (int64_t k = n - 1; k > 0; k--)
			relax(d + (k - 1) * inner, d + k * inner, inner);
	}
}

/* City-block distance, in place: d holds 0 at the seeds and more elsewhere. */
static void city_block(uint8_t *d, const int64_t size[3], bool in_plane, int border)
{
	sweep(d, size[0] * size[1], size[2], 1, border);
	sweep(d, size[0], size[1], size[2], border);
	if (!in_plane && size[0] > 1)
		sweep(d, 1, size[0], size[1] * size[2], border);
}

void dilate(uint8_t *mask, const int64_t size[3], int iterations, bool in_plane)
{
	int64_t count = size[0] * size[1] * size[2];
	for (int n; count && iterations > 0; iterations -= n) {
		n = iterations < LARGEST ? iterations : LARGEST;
		for (int64_t i = 0; i < count; i++)
			mask[i] = mask[i] ? 0 : (uint8_t)(n + 1);
		city_block(mask, size, in_plane, n + 1);
		for (int64_t i = 0; i < count; i++)
			mask[i] = mask[i] <= n;
	}
}

void erode(uint8_t *mask, const int64_t size[3], int iterations, bool in_plane)
{
	int64_t count = size[0] * size[1] * size[2];
	for (int n; count && iterations > 0; iterations -= n) {
		n = iterations < LARGEST ? iterations : LARGEST;
		for (int64_t i = 0; i < count; i++)
			mask[i] = mask[i] ? (uint8_t)(n + 1) : 0;
		city_block(mask, size, in_plane, 0);
		for (int64_t i = 0; i < count; i++)
			mask[i] = mask[i] > n;
	}
}
