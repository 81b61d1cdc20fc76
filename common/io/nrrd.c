/*
 * nrrd.c: NRRD (teem.sourceforge.net/nrrd/format.html), .nrrd and .nhdr: lines "field: value", a blank one, then the voxels,
 * or in a file beside. Axes come fastest first. A space that has no name is taken as left-posterior-superior, as ITK does.
 */
#include "io/raster.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct { const char *names; enum dtype t; } types[] = {
	{ "signed char|int8|int8_t", PM_I8 },
	{ "uchar|unsigned char|uint8|uint8_t", PM_U8 },
	{ "short|short int|signed short|signed short int|int16|int16_t", PM_I16 },
	{ "ushort|unsigned short|unsigned short int|uint16|uint16_t", PM_U16 },
	{ "int|signed int|int32|int32_t", PM_I32 },
	{ "uint|unsigned int|uint32|uint32_t", PM_U32 },
	{ "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t", PM_I64 },
	{ "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t", PM_U64 },
	{ "float", PM_F32 }, { "double", PM_F64 },
};
static const struct { const char *names; enum encoding as; } encodings[] = {
	{ "raw", CODE_RAW }, { "gzip|gz", CODE_DEFLATED }, { "txt|text|ascii", CODE_ASCII }, { "hex", CODE_HEX },
};
/* Signs that make left-posterior-superior of a space's first two axes. */
static const struct { const char *names; double x, y; } spaces[] = {
	{ "left-posterior-superior|lps|left-posterior-superior-time|lpst", 1, 1 },
	{ "right-anterior-superior|ras|right-anterior-superior-time|rast", -1, -1 },
	{ "left-anterior-superior|las|left-anterior-superior-time|last", 1, -1 },
};

struct nrrd_head {
	int64_t dims, lines, bytes; /* lines and bytes: to be skipped */
	enum dtype dtype;
	enum encoding encoding;
	bool typed, encoded, big, endian, directed, placed;
	double size[4], spacing[4], direction[4][3], origin[3], x, y;
	int sizes, spacings;
	bool in_space[4]; /* axes that are directions, where there are any */
	bool channel[4];  /* axes that are of a kind that is none of space */
	char *file;       /* in the header's text */
};

/* Is the word one of a|b|c? */
static bool is_one(const char *word, const char *names)
{
	size_t n = strlen(word);
	for (const char *s = names; *s; s += strcspn(s, "|"), s += *s == '|')
		if (strcspn(s, "|") == n && !strncasecmp(s, word, n))
			return true;
	return false;
}

/* "(1,0,0)": numbers, or -1. */
static int vector(const char **s, double v[3])
{
	char part[128];
	const char *end = **s == '(' ? strchr(*s, ')') : NULL;
	if (!end || end - *s >= (long)sizeof(part))
		return -1;
	snprintf(part, sizeof(part), "%.*s", (int)(end - *s - 1), *s + 1);
	*s = end + 1;
	int n = numbers_of(part, ",", v, 3);
	return n == 2 || n == 3 ? n : -1;
}

/* "none (1,0,0) (0,1,0) (0,0,1)" */
static int take_directions(struct nrrd_head *h, const char *s)
{
	int axis = 0;
	for (s += strspn(s, " \t"); *s; s += strspn(s, " \t"), axis++) {
		if (axis == 4)
			return -1;
		if (!strncasecmp(s, "none", 4)) {
			s += 4;
			continue;
		}
		if (vector(&s, h->direction[axis]) < 2)
			return -1;
		h->in_space[axis] = h->directed = true;
	}
	return axis == h->dims ? 0 : -1;
}

static int take_kinds(struct nrrd_head *h, const char *s)
{
	int axis = 0;
	char word[32];
	for (s += strspn(s, " \t"); *s; s += strspn(s, " \t"), axis++) {
		size_t n = strcspn(s, " \t");
		snprintf(word, sizeof(word), "%.*s", (int)(n < 31 ? n : 31), s);
		if (axis == 4)
			return -1;
		h->channel[axis] = !is_one(word, "domain|space|none|???");
		s += n;
	}
	return axis == h->dims ? 0 : -1;
}

