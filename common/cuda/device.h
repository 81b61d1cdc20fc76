/* device.h: which backend a command runs on. The GPU's is loaded when it is wanted: it need not be there. */
#ifndef PM_DEVICE_H
#define PM_DEVICE_H

#include "nn/backend.h"

/*
 * fast, tf32: see cuda/runtime.h; nothing on the processor.
 * --device auto|cpu|cuda[:N]. auto: the first GPU where there is one that will do, else the processor. Dies with status
 * PM_USAGE where the words mean nothing, with PM_FAIL where the GPU asked for cannot be had. The shared object is
 * libpymic-cuda.so beside the command, in ../lib or ../lib/pymic of its folder, or what PYMIC_CUDA names.
 */
const struct backend *device_choose(const char *device, bool fast, bool tf32);

#endif
