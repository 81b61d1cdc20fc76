/*
 * meta.c: MetaImage, .mha and .mhd: lines "key = value", then the voxels, or in a file beside. What the keys mean is ITK's
 * reading of them: rows of TransformMatrix are the axes of the image, in mm to the patient's left, back and head.
 */
#include "io/raster.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct { const char *name; enum dtype t; } types[] = {
	{ "MET_UCHAR", PM_U8 }, { "MET_CHAR", PM_I8 }, { "MET_USHORT", PM_U16 }, { "MET_SHORT", PM_I16 }, { "MET_UINT", PM_U32 },
	{ "MET_INT", PM_I32 }, { "MET_ULONG", PM_U32 }, { "MET_LONG", PM_I32 }, { "MET_ULONG_LONG", PM_U64 },
	{ "MET_LONG_LONG", PM_I64 }, { "MET_FLOAT", PM_F32 }, { "MET_DOUBLE", PM_F64 },
};

/* What the header says. Numbers that are not there: count 0. */
struct meta_head {
	int64_t dims, channels, skip;
	int type; /* of the table, -1: none */
	bool image, ascii, packed, big;
	double size[4], spacing[4], matrix[16], offset[4];
	int sizes, spacings, matrices, offsets;
	char *file; /* in the header's text */
};

static int bad_value(const char *path, const char *key, const char *value, struct err *e)
{
	return err_set(e, "%s: '%s = %.40s' in the header is not understood", path, key, value);
}

static bool among(const char *key, const char *words)
{
	size_t n = strlen(key);
	for (const char *s = words; *s; s += strcspn(s, " "), s += *s == ' ')
		if (strcspn(s, " ") == n && !strncasecmp(s, key, n))
			return true;
	return false;
}

static int take_numbers(const char *value, double *v, int max, int *n)
{
	*n = numbers_of(value, "", v, max);
	return *n < 1 || *n > max ? -1 : 0;
}

/* One line. 0: understood or of no matter, -1: a value is not understood. */
static int take_line(struct meta_head *h, const char *key, char *value)
{
	bool yes = same_word(value, "true") || !strcmp(value, "1");
	if (among(key, "ObjectType"))
		h->image = same_word(value, "Image");
	else if (among(key, "NDims"))
		return whole_of(value, 2, 4, &h->dims);
	else if (among(key, "DimSize"))
		return take_numbers(value, h->size, 4, &h->sizes);
	else if (among(key, "ElementNumberOfChannels"))
		return whole_of(value, 1, 65536, &h->channels);
	else if (among(key, "BinaryData"))
		h->ascii = !yes;
	else if (among(key, "CompressedData"))
		h->packed = yes;
	else if (among(key, "BinaryDataByteOrderMSB ElementByteOrderMSB"))
		h->big = yes;
	else if (among(key, "HeaderSize"))
		return whole_of(value, -1, INT64_C(1) << 40, &h->skip);
	else if (among(key, "TransformMatrix Rotation Orientation"))
		return take_numbers(value, h->matrix, 16, &h->matrices);
	else if (among(key, "Offset Position Origin"))
		return take_numbers(value, h->offset, 4, &h->offsets);
	else if (among(key, "ElementSpacing") || (among(key, "ElementSize") && !h->spacings))
		return take_numbers(value, h->spacing, 4, &h->spacings);
	else if (among(key, "ElementType")) {
		h->type = -1;
		for (size_t i = 0; i < PM_COUNT(types); i++)
			if (same_word(value, types[i].name))
				h->type = (int)i;
		return h->type < 0 ? -1 : 0;
	} else if (among(key, "ElementDataFile"))
		h->file = value;
	return 0;
}

