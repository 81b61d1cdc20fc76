/* The table of formats, HDF5 files, and what is no image at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "io/volume.h"

static struct err e;

static void endings(void **state)
{
	(void)state;
	static const struct { const char *path; size_t stem; const char *format; } of[] = {
		{ "a/b.nii.gz", 3, "nifti" }, { "b.NII", 1, "nifti" }, { "b.hdr", 1, "nifti" }, { "b.x.img", 3, "nifti" },
		{ "b.png", 1, "png" }, { "b.h5", 1, "hdf5" }, { "b.hdf5", 1, "hdf5" }, { "b.gz", 4, NULL }, { "nii", 3, NULL },
		{ "a.png/b", 7, NULL }, { "a/.png", 6, NULL }, { ".nii.gz", 7, NULL }, { "", 0, NULL },
	};
	for (size_t i = 0; i < PM_COUNT(of); i++) {
		const struct format *f = format_of(of[i].path);
		assert_int_equal(f != NULL, of[i].format != NULL);
		if (f)
			assert_string_equal(f->p.name, of[i].format);
		assert_int_equal(volume_stem(of[i].path), of[i].stem);
	}
}

static void refused(const char *path, const char *dataset, const char *why)
{
	struct volume v = { 0 };
	strcpy(e.msg, "accepted");
	if (volume_read(path, dataset, &v, &e) != -1 || !strstr(e.msg, why) || strncmp(e.msg, path, strlen(path)))
		fail_msg("%s: '%s' does not say '%s'", path, e.msg, why);
	volume_fini(&v);
}

static void no_images(void **state)
{
	(void)state;
	static const char *const name[] = { "t.nii", "t.nii.gz", "t.png", "t.jpg", "t.tif", "t.bmp", "t.mha", "t.nrrd", "t.npy", "t.npz", "t.h5" };
	for (size_t i = 0; i < PM_COUNT(name); i++) {
		refused(name[i], "image", "No such file");
		assert_int_equal(mkdir(name[i], 0700), 0);
		refused(name[i], "image", "not a regular file");
		rmdir(name[i]);
		assert_int_equal(mkfifo(name[i], 0600), 0); /* must not hang */
		refused(name[i], "image", "not a regular file");
		unlink(name[i]);
		fclose(fopen(name[i], "wb"));
		refused(name[i], "image", i < 10 ? "empty" : "not an HDF5 file");
		unlink(name[i]);
	}
	FILE *fp = fopen("t.dcm", "wb");
	for (int i = 0; i < 128; i++)
		putc(0, fp);
	fputs("DICM and more", fp);
	fclose(fp);
	refused("t.dcm", "image", "dcm2niix");
	unlink("t.dcm");
	refused(".", "image", "folder");
	refused("t.xyz", "image", "must end in one of .nii.gz .nii");
}

