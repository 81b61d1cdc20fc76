/* view.h: views of the CPU backends. */
#ifndef PM_CPU_VIEW_H
#define PM_CPU_VIEW_H

#include "nn/views.h"

extern const struct views cpu_views;

#endif