static int parse(struct header *text, const char *path, struct meta_head *h, struct err *e)
{
	*h = (struct meta_head){ .channels = 1, .type = -1, .image = true };
	char *line, *value;
	for (bool first = true; !h->file && (line = header_line(text)); first = false) {
		char *key = line;
		if (!(value = strchr(key, '='))) {
			if (first)
				return err_set(e, "%s: not a MetaImage file", path);
			continue;
		}
		*value++ = '\0';
		key = trimmed(key);
		value = trimmed(value);
		if (take_line(h, key, value) != 0)
			return bad_value(path, key, value, e);
	}
	if (!h->file || !h->dims)
		return err_set(e, "%s: not a MetaImage file, or its header is truncated: ElementDataFile or NDims is missing", path);
	if (!h->image)
		return err_set(e, "%s: its ObjectType is not Image", path);
	if (h->sizes != h->dims || h->type < 0)
		return err_set(e, "%s: DimSize or ElementType is missing from the header", path);
	int64_t d = h->dims;
	if ((h->spacings && h->spacings != d) || (h->matrices && h->matrices != d * d) || (h->offsets && h->offsets != d))
		return err_set(e, "%s: ElementSpacing, TransformMatrix or Offset has not the numbers that NDims = %d needs", path, (int)d);
	return 0;
}

static int find_shape(const struct meta_head *h, const char *path, struct raster *r, struct err *e)
{
	int64_t n[4] = { 1, 1, 1, 1 };
	for (int i = 0; i < h->dims; i++) {
		if (!(h->size[i] >= 1 && h->size[i] <= 1e9) || h->size[i] != floor(h->size[i]))
			return err_set(e, "%s: DimSize holds %g: corrupt header", path, h->size[i]);
		n[i] = (int64_t)h->size[i];
	}
	if (n[3] > 1 && h->channels > 1)
		return err_set(e, "%s: has a fourth axis and channels: one of them is read", path);
	r->interleaved = h->channels > 1;
	r->dim[0] = n[3] * h->channels;
	for (int i = 1; i < 4; i++)
		r->dim[i] = n[3 - i];
	return 0;
}

/* 0, or -1: there are no such axes. */
static int find_place(const struct meta_head *h, bool no_matrix, struct geometry *g)
{
	double axis[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }, origin[3] = { 0 };
	int d = (int)h->dims, n = d < 3 ? d : 3;
	geometry_plain(g, d == 2 ? 2 : 3);
	if (!h->spacings && !h->matrices && !h->offsets)
		return 0;
	for (int i = 0; i < n; i++) {
		double spacing = h->spacings ? fabs(h->spacing[i]) : 1;
		for (int k = 0; k < n; k++)
			axis[i][k] = (h->matrices && !no_matrix ? h->matrix[d * i + k] : i == k) * spacing;
		origin[i] = h->offsets ? h->offset[i] : 0;
	}
	return geometry_from_lps(g, axis, origin);
}

static int find_voxels(const struct meta_head *h, const struct header *text, const char *path, struct raster *r, struct err *e)
{
	r->dtype = types[h->type].t;
	r->encoding = h->ascii ? CODE_ASCII : h->packed ? CODE_DEFLATED : CODE_RAW;
	r->swap = h->big;
	r->bytes = h->skip;
	if (r->bytes < 0 && r->encoding != CODE_RAW)
		return err_set(e, "%s: HeaderSize = -1 is for voxels that are not compressed", path);
	if (same_word(h->file, "LOCAL")) {
		r->file = xstrdup(path);
		r->offset = (int64_t)text->at;
		r->bytes = r->bytes > 0 ? 0 : r->bytes; /* HeaderSize is for other files */
		return 0;
	}
	return raster_beside(r, path, h->file, ".mha", e);
}

static int meta_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct header *text = xmalloc(sizeof(*text));
	struct meta_head h;
	struct raster r = { 0 };
	int failed = header_read(text, path, e) || parse(text, path, &h, e) || find_shape(&h, path, &r, e) ||
		find_voxels(&h, text, path, &r, e);
	if (!failed && find_place(&h, false, &v->geo) != 0) {
		v->repaired = w->fix_affine && find_place(&h, true, &v->geo) == 0;
		if (!v->repaired)
			failed = err_set(e, "%s: TransformMatrix, Offset or ElementSpacing is singular or not finite: repair the header or see "
				"--fix-affine", path);
	}
	failed = failed || raster_read(&r, v, e);
	raster_fini(&r);
	free(text);
	return failed ? -1 : 0;
}

const struct format format_meta = {
	{ .name = "meta", .summary = ".mha .mhd: MetaImage, plain or compressed; its channels or its fourth axis are channels" },
	"mha mhd", meta_read, NULL, false,
};
