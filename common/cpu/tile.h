/* tile.h: entries of the CPU backends that tile.c has. */
#ifndef PM_CPU_TILE_H
#define PM_CPU_TILE_H

#include "nn/backend.h"

void cpu_tile_cut(real *tile, const float *image, int64_t c, const struct tile *t);
void cpu_tile_add(real *planes, const real *tile, int64_t k, const struct tile *t, double scale);
bool cpu_all_finite(const real *x, int64_t n);

#endif
