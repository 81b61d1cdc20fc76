/* nifti_head.c: NIfTI-1 and NIfTI-2 headers, from bytes that may be anything. */
#include "io/nifti.h"

#include <math.h>
#include <string.h>

#include <nifti1.h>
#include <nifti2.h>

/* A field of either header as a number: [offset in NIfTI-1, type, offset in NIfTI-2, type]. */
#define FIELD(f) offsetof(struct nifti_1_header, f), offsetof(struct nifti_2_header, f)

struct cursor {
	const unsigned char *b;
	bool swap;
	int version;
};

static void take(const struct cursor *c, size_t off, void *dst, size_t n)
{
	unsigned char *to = dst;
	for (size_t i = 0; i < n; i++)
		to[i] = c->b[off + (c->swap ? n - 1 - i : i)];
}

/* Element i of an integer field: s1 bytes in version 1, s2 in version 2. */
static int64_t whole(const struct cursor *c, size_t at1, size_t at2, size_t s1, size_t s2, int i)
{
	size_t size = c->version == 1 ? s1 : s2, at = (c->version == 1 ? at1 : at2) + size * (size_t)i;
	int8_t i8;
	int16_t i16;
	int32_t i32;
	int64_t i64;
	switch (size) {
	case 1: take(c, at, &i8, 1); return i8;
	case 2: take(c, at, &i16, 2); return i16;
	case 4: take(c, at, &i32, 4); return i32;
	default: take(c, at, &i64, 8); return i64;
	}
}

/* Element i of a field that is a float in version 1 and a double in version 2. */
static double real_at(const struct cursor *c, size_t at1, size_t at2, int i)
{
	float f;
	double d;
	if (c->version == 2) {
		take(c, at2 + 8 * (size_t)i, &d, 8);
		return d;
	}
	take(c, at1 + 4 * (size_t)i, &f, 4);
	return (double)f;
}

const short nifti_code[PM_DTYPES] = {
	[PM_U8] = DT_UINT8, [PM_I8] = DT_INT8, [PM_U16] = DT_UINT16, [PM_I16] = DT_INT16, [PM_U32] = DT_UINT32,
	[PM_I32] = DT_INT32, [PM_U64] = DT_UINT64, [PM_I64] = DT_INT64, [PM_F32] = DT_FLOAT32, [PM_F64] = DT_FLOAT64,
};

static int find_type(int code, int bits, const char *path, enum dtype *t, struct err *e)
{
	for (int i = 0; i < PM_DTYPES; i++) {
		if (nifti_code[i] != code)
			continue;
		*t = (enum dtype)i;
		int want = 8 * (int)dtype_size(*t);
		if (bits != want)
			return err_set(e, "%s: bitpix is %d, but data type %d has %d bits: corrupt header", path, bits, code, want);
		return 0;
	}
	switch (code) {
	case DT_COMPLEX64: case DT_COMPLEX128: case DT_COMPLEX256:
		return err_set(e, "%s: complex voxels are not read: save the magnitude (fslcomplex -realabs)", path);
	case DT_RGB24: case DT_RGBA32:
		return err_set(e, "%s: RGB voxels are not read: save the channels as a 4-D file", path);
	case DT_FLOAT128:
		return err_set(e, "%s: 128-bit float voxels are not read: save as float32", path);
	case DT_BINARY:
		return err_set(e, "%s: 1-bit voxels are not read: save as uint8", path);
	}
	return err_set(e, "%s: unknown NIfTI data type %d: corrupt header", path, code);
}

static int read_dims(const struct cursor *c, struct nifti_head *h, const char *path, struct err *e)
{
	int64_t dim[8];
	for (int i = 0; i < 8; i++)
		dim[i] = whole(c, FIELD(dim), 2, 8, i);
	if (dim[0] < 1 || dim[0] > 7)
		return err_set(e, "%s: dim[0] is %lld, not 1 to 7: corrupt header", path, (long long)dim[0]);
	h->ndim = (int)dim[0];
	for (int i = 1; i < 8; i++) {
		if (i > h->ndim)
			dim[i] = 1;
		if (dim[i] < 1)
			return err_set(e, "%s: dim[%d] is %lld: corrupt header", path, i, (long long)dim[i]);
	}
	/* Vector images have their channels in dim[5], time series in dim[4]: one of them may be long. */
	if ((dim[4] > 1 && dim[5] > 1) || dim[6] > 1 || dim[7] > 1)
		return err_set(e, "%s: has %d dimensions: at most 3 in space and one of channels are read", path, h->ndim);
	h->dim[0] = dim[4] > 1 ? dim[4] : dim[5];
	for (int i = 1; i < 4; i++)
		h->dim[i] = dim[4 - i];
	int64_t n;
	if (!product(h->dim, 4, &n) || n > INT64_MAX / 8)
		return err_set(e, "%s: %lldx%lldx%lldx%lld voxels: corrupt header", path, (long long)h->dim[0],
			(long long)h->dim[1], (long long)h->dim[2], (long long)h->dim[3]);
	return 0;
}