static void dataset(hid_t file, const char *name, int rank, const hsize_t *dim, hid_t type, const void *data, hid_t plist)
{
	hid_t space = H5Screate_simple(rank, dim, NULL), set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
	assert_true(set >= 0);
	hid_t own = H5Tget_native_type(type, H5T_DIR_DEFAULT);
	if (data)
		assert_true(H5Dwrite(set, own, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
	H5Tclose(own);
	H5Dclose(set);
	H5Sclose(space);
}

static void hdf5(void **state)
{
	(void)state;
	static float image[2 * 3 * 4];
	static unsigned char label[3 * 4];
	static const short flat[6] = { -1, 0, 1, 2, 3, 4 };
	for (int i = 0; i < 24; i++)
		image[i] = (float)i / 4;
	for (int i = 0; i < 12; i++)
		label[i] = (unsigned char)(i % 3);
	hid_t file = H5Fcreate("t.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), zip = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_chunk(zip, 3, (const hsize_t[]){ 1, 3, 4 });
	H5Pset_shuffle(zip);
	H5Pset_deflate(zip, 4);
	dataset(file, "image", 3, (const hsize_t[]){ 2, 3, 4 }, H5T_IEEE_F32LE, image, zip);
	dataset(file, "label", 2, (const hsize_t[]){ 3, 4 }, H5T_STD_U8LE, label, H5P_DEFAULT);
	dataset(file, "big", 2, (const hsize_t[]){ 2, 3 }, H5T_STD_I16BE, flat, H5P_DEFAULT);
	dataset(file, "four", 4, (const hsize_t[]){ 2, 1, 3, 4 }, H5T_NATIVE_FLOAT, image, H5P_DEFAULT);
	dataset(file, "one", 1, (const hsize_t[]){ 12 }, H5T_STD_U8LE, label, H5P_DEFAULT);
	dataset(file, "five", 5, (const hsize_t[]){ 1, 1, 1, 3, 4 }, H5T_STD_U8LE, label, H5P_DEFAULT);
	dataset(file, "hole", 3, (const hsize_t[]){ 4000, 4000, 4000 }, H5T_STD_U8LE, NULL, H5P_DEFAULT);
	hid_t text = H5Tcopy(H5T_C_S1);
	H5Tset_size(text, 1);
	dataset(file, "text", 2, (const hsize_t[]){ 3, 4 }, text, label, H5P_DEFAULT);
	hid_t beside = H5Pcreate(H5P_DATASET_CREATE), nbit = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_external(beside, "/etc/passwd", 0, 12);
	dataset(file, "beside", 2, (const hsize_t[]){ 3, 4 }, H5T_STD_U8LE, NULL, beside);
	H5Pset_chunk(nbit, 2, (const hsize_t[]){ 3, 4 });
	H5Pset_nbit(nbit);
	dataset(file, "nbit", 2, (const hsize_t[]){ 3, 4 }, H5T_STD_U8LE, label, nbit);
	H5Lcreate_external("/etc/passwd", "image", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_soft("/label", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
	H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	H5Pclose(zip);
	H5Pclose(beside);
	H5Pclose(nbit);
	H5Tclose(text);
	H5Fclose(file);

	struct volume v = { 0 };
	assert_int_equal(volume_read("t.h5", "image", &v, &e), 0);
	assert_true(v.t.dtype == PM_F32 && v.t.dim[0] == 1 && v.t.dim[1] == 2 && v.t.dim[2] == 3 && v.t.dim[3] == 4);
	assert_memory_equal(v.t.data, image, sizeof(image));
	assert_true(v.geo.dims == 3 && !strcmp(v.geo.units, "vox"));
	assert_int_equal(volume_read("t.h5", "label", &v, &e), 0);
	assert_true(v.t.dtype == PM_U8 && v.t.dim[0] == 1 && v.t.dim[1] == 1 && v.geo.dims == 2);
	assert_memory_equal(v.t.data, label, sizeof(label));
	assert_int_equal(volume_read("t.h5", "big", &v, &e), 0);
	assert_memory_equal(v.t.data, flat, sizeof(flat));
	assert_int_equal(volume_read("t.h5", "four", &v, &e), 0);
	assert_true(v.t.dim[0] == 2 && v.t.dim[1] == 1);
	volume_fini(&v);
	refused("t.h5", "weight", "no array named 'weight'");
	refused("t.h5", "one", "1 dimensions");
	refused("t.h5", "five", "5 dimensions");
	refused("t.h5", "hole", "more than the file can hold");
	refused("t.h5", "text", "does not hold numbers");
	refused("t.h5", "beside", "another file");
	refused("t.h5", "nbit", "filter");
	refused("t.h5", "outside", "link");
	refused("t.h5", "soft", "link");
	refused("t.h5", "group", "not an array");
	assert_int_equal(truncate("t.h5", 1000), 0);
	refused("t.h5", "image", "truncated");
	unlink("t.h5");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(endings), cmocka_unit_test(no_images), cmocka_unit_test(hdf5) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
