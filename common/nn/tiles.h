/* tiles.h: windows of an image as the input of a network. */
#ifndef PM_TILES_H
#define PM_TILES_H

#include "nn/graph.h"

/* n tiles of one size, cut from an image in the backend's memory: [n,c,..] */
struct node *op_tiles(struct graph *g, const float *image, int64_t c, const struct tile *tile, int64_t n);

#endif
