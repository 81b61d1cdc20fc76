/* regions.h: what losses of neighbourhoods want of a device, on plain maps; struct backend points to such a table. */
#ifndef PM_REGIONS_H
#define PM_REGIONS_H

#include "nn/fmap.h"

/*
 * How steep a map is, from forward differences along those of d, h, w that are longer than 1: the sum of their absolute
 * values or squares, one beyond the end being 0; or their length, the root of the sum of squares + 1e-8, 0 where one would be
 * beyond the end: summed over a map of a region it is the length of its border.
 */
enum slope { SLOPE_ABS, SLOPE_SQUARE, SLOPE_LENGTH };

enum { AFFINITY_RADIUS = 15 }; /* at most */

/*
 * How much two pixels of a plane belong together that are x and y <= radius apart and whose images differ by e:
 * near[0][x] near[0][y] exp(-contrast sum e^2) + near[1][x] near[1][y]; a pixel and itself: 0.
 */
struct affinity {
	int radius;
	double contrast, near[2][AFFINITY_RADIUS + 1];
};

struct regions {
	/* The least, or the most, of each element and its two neighbours along mid. _bwd: to the first of equals. */
	void (*extreme)(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most);
	void (*extreme_bwd)(real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most, bool add);
	/* Of `count` maps of d, h, w. */
	void (*slope)(enum slope f, real *y, const real *x, int64_t count, const int64_t size[3]);
	void (*slope_bwd)(enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add);
	/*
	 * Each run of elements of a row of n where `in` is above 0 is cut into strips of `width` elements, the last one narrower:
	 * the sum of x over a strip stands at its first element, elsewhere 0. _bwd: to all elements of a strip.
	 */
	void (*strips)(real *y, const real *x, const real *in, int64_t rows, int64_t n, int64_t width);
	void (*strips_bwd)(real *dx, const real *dy, const real *in, int64_t rows, int64_t n, int64_t width, bool add);
	/* m_c(i) = the sum over pixels j of the same slice of affinity(i, j) p_c(j). O(radius^2) per pixel, no memory but m's. */
	void (*messages)(struct fmap *m, const struct fmap *p, const struct fmap *image, const struct affinity *a);
};

#endif
