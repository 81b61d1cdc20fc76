/* NIfTI files made byte by byte from the tables of the standard, and what may be wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "io/nifti.h"

static struct err e;

/* A file in the making: version 1 or 2, either byte order. */
struct file {
	unsigned char b[4096];
	size_t len;
	int version;
	bool big;
};

static void put(struct file *f, size_t at, const void *value, size_t n)
{
	const unsigned char *v = value;
	for (size_t i = 0; i < n; i++)
		f->b[at + i] = v[f->big ? n - 1 - i : i];
}

static void put_i16(struct file *f, size_t at, int v) { int16_t x = (int16_t)v; put(f, at, &x, 2); }
static void put_i32(struct file *f, size_t at, int v) { int32_t x = v; put(f, at, &x, 4); }
static void put_i64(struct file *f, size_t at, int64_t v) { put(f, at, &v, 8); }
static void put_f32(struct file *f, size_t at, double v) { float x = (float)v; put(f, at, &x, 4); }
static void put_f64(struct file *f, size_t at, double v) { put(f, at, &v, 8); }

/* Fields by their offsets in the two versions. */
enum place { DIM, TYPE, BITPIX, PIXDIM, OFFSET, SLOPE, INTER, UNITS, QFORM, SFORM, QUATERN, QOFFSET, SROW };

static void set(struct file *f, enum place name, int i, double v)
{
	static const size_t at1[] = { 40, 70, 72, 76, 108, 112, 116, 123, 252, 254, 256, 268, 280 };
	static const size_t at2[] = { 16, 12, 14, 104, 168, 176, 184, 500, 344, 348, 352, 376, 400 };
	size_t k = (size_t)i;
	if (f->version == 2) {
		if (name == TYPE || name == BITPIX)
			put_i16(f, at2[name], (int)v);
		else if (name == UNITS || name == QFORM || name == SFORM)
			put_i32(f, at2[name], (int)v);
		else if (name == DIM || name == OFFSET)
			put_i64(f, at2[name] + 8 * k, (int64_t)v);
		else
			put_f64(f, at2[name] + 8 * k, v);
	} else if (name == UNITS)
		f->b[at1[name]] = (unsigned char)v;
	else if (name == DIM || name == TYPE || name == BITPIX || name == QFORM || name == SFORM)
		put_i16(f, at1[name] + 2 * k, (int)v);
	else
		put_f32(f, at1[name] + 4 * k, v);
}

/* 2 x 3 x 2 (x, y, z) voxels of the type, holding 0, 1, 2, ... 11 */
static void make(struct file *f, int version, bool big, int code, int bytes)
{
	memset(f, 0, sizeof(*f));
	f->version = version;
	f->big = big;
	size_t head = version == 1 ? 348 : 540;
	put_i32(f, 0, (int)head);
	if (version == 1)
		memcpy(f->b + 344, "n+1", 4);
	else
		memcpy(f->b + 4, "n+2\0\r\n\032\n", 8);
	static const int dim[8] = { 3, 2, 3, 2, 1, 1, 1, 1 };
	for (int i = 0; i < 8; i++) {
		set(f, DIM, i, dim[i]);
		set(f, PIXDIM, i, i == 3 ? 4 : i == 0 ? 1 : 0.5);
	}
	set(f, TYPE, 0, code);
	set(f, BITPIX, 0, 8 * bytes);
	set(f, OFFSET, 0, (double)head + 4);
	f->len = head + 4 + 12 * (size_t)bytes;
	for (int i = 0; i < 12; i++) {
		size_t at = head + 4 + (size_t)(i * bytes);
		if (code == 16)
			put_f32(f, at, i);
		else if (code == 64)
			put_f64(f, at, i);
		else if (bytes == 1)
			f->b[at] = (unsigned char)i;
		else if (bytes == 2)
			put_i16(f, at, i);
		else if (bytes == 4)
			put_i32(f, at, i);
		else
			put_i64(f, at, i);
	}
}

