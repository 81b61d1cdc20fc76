/* points.h: what methods that compare single voxels want of a device, on plain maps; struct backend points to such a table. */
#ifndef PM_POINTS_H
#define PM_POINTS_H

#include "nn/fmap.h"

/* Where voxels `at` [n,points,3], d,h,w in a grid `full`, lie in maps [n,c,size], and where they go: [n,channels,points], channels first.. */
struct lookup {
	int64_t n, c, size[3], full[3], points, channels, first;
};

/* y [rows,columns] = the sum over k < inner of a(row, k) b(k, column), for each of count; a and b are dense, with these strides. */
struct matrices {
	int64_t count, rows, inner, columns, a[2], b[2];
};

struct points {
	/* y [views,c,to]: of image v % n of x [n,c,size] the box that begins at `from` [views,3], d,h,w. */
	void (*crop)(real *y, const real *x, const real *from, int64_t views, int64_t n, int64_t c, const int64_t size[3], const int64_t to[3]);
	void (*gather)(real *y, const real *x, const real *at, const struct lookup *s);
	void (*gather_bwd)(real *dx, const real *dy, const real *at, const struct lookup *s); /* adds, in the order of the points */
	void (*multiply)(real *y, const real *a, const real *b, const struct matrices *p, bool add);
};

#endif
