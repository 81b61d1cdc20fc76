/* table.h: what the shared object has to give: device.c looks for pymic_backend, tests for the table as well. */
#ifndef PM_TABLE_H
#define PM_TABLE_H

#include "nn/backend.h"

extern const struct backend pymic_table;

/*
 * The backend on GPU number `index`, whose name goes to what; NULL, and why in what, where it cannot be had. fast, tf32: see
 * runtime.h. One device per process.
 */
const struct backend *pymic_backend(int index, bool fast, bool tf32, char *what, size_t size);

#endif
