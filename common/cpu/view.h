/* view.h: noise, boxes, blur and quarter turns of images, with the contracts of struct backend. */
#ifndef PM_VIEW_H
#define PM_VIEW_H

#include "nn/backend.h"

void cpu_noise(real *y, const real *x, int64_t n, double sigma, double most, const uint32_t key[2], uint32_t layer);
void cpu_box(real *y, const real *box, int64_t n, const int64_t size[3]);
void cpu_blur(real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner);
void cpu_turn(real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back);

#endif