static int take_line(struct nrrd_head *h, const char *field, char *value)
{
	const char *s = value;
	int64_t world;
	if (is_one(field, "dimension"))
		return whole_of(value, 2, 4, &h->dims);
	if (is_one(field, "type")) {
		for (size_t i = 0; i < PM_COUNT(types) && !h->typed; i++) {
			h->typed = is_one(value, types[i].names);
			h->dtype = types[i].t;
		}
		return h->typed ? 0 : -1;
	}
	if (is_one(field, "encoding")) {
		for (size_t i = 0; i < PM_COUNT(encodings) && !h->encoded; i++) {
			h->encoded = is_one(value, encodings[i].names);
			h->encoding = encodings[i].as;
		}
		return h->encoded ? 0 : -1;
	}
	if (is_one(field, "endian")) {
		h->endian = true;
		h->big = same_word(value, "big");
		return h->big || same_word(value, "little") ? 0 : -1;
	}
	if (is_one(field, "space")) {
		for (size_t i = 0; i < PM_COUNT(spaces); i++)
			if (is_one(value, spaces[i].names)) {
				h->x = spaces[i].x;
				h->y = spaces[i].y;
			}
		return 0;
	}
	if (is_one(field, "sizes"))
		return (h->sizes = numbers_of(value, "", h->size, 4)) == h->dims ? 0 : -1;
	if (is_one(field, "spacings"))
		return (h->spacings = numbers_of(value, "", h->spacing, 4)) == h->dims ? 0 : -1;
	if (is_one(field, "space directions"))
		return take_directions(h, value);
	if (is_one(field, "space dimension"))
		return whole_of(value, 2, 3, &world);
	if (is_one(field, "space origin")) {
		h->placed = true;
		return vector(&s, h->origin) < 2 ? -1 : 0;
	}
	if (is_one(field, "kinds"))
		return take_kinds(h, value);
	if (is_one(field, "line skip|lineskip"))
		return whole_of(value, 0, 1 << 20, &h->lines);
	if (is_one(field, "byte skip|byteskip"))
		return whole_of(value, -1, INT64_C(1) << 40, &h->bytes);
	if (is_one(field, "data file|datafile"))
		h->file = value;
	return 0;
}

static int parse(struct header *text, const char *path, struct nrrd_head *h, struct err *e)
{
	*h = (struct nrrd_head){ .x = 1, .y = 1 };
	char *line = header_line(text), *value;
	if (!line || strncmp(line, "NRRD000", 7))
		return err_set(e, "%s: not a NRRD file", path);
	while ((line = header_line(text)) && *line) {
		if (*line == '#' || !(value = strchr(line, ':')) || value[1] == '=')
			continue; /* a comment, or a key with a value of the user's own */
		*value++ = '\0';
		value = trimmed(value);
		if (take_line(h, line, value) != 0)
			return err_set(e, "%s: '%s: %.60s' in the header is not %s", path, line, value, is_one(line, "type|encoding|dimension") ?
				"among what is read (numbers; raw, gzip, ascii or hex; 2 to 4 axes)" : "understood");
	}
	if (!line && !h->file)
		return err_set(e, "%s: no blank line ends the header: truncated", path);
	if (!h->dims || !h->sizes || !h->typed || !h->encoded)
		return err_set(e, "%s: dimension, sizes, type or encoding is missing from the header", path);
	if (h->bytes < 0 && h->encoding != CODE_RAW)
		return err_set(e, "%s: byte skip -1 is for voxels that are not compressed", path);
	if (!h->endian && dtype_size(h->dtype) > 1 && h->encoding != CODE_ASCII)
		return err_set(e, "%s: endian is missing from the header", path);
	return 0;
}

/* The axis of the channels: the one that is no direction, or of such a kind, or the fourth. -1: none. */
static int channel_axis(const struct nrrd_head *h, const char *path, struct err *e, int *channels)
{
	int n = 0;
	*channels = -1;
	for (int i = 0; i < h->dims; i++)
		if (h->directed ? !h->in_space[i] : h->channel[i]) {
			*channels = i;
			n++;
		}
	if (n == 0 && h->dims == 4) {
		*channels = 3;
		n = 1;
	}
	if (n > 1 || (n == 1 && *channels != 0 && *channels != h->dims - 1))
		return err_set(e, "%s: which axis are channels? The first or the last one alone may be no direction of space", path);
	return 0;
}

