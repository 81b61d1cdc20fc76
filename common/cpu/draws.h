/* draws.h: random numbers of the CPU backends. */
#ifndef PM_CPU_DRAWS_H
#define PM_CPU_DRAWS_H

#include "nn/draws.h"

extern const struct draws cpu_draws;

#endif
