/*
 * grid.h: what the spatial transforms share: the grid on which a record's fields lie, replacing fields, geometry, undo.
 * A field lies on the grid when its last three axes are the grid's. What is interpolated: "image" and every float field
 * linearly (as f32), other integer fields by nearest neighbour in their own type.
 */
#ifndef PM_GRID_H
#define PM_GRID_H

#include "transform/transform.h"

/*
 * The image [C,D,H,W] (label or prediction where there is none) gives the grid. -1 with e: there is none, or label,
 * weight, pred or prob lie elsewhere.
 */
int grid_of(const struct record *r, int64_t size[3], struct err *e);

/* The image as f32, converted in place where it is of another type; NULL with e when there is none or it is not [C,D,H,W]. */
struct tensor *image_float(struct record *r, struct err *e);

/* One field of the record moved to the grid `to`: channels of type t from src to dst; order 0 or 1. */
struct move {
	void *dst;
	const void *src;
	int64_t from[3], to[3], channels;
	enum dtype t;
	int order;
	bool prob; /* class scores: outside is class 0 */
};

/*
 * Calls one() for each field on the grid `from`, then gives the field the grid `to`. exact: types stay as they are
 * (one() copies elements and does not interpolate). Fields that lie elsewhere are left alone.
 */
int grid_move(struct record *r, const int64_t from[3], const int64_t to[3], bool exact,
	void (*one)(const struct move *m, const void *arg), const void *arg, struct err *e);

/* Voxels of class scores that came from outside have no class at all: they become background for certain. */
void fill_background(const struct move *m);

/* Calls one() for each field on the grid, to be changed in place. */
void grid_each(struct record *r, const int64_t size[3],
	void (*one)(void *data, int64_t channels, enum dtype t, const void *arg), const void *arg);

/*
 * Remembers for undo: the name, the old size, n numbers of the transform's own, the geometry; then moves the geometry:
 * old voxel (z,y,x) = map * new voxel (z,y,x,1). The raw header (nifti) no longer tells the truth and is taken out.
 */
void grid_push(struct record *r, const char *name, const int64_t old[3], const double *v, int n,
	const double map[3][4]);

/* What grid_push remembered: the old size and (returned) n numbers; meta gets the geometry. NULL with e: v is malformed. */
const double *grid_pop(struct record *r, const double *v, int count, int64_t old[3], int n, struct err *e);

void map_identity(double map[3][4]);

/* The number of axis a in a list of 3 (D,H,W) or 2 (H,W; 0 for D). */
double axis_number(const struct numbers *list, int a);

/*
 * For settings that begin with "struct numbers size", where 0 keeps an axis: the grid that the record has and the one that
 * is asked for. -1 with e: as grid_of.
 */
int target_size(const struct record *r, const void *conf, int64_t from[3], int64_t to[3], struct err *e);
int size_check(const void *conf, struct err *e);
int crop_fits(const int64_t from[3], const int64_t to[3], struct err *e);

/* Crops or pads each field to [start, start + to): undo puts the data back and fills with zeros (prob: class 0). */
int grid_crop(struct record *r, const char *name, const int64_t from[3], const int64_t to[3], const int64_t start[3],
	bool reflect, struct err *e);
int grid_crop_undo(struct record *r, const double *v, int n, struct err *e);
/* Resamples each field to another size, and back. */
int grid_zoom(struct record *r, const char *name, const int64_t from[3], const int64_t to[3], struct err *e);
int grid_zoom_undo(struct record *r, const double *v, int n, struct err *e);

#endif
