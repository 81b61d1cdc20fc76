/* views.h: what a backend makes of images so that networks see them differently. */
#ifndef PM_VIEWS_H
#define PM_VIEWS_H

#include "nn/fmap.h"

struct views {
	void (*box)(real *y, const real *box, int64_t n, const int64_t size[3]); /* y [n,d,h,w]: 1 inside [n][2][3], from and to, else 0 */
	/* x [n,outer,mid,inner] filtered along mid by n times count weights, an odd number; the edge is repeated. */
	void (*blur)(real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner);
	/* x [n,rows,side,side], each sample by a number of quarter turns of its own, from axis h to w as numpy's rot90; back: the other way. */
	void (*turn)(real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back);
};

#endif