static void save_bytes(const char *name, const void *bytes, size_t n)
{
	FILE *fp = fopen(name, "wb");
	assert_non_null(fp);
	assert_int_equal(fwrite(bytes, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
}

static int load(const struct file *f, struct volume *v)
{
	save_bytes("t.nii", f->b, f->len);
	int rc = volume_read("t.nii", "image", v, &e);
	unlink("t.nii");
	return rc;
}

static void refused(const struct file *f, const char *why)
{
	struct volume v = { 0 };
	strcpy(e.msg, "accepted");
	if (load(f, &v) != -1 || !strstr(e.msg, why) || strncmp(e.msg, "t.nii: ", 7))
		fail_msg("'%s' does not say '%s'", e.msg, why);
	volume_fini(&v);
}

static const struct { int code, bytes; enum dtype t; } types[] = {
	{ 2, 1, PM_U8 }, { 256, 1, PM_I8 }, { 4, 2, PM_I16 }, { 512, 2, PM_U16 }, { 8, 4, PM_I32 }, { 768, 4, PM_U32 },
	{ 1024, 8, PM_I64 }, { 1280, 8, PM_U64 }, { 16, 4, PM_F32 }, { 64, 8, PM_F64 },
};

static void every_type(void **state)
{
	(void)state;
	struct file f;
	struct volume v = { 0 };
	for (size_t k = 0; k < PM_COUNT(types) * 4; k++) {
		size_t i = k / 4;
		make(&f, 1 + k % 2, k / 2 % 2, types[i].code, types[i].bytes);
		if (load(&f, &v) != 0)
			fail_msg("%s", e.msg);
		assert_int_equal(v.t.dtype, types[i].t);
		assert_int_equal(v.t.rank, 4);
		assert_true(v.t.dim[0] == 1 && v.t.dim[1] == 2 && v.t.dim[2] == 3 && v.t.dim[3] == 2);
		for (int j = 0; j < 12; j++)
			assert_true(tensor_at(&v.t, j) == j);
		assert_true(v.geo.spacing[0] == 4 && v.geo.spacing[1] == 0.5 && v.geo.spacing[2] == 0.5);
		assert_int_equal(v.geo.dims, 3);
	}
	volume_fini(&v);
}

static void slopes(void **state)
{
	(void)state;
	static const struct { double slope, inter; bool scaled; } of[] = {
		{ 0, 5, false }, { NAN, 5, false }, { INFINITY, 5, false }, { 1, 0, false }, { 0.5, -2, true }, { 1, 3, true },
		{ -2, 0, true },
	};
	struct file f;
	struct volume v = { 0 };
	for (size_t i = 0; i < PM_COUNT(of); i++) {
		make(&f, 1 + i % 2, i % 3 == 0, 4, 2);
		set(&f, SLOPE, 0, of[i].slope);
		set(&f, INTER, 0, of[i].inter);
		assert_int_equal(load(&f, &v), 0);
		assert_int_equal(v.t.dtype, of[i].scaled ? PM_F32 : PM_I16);
		for (int j = 0; j < 12; j++)
			assert_true(tensor_at(&v.t, j) == (of[i].scaled ? j * of[i].slope + of[i].inter : j));
	}
	volume_fini(&v);
	make(&f, 1, false, 4, 2);
	set(&f, SLOPE, 0, 2);
	set(&f, INTER, 0, NAN);
	refused(&f, "scl_inter");
}

static void channels(void **state)
{
	(void)state;
	static const struct { int dim[8]; int64_t c, d; int dims; } of[] = {
		{ { 4, 2, 3, 1, 2 }, 2, 1, 3 }, { { 5, 2, 3, 1, 1, 2 }, 2, 1, 3 }, { { 2, 4, 3 }, 1, 1, 2 }, { { 3, 4, 3, 1 }, 1, 1, 3 },
		{ { 4, 2, 3, 2, 1 }, 1, 2, 3 }, { { 7, 2, 3, 2, 1, 1, 1, 1 }, 1, 2, 3 }, { { 1, 12 }, 1, 1, 3 },
		{ { 2, 4, 3, -9, 0, 7, 7, 7 }, 1, 1, 2 }, /* what lies behind dim[0] is not looked at */
	};
	struct file f;
	struct volume v = { 0 };
	for (size_t i = 0; i < PM_COUNT(of); i++) {
		make(&f, 1, false, 2, 1);
		for (int k = 0; k < 8; k++)
			set(&f, DIM, k, of[i].dim[k]);
		if (load(&f, &v) != 0)
			fail_msg("%zu: %s", i, e.msg);
		assert_true(v.t.dim[0] == of[i].c && v.t.dim[1] == of[i].d);
		assert_int_equal(tensor_count(&v.t), 12);
		assert_int_equal(v.geo.dims, of[i].dims);
	}
	volume_fini(&v);
}

/* One field at a time. */
static void bad_fields(void **state)
{
	(void)state;
	static const struct { enum place at; int i; double v; const char *why; } of[] = {
		{ DIM, 0, -1, "dim[0] is -1" }, { DIM, 0, 0, "dim[0] is 0" }, { DIM, 0, 8, "dim[0] is 8" }, { DIM, 0, 200, "dim[0] is 200" },
		{ DIM, 0, 32767, "dim[0] is 32767" }, { DIM, 1, 0, "dim[1] is 0" }, { DIM, 2, -5, "dim[2] is -5" },
		{ DIM, 1, 32767, "more than the file can hold" }, { DIM, 3, 1, "goes on behind the last voxel" },
		{ TYPE, 0, 0, "data type 0" }, { TYPE, 0, 1, "1-bit" }, { TYPE, 0, 128, "RGB" }, { TYPE, 0, 2304, "RGB" },
		{ TYPE, 0, 32, "complex" }, { TYPE, 0, 1536, "float" }, { TYPE, 0, 999, "data type 999" }, { TYPE, 0, 8, "bitpix" },
		{ BITPIX, 0, 8, "bitpix is 8" }, { OFFSET, 0, 0, "vox_offset is 0" }, { OFFSET, 0, -1, "vox_offset is -1" },
		{ OFFSET, 0, 351, "vox_offset is 351" }, { OFFSET, 0, 1e9, "truncated" },
	};
	struct file f;
	for (size_t i = 0; i < PM_COUNT(of); i++)
		for (int version = 1; version <= 2; version++) {
			make(&f, version, version == 2, 4, 2);
			set(&f, of[i].at, of[i].i, of[i].v);
			refused(&f, of[i].why);
		}
	static const double offset[] = { NAN, INFINITY, -INFINITY, 1e30, 352.5 };
	for (size_t i = 0; i < PM_COUNT(offset); i++) {
		make(&f, 1, false, 4, 2);
		set(&f, OFFSET, 0, offset[i]);
		refused(&f, "vox_offset");
	}
	make(&f, 1, false, 4, 2);
	for (int i = 0; i < 8; i++)
		set(&f, DIM, i, i ? 32767 : 7);
	refused(&f, "7 dimensions");
	set(&f, DIM, 0, 4);
	refused(&f, "more than the file can hold");
	make(&f, 2, false, 4, 2);
	for (int i = 1; i < 4; i++)
		set(&f, DIM, i, 0x1p40);
	refused(&f, "corrupt header"); /* the product does not fit 64 bits */
	set(&f, DIM, 2, 1);
	set(&f, DIM, 3, 1);
	refused(&f, "more than the file can hold");
}

static void bad_files(void **state)
{
	(void)state;
	struct file f;
	make(&f, 1, false, 4, 2);
	size_t whole = f.len;
	for (f.len = 0; f.len < whole; f.len++)
		refused(&f, f.len == 0 ? "empty" : "truncated");
	make(&f, 2, true, 4, 2);
	for (f.len = 348; f.len < 544 + 24; f.len++)
		refused(&f, "truncated");
	make(&f, 1, false, 4, 2);
	put_i32(&f, 0, 0);
	refused(&f, "not a NIfTI file");
	put_i32(&f, 0, 540); /* a NIfTI-1 file that says it is NIfTI-2 */
	f.len = 1000;
	refused(&f, "magic");
	make(&f, 1, false, 4, 2);
	f.b[347] = ' ';
	refused(&f, "no NIfTI magic");
	memset(f.b + 344, 0, 4);
	refused(&f, "Analyze");
	memcpy(f.b + 344, "ni1", 4);
	refused(&f, "rename it to .hdr");
	make(&f, 1, false, 4, 2);
	f.len++;
	refused(&f, "goes on behind");
}

static size_t zip(const void *from, size_t n, unsigned char *to, size_t cap)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)from;
	z.avail_in = (uInt)n;
	z.next_out = to;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return cap - z.avail_out;
}

