/* select.h: an entry of the CPU backends that select.c has. */
#ifndef PM_CPU_SELECT_H
#define PM_CPU_SELECT_H

#include "nn/backend.h"

void cpu_smallest(real *mask, const real *x, const real *among, int64_t n, double share);

#endif