static int read_offset(const struct cursor *c, struct nifti_head *h, const char *path, struct err *e)
{
	double off = c->version == 1 ? real_at(c, offsetof(struct nifti_1_header, vox_offset), 0, 0) :
		(double)whole(c, FIELD(vox_offset), 4, 8, 0);
	int least = h->pair ? 0 : c->version == 1 ? 352 : 544;
	if (!(off >= least && off < 0x1p53 && off == floor(off)))
		return err_set(e, "%s: vox_offset is %g, expected %d or more: corrupt header", path, off, least);
	h->vox_offset = (int64_t)off;
	return 0;
}

static int read_slope(const struct cursor *c, struct nifti_head *h, const char *path, struct err *e)
{
	h->slope = real_at(c, FIELD(scl_slope), 0);
	h->inter = real_at(c, FIELD(scl_inter), 0);
	h->scaled = h->slope != 0 && isfinite(h->slope) && !(h->slope == 1 && h->inter == 0);
	if (h->scaled && !isfinite(h->inter))
		return err_set(e, "%s: scl_slope is %g, but scl_inter is %g: corrupt header", path, h->slope, h->inter);
	return 0;
}

static void read_raw(const struct cursor *c, struct nifti_head *h)
{
	double *raw = h->raw;
	memset(raw, 0, sizeof(h->raw));
	raw[RAW_VERSION] = c->version;
	raw[RAW_QFORM] = (double)whole(c, FIELD(qform_code), 2, 4, 0);
	raw[RAW_SFORM] = (double)whole(c, FIELD(sform_code), 2, 4, 0);
	raw[RAW_UNITS] = (double)whole(c, FIELD(xyzt_units), 1, 4, 0);
	raw[RAW_NDIM] = h->ndim;
	for (int i = 0; i < 8; i++)
		raw[RAW_PIXDIM + i] = real_at(c, FIELD(pixdim), i);
	for (int i = 0; i < 3; i++) {
		raw[RAW_QUATERN + i] = real_at(c, FIELD(quatern_b), i);
		raw[RAW_QOFFSET + i] = real_at(c, FIELD(qoffset_x), i);
	}
	for (int i = 0; i < 12; i++)
		raw[RAW_SROW + i] = real_at(c, FIELD(srow_x), i);
}

int nifti_parse(const void *bytes, size_t len, const char *path, struct nifti_head *h, struct err *e)
{
	struct cursor c = { bytes, false, 1 };
	memset(h, 0, sizeof(*h));
	if (len < sizeof(struct nifti_1_header))
		return err_set(e, "%s: %zu bytes are too few for a NIfTI header: truncated", path, len);
	int32_t size, swapped;
	take(&c, 0, &size, 4);
	c.swap = true;
	take(&c, 0, &swapped, 4);
	c.swap = swapped == 348 || swapped == 540;
	if (c.swap)
		size = swapped;
	h->swap = c.swap;
	const char *magic = bytes;
	if (size == 348) {
		magic += offsetof(struct nifti_1_header, magic);
		h->pair = !memcmp(magic, "ni1", 4);
		if (!h->pair && memcmp(magic, "n+1", 4))
			return err_set(e, "%s: no NIfTI magic in the header (Analyze 7.5? convert it: mri_convert, fslchfiletype)", path);
	} else if (size == 540) {
		c.version = 2;
		if (len < sizeof(struct nifti_2_header))
			return err_set(e, "%s: %zu bytes are too few for a NIfTI-2 header: truncated", path, len);
		magic += offsetof(struct nifti_2_header, magic);
		h->pair = !memcmp(magic, "ni2\0\r\n\032\n", 8);
		if (!h->pair && memcmp(magic, "n+2\0\r\n\032\n", 8))
			return err_set(e, "%s: the NIfTI-2 magic is wrong: corrupt header", path);
	} else
		return err_set(e, "%s: not a NIfTI file (its header says %d bytes, not 348 or 540)", path, size);
	int code = (int)whole(&c, FIELD(datatype), 2, 2, 0), bits = (int)whole(&c, FIELD(bitpix), 2, 2, 0);
	if (find_type(code, bits, path, &h->dtype, e) || read_dims(&c, h, path, e) || read_offset(&c, h, path, e) || read_slope(&c, h, path, e))
		return -1;
	read_raw(&c, h);
	return 0;
}