static int load_zipped(const unsigned char *bytes, size_t n, struct volume *v)
{
	save_bytes("t.nii.gz", bytes, n);
	e.msg[0] = '\0';
	int rc = volume_read("t.nii.gz", "image", v, &e);
	unlink("t.nii.gz");
	return rc;
}

static void zipped(void **state)
{
	(void)state;
	struct file f;
	struct volume v = { 0 };
	unsigned char z[8192];
	make(&f, 1, false, 4, 2);
	size_t n = zip(f.b, f.len, z, sizeof(z));
	assert_int_equal(load_zipped(z, n, &v), 0);
	assert_true(tensor_at(&v.t, 11) == 11);
	for (size_t k = 1; k < n; k++) /* every truncation */
		assert_int_equal(load_zipped(z, k, &v), -1);
	for (size_t k = n - 8; k < n; k++) { /* every byte of the checksum and of the length */
		z[k] ^= 1;
		assert_int_equal(load_zipped(z, n, &v), -1);
		assert_non_null(strstr(e.msg, "corrupt"));
		z[k] ^= 1;
	}
	z[n] = 'x';
	assert_int_equal(load_zipped(z, n + 1, &v), -1);
	assert_non_null(strstr(e.msg, "garbage"));
	size_t half = zip(f.b, 100, z, sizeof(z)); /* two members are one file */
	n = half + zip(f.b + 100, f.len - 100, z + half, sizeof(z) - half);
	assert_int_equal(load_zipped(z, n, &v), 0);
	assert_true(tensor_at(&v.t, 11) == 11);
	assert_int_equal(load_zipped(z, half, &v), -1);
	assert_int_equal(load_zipped(f.b, f.len, &v), 0); /* plain, but named .gz */
	n = zip(f.b, f.len, z, sizeof(z));
	save_bytes("t.nii", z, n); /* zipped, but not named so */
	assert_int_equal(volume_read("t.nii", "image", &v, &e), 0);
	unlink("t.nii");
	volume_fini(&v);
}

