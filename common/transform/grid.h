/*
 * grid.h: what the spatial transforms share: the grid on which a record's fields lie, replacing fields, geometry, undo.
 * A field lies on the grid when its last three axes are the grid's. What is interpolated: "image" and every float field
 * linearly (as f32), other integer fields by nearest neighbour in their own type.
 */
#ifndef PM_GRID_H
#define PM_GRID_H

#include "transform/action.h"
#include "transform/transform.h"

/*
 * The image [C,D,H,W] (label or prediction where there is none) gives the grid. -1 with e: there is none, or label,
 * weight, pred or prob lie elsewhere, and are not one voxel: that is said of the whole image, and stays as it is.
 */
int grid_of(const struct record *r, int64_t size[3], struct err *e);

/* The image as f32, converted in place where it is of another type; NULL with e when there is none or it is not [C,D,H,W]. */
struct tensor *image_float(struct record *r, struct err *e);

/* Changes the fields; back: class scores that came from outside are background. -1 with e: a field would be too large. */
int grid_warp(struct record *r, const struct action *a, bool back, struct err *e);
/* Keeps those n slices, in this order, which cannot be undone. -1 with e: as grid_warp. */
int grid_slices(struct record *r, const int64_t size[3], const int64_t *slice, int64_t n, struct err *e);
/*
 * Remembers for undo: what was done, the old size, its own numbers, the geometry; then moves the geometry. The raw header (nifti)
 * no longer tells the truth and is taken out.
 */
void grid_push(struct record *r, const struct action *a);

/* The setting of all that interpolate. */
#define GRID_CUBIC(T) \
	OPT_SWITCH(T, cubic, 0, "channels of images by cubic B-splines, not linearly: sharper, and slower; labels stay nearest neighbours")

/* Whether a setting holds letters of axes, d, h, w. -1 with e, which calls it by the name. */
int axes_check(const char *letters, const char *name, struct err *e);
bool axis_named(const char *letters, int a); /* Is axis a one of them? */
int axis_drawn(const char *letters, struct rng *rng); /* one of them */

/* The plane across an axis: about d it is (h,w), about h (d,w), about w (d,h). */
void plane_across(int axis, int *a, int *b);
/* New place, from the centre, to the old one where the image is turned about an axis. */
void turn_matrix(double m[3][3], int axis, double degrees);
void matrix_times(double m[3][3], const double by[3][3]); /* m = m * by */
/* What is a turn in mm, in voxels: angles stay where they are longer along one axis. mm: the voxels' size, 1 where it is not known. */
void voxel_size(const struct record *r, double mm[3]);
void matrix_in_voxels(double m[3][3], const double mm[3]);

/* The number of axis a in a list of 3 (D,H,W) or 2 (H,W; 0 for D). */
double axis_number(const struct numbers *list, int a);

/*
 * For settings that begin with "struct numbers size", where 0 keeps an axis: the grid that there is behind the actions and the
 * one that is asked for. -1 with e: as grid_of.
 */
int target_size(struct actions *to_do, const struct record *r, const void *conf, int64_t from[3], int64_t to[3], struct err *e);
int size_check(const void *conf, struct err *e);
int bounds_check(const struct numbers *lower, const struct numbers *upper, struct err *e); /* factors of axes */
/* The values of a label, in the order in which they were met, and how often each occurs. -1 with e: there are more. */
enum { LABEL_VALUES = 1024 };
struct label_values {
	int n;
	int64_t v[LABEL_VALUES], count[LABEL_VALUES];
};
int label_values(const struct tensor *t, struct label_values *s, struct err *e);
/*
 * Around a random voxel of a random class (one of labels; none given: all values but the smallest) of label [from]: where a box
 * of that size begins. 1: start was set; 0: there is no such voxel, any box will do; -1 with e.
 */
int crop_focus(const struct numbers *labels, const struct tensor *label, const int64_t from[3], const int64_t to[3],
	int64_t start[3], struct rng *rng, struct err *e);
/* With the probability share, where the record has a label. Else 0. */
int crop_drawn(double share, const struct numbers *labels, const struct record *r, const int64_t from[3], const int64_t to[3],
	int64_t start[3], struct rng *rng, struct err *e);
int crop_fits(const int64_t from[3], const int64_t to[3], struct err *e);

#endif