static int find_shape(const struct nrrd_head *h, int channels, const char *path, struct raster *r, struct err *e)
{
	int64_t n[4] = { 1, 1, 1, 1 };
	int axis = 0;
	r->dim[0] = 1;
	for (int i = 0; i < h->dims; i++) {
		if (!(h->size[i] >= 1 && h->size[i] <= 1e9) || h->size[i] != floor(h->size[i]))
			return err_set(e, "%s: sizes hold %g: corrupt header", path, h->size[i]);
		if (i == channels)
			r->dim[0] = (int64_t)h->size[i];
		else
			n[axis++] = (int64_t)h->size[i];
	}
	if (axis > 3)
		return err_set(e, "%s: has 4 axes in space: at most 3 and one of channels are read", path);
	for (int i = 1; i < 4; i++)
		r->dim[i] = n[3 - i];
	r->interleaved = channels == 0;
	return 0;
}

/* The third axis of a flat image in space stands on the others. */
static void stand(double axis[3][3])
{
	const double *a = axis[0], *b = axis[1];
	double c[3] = { a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0] };
	double length = sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]);
	for (int i = 0; i < 3; i++)
		axis[2][i] = c[i] / length;
}

/* What the header says of places. 0, or -1: these are no axes. */
static int find_place(const struct nrrd_head *h, int channels, bool undirected, struct geometry *g)
{
	double axis[3][3] = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }, origin[3] = { 0 }, spacing[3] = { 1, 1, 1 };
	int n = 0;
	geometry_plain(g, h->dims - (channels >= 0) == 2 ? 2 : 3);
	for (int i = 0; i < h->dims; i++) {
		if (i == channels)
			continue;
		const double *d = h->direction[i];
		if (h->directed) {
			axis[n][0] = d[0] * h->x;
			axis[n][1] = d[1] * h->y;
			axis[n][2] = d[2];
			spacing[2 - n] = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
		} else if (h->spacings && h->spacing[i] != 0 && isfinite(h->spacing[i]))
			spacing[2 - n] = fabs(h->spacing[i]);
		n++;
	}
	if (!h->directed || undirected) {
		for (int i = 0; i < 3; i++)
			if (!(spacing[i] > 0 && isfinite(spacing[i])))
				return -1;
		if (h->directed || h->spacings)
			geometry_spacing(g, spacing);
		return 0;
	}
	if (n == 2)
		stand(axis);
	if (h->placed) {
		origin[0] = h->origin[0] * h->x;
		origin[1] = h->origin[1] * h->y;
		origin[2] = h->origin[2];
	}
	return geometry_from_lps(g, (const double (*)[3])axis, origin);
}

static int find_voxels(const struct nrrd_head *h, const struct header *text, const char *path, struct raster *r, struct err *e)
{
	r->dtype = h->dtype;
	r->encoding = h->encoding;
	r->swap = h->big;
	r->lines = h->lines;
	r->bytes = h->bytes;
	if (!h->file) {
		r->file = xstrdup(path);
		r->offset = (int64_t)text->at;
		return 0;
	}
	return raster_beside(r, path, h->file, ".nrrd", e);
}

static int nrrd_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct header *text = xmalloc(sizeof(*text));
	struct nrrd_head h;
	struct raster r = { 0 };
	int channels;
	int failed = header_read(text, path, e) || parse(text, path, &h, e) || channel_axis(&h, path, e, &channels) ||
		find_shape(&h, channels, path, &r, e) || find_voxels(&h, text, path, &r, e);
	if (!failed && find_place(&h, channels, false, &v->geo) != 0) {
		v->repaired = w->fix_affine && find_place(&h, channels, true, &v->geo) == 0;
		if (!v->repaired)
			failed = err_set(e, "%s: space directions or space origin are singular or not finite: repair the header or see "
				"--fix-affine", path);
	}
	failed = failed || raster_read(&r, v, e);
	raster_fini(&r);
	free(text);
	return failed ? -1 : 0;
}

const struct format format_nrrd = {
	{ .name = "nrrd", .summary = ".nrrd .nhdr: raw, gzip, ascii or hex; the axis that is no direction of space are channels",
		.cite = "teem.sourceforge.net/nrrd/format.html" },
	"nrrd nhdr", nrrd_read, NULL, false,
};
