/* hdf5.h: what reading and writing HDF5 share. */
#ifndef PM_HDF5_H
#define PM_HDF5_H

#include "io/volume.h"

#include <pthread.h>

#include <hdf5.h>

extern pthread_mutex_t hdf5_lock; /* Debian's libhdf5 is not made for threads */

hid_t hdf5_type(enum dtype t);
int hdf5_write(const char *path, const struct array *a, int n, struct err *e);

#endif
