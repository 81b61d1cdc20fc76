/*
 * spatial.h: geometry and filters on arrays, one per file of this folder. size and the like are [D,H,W]; arrays are
 * row-major; types as in tensor.h. Numerical conventions are those of scipy.ndimage (see each).
 */
#ifndef PM_SPATIAL_H
#define PM_SPATIAL_H

#include "tensor/tensor.h"

/* copy.c: dst[C,size] = src[C,from] moved by start (may be negative); outside: fill < 0 mirrors, else a number. */
enum border { BORDER_ZERO, BORDER_REFLECT };
void crop_pad(void *dst, const int64_t to[3], const void *src, const int64_t from[3], const int64_t start[3],
	int64_t channels, enum dtype t, enum border border);
void flip_axis(void *data, const int64_t size[3], int axis, int64_t channels, enum dtype t);
/* dst[C,size with axes a < b exchanged, then mirrored] = src[C,size] */
void swap_axes(void *dst, const void *src, const int64_t size[3], int a, int b, const bool mirrored[3], int64_t channels, enum dtype t);

/* zoom.c: corner-aligned resampling, order 0 (floor(x + 0.5)) or 1 (separable linear); scipy.ndimage.zoom, grid_mode off. */
int64_t zoom_length(int64_t n, double factor); /* round half to even, at least 1 */
void zoom(void *dst, const int64_t to[3], const void *src, const int64_t from[3], int64_t channels, enum dtype t, int order);
/* Linear interpolation: element i along an axis lies between two of the old ones, with that share of the second. */
struct between {
	int64_t lo, hi;
	float share;
};
void interpolate(float *dst, const int64_t to[3], const float *src, const int64_t from[3], struct between *const place[3]);

/* filter.c: separable Gaussian, radius int(4 sigma + 0.5), border reflect (edge repeated). */
void gaussian(float *data, const int64_t size[3], const double sigma[3]);

/*
 * morphology.c: face-neighbour cross, iterations times, on a mask of zero and nonzero that becomes 0 and 1. Outside the
 * image is background (erosion eats the border), but a 2-D image (D = 1), like in_plane, has no neighbours along D.
 */
void dilate(uint8_t *mask, const int64_t size[3], int iterations, bool in_plane);
void erode(uint8_t *mask, const int64_t size[3], int iterations, bool in_plane);

/* distance.c: squared Euclidean distance of each voxel to the nearest nonzero one (INFINITY: there is none). */
void distance_squared(float *out, const uint8_t *mask, const int64_t size[3], const double spacing[3]);

/*
 * components.c: connected components of mask, labelled 1.. in raster order of their first voxel. Neighbours share 1: a face,
 * 2: a face or an edge, 3: a corner too. Returns how many.
 */
int64_t components(int32_t *out, const uint8_t *mask, const int64_t size[3], int connectivity);
/* Keeps the largest face-connected component (first in raster order among equals); an empty mask stays as it is. */
void keep_largest(uint8_t *mask, const int64_t size[3]);
/* The same of the classes 1.. of a label together, or of each; what is not kept becomes 0. */
void keep_parts(uint8_t *label, int64_t classes, bool each, const int64_t size[3]);

/* skeleton.c: thins a mask of 0 and 1 to centre lines with as many parts, holes and tunnels (Lee 1994). */
void skeletonize(uint8_t *mask, const int64_t size[3], bool in_plane);

/* order.c: percentile p in 0..100 by linear interpolation between order statistics; x is reordered. n > 0. */
double percentile(float *x, int64_t n, double p);
/* Box [lo, hi) of nonzero voxels; false when there are none. */
bool bounding_box(const uint8_t *mask, const int64_t size[3], int64_t lo[3], int64_t hi[3]);

#endif