/* 64 MiB of zeros behind a header that promises 24 bytes: it must stop where the header's promise ends. */
static void bomb(void **state)
{
	(void)state;
	struct file f;
	struct volume v = { 0 };
	enum { SIZE = 64 << 20 };
	unsigned char *zeros = xcalloc(SIZE, 1), *z = xmalloc(SIZE / 500);
	make(&f, 1, false, 4, 2);
	memcpy(zeros, f.b, f.len);
	size_t n = zip(zeros, SIZE, z, SIZE / 500);
	assert_int_equal(load_zipped(z, n, &v), -1);
	assert_non_null(strstr(e.msg, "goes on behind"));
	assert_true(v.cap <= 24);
	volume_fini(&v);
	for (int i = 1; i < 4; i++) /* and a header that promises what the file's size cannot justify */
		put_i16(&f, 40 + 2 * (size_t)i, 2000);
	n = zip(f.b, f.len, z, SIZE / 500);
	assert_int_equal(load_zipped(z, n, &v), -1);
	assert_non_null(strstr(e.msg, "more than the file can hold"));
	assert_true(v.cap == 0);
	volume_fini(&v);
	free(zeros);
	free(z);
}

static void pairs(void **state)
{
	(void)state;
	struct file f;
	struct volume v = { 0 };
	make(&f, 1, true, 4, 2);
	memcpy(f.b + 344, "ni1", 4);
	set(&f, OFFSET, 0, 0);
	save_bytes("p.hdr", f.b, 348);
	assert_int_equal(volume_read("p.hdr", "image", &v, &e), -1); /* no .img */
	assert_non_null(strstr(e.msg, "p.img: No such file"));
	save_bytes("p.img", f.b + 352, 24);
	assert_int_equal(volume_read("p.hdr", "image", &v, &e), 0);
	assert_true(tensor_at(&v.t, 7) == 7);
	assert_int_equal(volume_read("p.img", "image", &v, &e), 0);
	save_bytes("p.img", f.b + 352, 23);
	assert_int_equal(volume_read("p.img", "image", &v, &e), -1);
	assert_non_null(strstr(e.msg, "p.img"));
	unlink("p.hdr");
	unlink("p.img");
	volume_fini(&v);
}

