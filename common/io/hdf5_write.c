/* hdf5_write.c: arrays in chunks that a crop can pick from, gzipped, with attributes spacing (z, y, x) and affine where known. */
#include "io/hdf5_impl.h"
#include "io/deflate.h"
#include "io/npy.h"
#include "io/outfile.h"

#include <pthread.h>
#include <string.h>

#include <hdf5.h>

enum { CHUNK_SIDE = 64, CHUNK_SLICES = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* Debian's libhdf5 is not made for threads */

static int put_attribute(hid_t set, const char *name, int rank, const hsize_t *dim, const double *v)
{
	hid_t space = H5Screate_simple(rank, dim, NULL), a = H5Acreate2(set, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
	int failed = a < 0 || H5Awrite(a, H5T_NATIVE_DOUBLE, v) < 0;
	if (a >= 0)
		H5Aclose(a);
	H5Sclose(space);
	return failed;
}

static hsize_t least(int64_t n, int64_t most)
{
	return (hsize_t)(n < most ? n : most);
}

static int put_array(hid_t file, const struct array *a)
{
	const struct volume *v = a->v;
	int64_t dim[4];
	hsize_t size[4], chunk[4];
	int rank = plain_shape(v, dim);
	for (int i = 0; i < rank; i++) {
		size[i] = (hsize_t)dim[i];
		chunk[i] = least(dim[i], i >= rank - 2 ? CHUNK_SIDE : i == rank - 3 ? CHUNK_SLICES : 1);
	}
	hid_t space = H5Screate_simple(rank, size, NULL), how = H5Pcreate(H5P_DATASET_CREATE), type = hdf5_type(v->t.dtype);
	H5Pset_obj_track_times(how, false); /* equal data, equal bytes */
	H5Pset_chunk(how, rank, chunk);
	H5Pset_shuffle(how);
	H5Pset_deflate(how, (unsigned)deflate_level(v->t.dtype));
	hid_t set = H5Dcreate2(file, a->name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
	int failed = set < 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, v->t.data) < 0;
	if (!failed && !strcmp(v->geo.units, "mm"))
		failed = put_attribute(set, "spacing", 1, (hsize_t[]){ 3 }, v->geo.spacing) ||
			put_attribute(set, "affine", 2, (hsize_t[]){ 4, 4 }, v->geo.affine);
	if (set >= 0)
		H5Dclose(set);
	H5Pclose(how);
	H5Sclose(space);
	return failed;
}

int hdf5_write(const char *path, const struct array *a, int n, struct err *e)
{
	size_t bytes;
	for (int i = 0; i < n; i++)
		if (a[i].v->t.rank != 4 || tensor_bytes(&a[i].v->t, &bytes) != 0)
			return err_set(e, "%s: only [C,D,H,W] can be written", path);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	pthread_mutex_lock(&lock);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_file_locking(access, false, true); /* outfile has locked it */
	hid_t file = H5Fcreate(outfile_part(out), H5F_ACC_TRUNC, H5P_DEFAULT, access);
	int failed = file < 0;
	for (int i = 0; i < n && !failed; i++)
		failed = put_array(file, &a[i]);
	if (file >= 0 && H5Fclose(file) < 0)
		failed = 1;
	H5Pclose(access);
	pthread_mutex_unlock(&lock);
	if (failed) {
		err_set(e, "%s: the HDF5 library cannot write it (is the disk full?)", path);
		outfile_discard(out);
		return -1;
	}
	return outfile_close(out, e);
}
