/* sidecar.h: the spacing of an image whose file has none: STEM.json beside it holds {"spacing": [z, y, x]}, in mm. */
#ifndef PM_SIDECAR_H
#define PM_SIDECAR_H

#include "io/geometry.h"

/* Sets the spacing where there is such a file. 0, also where there is none; or -1 with e. */
int sidecar_read(const char *path, struct geometry *g, struct err *e);

/* "3x0.5x0.5" (z, y, x; "3,0.5,0.5" too), "0.5x0.5" (y, x) or "0.5" (all): sizes of a voxel in mm. 0, or -1 with e. */
int spacing_parse(const char *text, struct geometry *g, struct err *e);

#endif