static void is_affine(const struct file *f, const double want[12], const char *units)
{
	struct volume v = { 0 };
	if (load(f, &v) != 0)
		fail_msg("%s", e.msg);
	for (int i = 0; i < 12; i++)
		if (!(fabs(v.geo.affine[i] - want[i]) < 1e-6))
			fail_msg("affine[%d] is %g, expected %g", i, v.geo.affine[i], want[i]);
	assert_string_equal(v.geo.units, units);
	volume_fini(&v);
}

static void affines(void **state)
{
	(void)state;
	struct file f;
	const double pix[12] = { 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 4, 0 };
	const double sheared[12] = { 0.5, 0.1, 0, -10, 0, 0.5, 0, 20, 0, 0.3, -4, 30 };
	for (int version = 1; version <= 2; version++) {
		make(&f, version, version == 1, 4, 2);
		is_affine(&f, pix, "mm");
		set(&f, QFORM, 0, 1); /* a quarter turn about z: x goes to y; and the third axis mirrored */
		set(&f, QUATERN, 2, sqrt(0.5));
		set(&f, QOFFSET, 1, 7);
		is_affine(&f, (double[]){ 0, -0.5, 0, 0, 0.5, 0, 0, 7, 0, 0, 4, 0 }, "mm");
		set(&f, PIXDIM, 0, -1);
		is_affine(&f, (double[]){ 0, -0.5, 0, 0, 0.5, 0, 0, 7, 0, 0, -4, 0 }, "mm");
		set(&f, PIXDIM, 0, 0); /* qfac 0 means 1 */
		is_affine(&f, (double[]){ 0, -0.5, 0, 0, 0.5, 0, 0, 7, 0, 0, 4, 0 }, "mm");
		set(&f, QUATERN, 2, 3); /* longer than 1: half a turn */
		is_affine(&f, (double[]){ -0.5, 0, 0, 0, 0, -0.5, 0, 7, 0, 0, 4, 0 }, "mm");
		set(&f, SFORM, 0, 2); /* it goes before the qform */
		for (int i = 0; i < 12; i++)
			set(&f, SROW, i, sheared[i]);
		is_affine(&f, sheared, "mm");
		set(&f, SROW, 5, NAN);
		refused(&f, "sform holds NaN");
		set(&f, SROW, 5, 0);
		set(&f, SROW, 9, 0); /* the second column is along the first one now */
		refused(&f, "sform is singular");
		set(&f, SFORM, 0, 0);
		set(&f, QOFFSET, 0, INFINITY);
		refused(&f, "qform holds NaN");
		set(&f, QFORM, 0, 0);
		set(&f, UNITS, 0, 1);
		is_affine(&f, (double[]){ 500, 0, 0, 0, 0, 500, 0, 0, 0, 0, 4000, 0 }, "mm");
		set(&f, UNITS, 0, 3 | 8);
		is_affine(&f, (double[]){ 5e-4, 0, 0, 0, 0, 5e-4, 0, 0, 0, 0, 4e-3, 0 }, "mm");
		static const double odd[] = { 0, -0.5, NAN, INFINITY, 1e-30, 1e30 };
		for (size_t i = 0; i < PM_COUNT(odd); i++) { /* no size is a size of 1, a negative one is meant positive */
			make(&f, version, false, 4, 2);
			set(&f, PIXDIM, 1, odd[i]);
			is_affine(&f, (double[]){ odd[i] == -0.5 ? 0.5 : 1, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 4, 0 }, "mm");
		}
		make(&f, version, false, 4, 2);
		for (int i = 1; i < 4; i++)
			set(&f, PIXDIM, i, 1);
		is_affine(&f, (double[]){ 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0 }, "vox");
	}
}

