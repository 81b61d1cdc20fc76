/* hdf5_impl.h: what reading and writing HDF5 share. */
#ifndef PM_HDF5_IMPL_H
#define PM_HDF5_IMPL_H

#include "io/volume.h"

int64_t hdf5_type(enum dtype t); /* the library's own number for it, a hid_t */
int hdf5_write(const char *path, const struct array *a, int n, struct err *e);

#endif