/* What is written has the source's geometry, byte for byte, and its voxels. */
static void round_trip(void **state)
{
	(void)state;
	for (int version = 1; version <= 2; version++)
		for (int zip_it = 0; zip_it <= 1; zip_it++) {
			struct file f;
			struct volume v = { 0 }, again = { 0 };
			const char *name = zip_it ? "out.nii.gz" : "out.nii";
			make(&f, version, false, 4, 2);
			set(&f, QFORM, 0, 1);
			set(&f, SFORM, 0, 2);
			set(&f, UNITS, 0, 10);
			for (int i = 0; i < 12; i++)
				set(&f, SROW, i, (i % 5 == 0 ? 1 : 0.01) / 3 + i);
			for (int i = 0; i < 3; i++) {
				set(&f, QUATERN, i, 0.1 * i + 1e-3 / 3);
				set(&f, QOFFSET, i, -100.1 * i);
			}
			set(&f, PIXDIM, 0, -1);
			set(&f, PIXDIM, 4, 0.04);
			assert_int_equal(load(&f, &v), 0);
			assert_int_equal(volume_write(name, &v, &e), 0);
			assert_int_equal(volume_read(name, "image", &again, &e), 0);
			assert_memory_equal(v.t.data, again.t.data, 24);
			unsigned char got[600] = { 0 };
			gzFile z = gzopen(name, "rb"); /* reads plain files too */
			assert_true(gzread(z, got, 600) > 0);
			gzclose(z);
			if (version == 1) {
				assert_memory_equal(got + 76, f.b + 76, 32);    /* pixdim */
				assert_memory_equal(got + 252, f.b + 252, 76);  /* codes, quaternion, offsets, srow */
				assert_int_equal(got[123], 10);
				assert_memory_equal(got + 40, f.b + 40, 16);    /* dim */
			} else {
				assert_memory_equal(got + 104, f.b + 104, 64);
				assert_memory_equal(got + 344, f.b + 344, 152);
				assert_memory_equal(got + 500, f.b + 500, 4);
				assert_memory_equal(got + 16, f.b + 16, 64);
			}
			unlink(name);
			volume_fini(&v);
			volume_fini(&again);
		}
}

/* Once the grid was changed the old numbers must not be written: they would put the voxels elsewhere. */
static void moved_grid(void **state)
{
	(void)state;
	struct file f;
	struct volume v = { 0 }, again = { 0 };
	make(&f, 1, false, 4, 2);
	set(&f, QFORM, 0, 1);
	set(&f, QUATERN, 2, sqrt(0.5));
	assert_int_equal(load(&f, &v), 0);
	v.geo.spacing[2] = 1;
	v.geo.affine[4] = 1;
	v.geo.affine[3] = 5;
	assert_int_equal(volume_write("out.nii", &v, &e), 0);
	assert_int_equal(volume_read("out.nii", "image", &again, &e), 0);
	for (int i = 0; i < 16; i++)
		assert_true(fabs(again.geo.affine[i] - v.geo.affine[i]) < 1e-6);
	assert_true(again.geo.spacing[2] == 1 && again.geo.spacing[1] == 0.5);
	unlink("out.nii");
	assert_int_equal(volume_write("/nonexistent/out.nii", &v, &e), -1);
	assert_int_equal(volume_write("out.hdr", &v, &e), -1);
	volume_fini(&v);
	volume_fini(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type), cmocka_unit_test(slopes), cmocka_unit_test(channels), cmocka_unit_test(bad_fields),
		cmocka_unit_test(bad_files), cmocka_unit_test(zipped), cmocka_unit_test(bomb), cmocka_unit_test(pairs),
		cmocka_unit_test(affines), cmocka_unit_test(round_trip), cmocka_unit_test(moved_grid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
