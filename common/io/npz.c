/*
 * npz.c: several arrays of numpy in a zip archive, stored or deflated, as numpy.savez and savez_compressed write it. Arrays
 * image, label and weight as in HDF5; an only array is the image, whatever its name. Arrays spacing [3] and affine [4,4], which
 * pymic-save writes too, say where the voxels lie.
 */
#include "io/deflate.h"
#include "io/npy.h"
#include "io/outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ZIP_END = 22, ZIP_LOCAL = 30, ZIP_CENTRAL = 46, ZIP_END_MOST = ZIP_END + 65535, ZIP_DIRECTORY = 1 << 20, ZIP_NAME = 64 };

struct member {
	char name[ZIP_NAME]; /* without .npy */
	int method;
	uint32_t crc;
	int64_t packed, size, at; /* at: of the local header */
};

struct archive {
	const char *path;
	unsigned char *directory;
	int64_t bytes, size; /* of the directory, of the file */
};

/* n bytes from a place in the file. */
static int peek(const char *path, int64_t at, void *to, int64_t n, struct err *e)
{
	struct unzip *z = unzip_open_at(path, at, UNZIP_PLAIN, e);
	int64_t got = z ? unzip_read(z, to, n, e) : -1;
	unzip_close(z);
	return got < 0 ? -1 : got < n ? err_set(e, "%s: truncated", path) : 0;
}

static int broken(const char *path, struct err *e)
{
	return err_set(e, "%s: not a zip archive of numpy arrays, or truncated", path);
}

/* Where the directory lies, from the record at the end of the file (or the one of large archives before it). */
static int find_directory(const char *path, int64_t size, int64_t *at, int64_t *bytes, struct err *e)
{
	int64_t n = size < ZIP_END_MOST ? size : ZIP_END_MOST, i = n - ZIP_END;
	unsigned char *tail = xmalloc((size_t)n), large[56];
	int failed = peek(path, size - n, tail, n, e);
	while (!failed && i >= 0 && memcmp(tail + i, "PK\5\6", 4))
		i--;
	if (!failed && i < 0)
		failed = broken(path, e);
	if (!failed) {
		*bytes = (int64_t)little(tail + i + 12, 4);
		*at = (int64_t)little(tail + i + 16, 4);
		if (*at == UINT32_MAX || *bytes == UINT32_MAX) {
			int64_t where = i >= 20 && !memcmp(tail + i - 20, "PK\6\7", 4) ? (int64_t)little(tail + i - 12, 8) : -1;
			failed = where < 0 || where >= size || peek(path, where, large, sizeof(large), e) ? broken(path, e) : 0;
			*bytes = failed ? 0 : (int64_t)little(large + 40, 8);
			*at = failed ? 0 : (int64_t)little(large + 48, 8);
		}
	}
	free(tail);
	return failed;
}

static int archive_open(struct archive *a, const char *path, struct err *e)
{
	int64_t at = 0;
	struct unzip *z = unzip_open_at(path, 0, UNZIP_PLAIN, e);
	*a = (struct archive){ .path = path };
	if (!z)
		return -1;
	a->size = unzip_justifies(z);
	unzip_close(z);
	if (a->size < ZIP_END)
		return broken(path, e);
	if (find_directory(path, a->size, &at, &a->bytes, e) != 0)
		return -1;
	if (at < 0 || a->bytes < 0 || a->bytes > ZIP_DIRECTORY || at > a->size - a->bytes)
		return broken(path, e);
	a->directory = xmalloc((size_t)a->bytes + 1);
	return a->bytes ? peek(path, at, a->directory, a->bytes, e) : 0;
}

/* Sizes above 4 GiB are in an extra field. */
static void large_sizes(const unsigned char *extra, int64_t n, struct member *m)
{
	int64_t *const field[] = { &m->size, &m->packed, &m->at };
	for (int64_t at = 0; at + 4 <= n;) {
		int64_t len = (int64_t)little(extra + at + 2, 2), from = at + 4;
		if (little(extra + at, 2) == 1)
			for (size_t i = 0; i < PM_COUNT(field); i++)
				if (*field[i] == UINT32_MAX && from + 8 <= at + 4 + len && from + 8 <= n) {
					*field[i] = (int64_t)little(extra + from, 8);
					from += 8;
				}
		at += 4 + len;
	}
}

/* The entry at *at of the directory; steps on. 1, 0 at the end, -1: damaged. */
static int next_member(const struct archive *a, int64_t *at, struct member *m)
{
	const unsigned char *p = a->directory + *at;
	int64_t left = a->bytes - *at;
	if (left == 0)
		return 0;
	if (left < ZIP_CENTRAL || memcmp(p, "PK\1\2", 4))
		return -1;
	int64_t name = (int64_t)little(p + 28, 2), extra = (int64_t)little(p + 30, 2), note = (int64_t)little(p + 32, 2);
	if (left < ZIP_CENTRAL + name + extra + note)
		return -1;
	*m = (struct member){ .method = (int)little(p + 10, 2), .crc = (uint32_t)little(p + 16, 4), .packed = (int64_t)little(p + 20, 4),
		.size = (int64_t)little(p + 24, 4), .at = (int64_t)little(p + 42, 4) };
	large_sizes(p + ZIP_CENTRAL + name, extra, m);
	if (little(p + 8, 2) & 1)
		m->method = -1; /* encrypted */
	if (name > 4 && name - 4 < ZIP_NAME && !memcmp(p + ZIP_CENTRAL + name - 4, ".npy", 4))
		memcpy(m->name, p + ZIP_CENTRAL, (size_t)name - 4);
	*at += ZIP_CENTRAL + name + extra + note;
	return 1;
}

/* The member of a name; for an image an only one of any name. 1, 0: there is none, -1 with e. */
static int find(const struct archive *a, const char *name, struct member *m, struct err *e)
{
	struct member it, only = { .name = "" };
	int64_t at = 0;
	int arrays = 0, got;
	while ((got = next_member(a, &at, &it)) > 0) {
		if (!strcmp(it.name, name)) {
			*m = it;
			return 1;
		}
		if (it.name[0] && strcmp(it.name, "spacing") && strcmp(it.name, "affine")) {
			only = it;
			arrays++;
		}
	}
	*m = only;
	return got < 0 ? broken(a->path, e) : arrays == 1 && !strcmp(name, "image");
}

static int take_member(const struct archive *a, const struct member *m, struct volume *v, struct err *e)
{
	unsigned char local[ZIP_LOCAL];
	if (m->method != 0 && m->method != 8)
		return err_set(e, "%s: %s.npy is encrypted or packed by method %d: save it with numpy.savez", a->path, m->name, m->method);
	if (m->at < 0 || m->size < 0 || m->packed < 0 || m->at > a->size - ZIP_LOCAL || m->packed > a->size - ZIP_LOCAL ||
		peek(a->path, m->at, local, ZIP_LOCAL, e) != 0 || memcmp(local, "PK\3\4", 4))
		return broken(a->path, e);
	int64_t at = m->at + ZIP_LOCAL + (int64_t)little(local + 26, 2) + (int64_t)little(local + 28, 2);
	struct unzip *z = unzip_open_at(a->path, at, m->method ? UNZIP_BARE : UNZIP_PLAIN, e);
	if (!z)
		return -1;
	char *name = xprintf("%s: %s.npy", a->path, m->name);
	struct npy_source s = { .z = z, .path = name, .left = m->size, .most = unzip_justifies(z) };
	int failed = npy_take(&s, v, e);
	if (!failed && s.crc != m->crc)
		failed = err_set(e, "%s: its checksum is wrong: corrupt", name);
	free(name);
	unzip_close(z);
	return failed;
}

/* Numbers that say where the voxels lie: an array of this name and size, or nothing. 0, or -1 with e. */
static int take_numbers(const struct archive *a, const char *name, int n, double *to, bool *found, struct err *e)
{
	struct member m;
	struct volume v = { 0 };
	int got = find(a, name, &m, e);
	*found = got > 0;
	if (got <= 0)
		return got;
	int failed = take_member(a, &m, &v, e);
	if (!failed && tensor_count(&v.t) != n)
		failed = err_set(e, "%s: %s.npy has not %d numbers", a->path, name, n);
	for (int i = 0; i < n && !failed; i++)
		to[i] = tensor_at(&v.t, i);
	volume_fini(&v);
	return failed;
}

static int npz_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct archive a;
	struct member m;
	double spacing[3], affine[16];
	bool spaced = false, placed = false;
	int failed = archive_open(&a, path, e), got = failed ? -1 : find(&a, w->array, &m, e);
	if (got == 0)
		err_set(e, "%s: has no array named '%s'", path, w->array);
	failed = got <= 0 || take_member(&a, &m, v, e) || take_numbers(&a, "spacing", 3, spacing, &spaced, e) ||
		take_numbers(&a, "affine", 16, affine, &placed, e);
	if (!failed && geometry_take(&v->geo, spaced ? spacing : NULL, placed ? affine : NULL) != 0)
		failed = err_set(e, "%s: its spacing or affine is not usable", path);
	free(a.directory);
	return failed ? -1 : 0;
}

/* --- writing --- */

static void put_little(unsigned char *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

/* What the local header and the directory share, from "version needed" on. */
static void put_facts(unsigned char *p, const struct member *m, size_t name)
{
	put_little(p, 20, 2);
	put_little(p + 2, 8, 2); /* checksum and sizes follow the data */
	put_little(p + 4, 8, 2);
	put_little(p + 8, 0x21, 2); /* 1980-01-01: equal data, equal bytes */
	put_little(p + 10, m->crc, 4);
	put_little(p + 14, (uint64_t)m->packed, 4);
	put_little(p + 18, (uint64_t)m->size, 4);
	put_little(p + 22, name, 2);
}

static int put_member(FILE *fp, struct member *m, const void *head, const void *data, size_t bytes, int level)
{
	unsigned char local[ZIP_LOCAL] = "PK\3\4", after[16] = "PK\7\10";
	size_t name = strlen(m->name);
	put_facts(local + 4, &(struct member){ 0 }, name + 4);
	z_stream z = { 0 };
	if (put_plain(fp, local, sizeof(local)) || put_plain(fp, m->name, name) || put_plain(fp, ".npy", 4) ||
		deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	int failed = put_deflated(fp, &z, head, NPY_HEAD, false) || put_deflated(fp, &z, data, bytes, true);
	m->packed = (int64_t)z.total_out;
	m->size = (int64_t)bytes + NPY_HEAD;
	deflateEnd(&z);
	m->crc = (uint32_t)crc32(0, head, NPY_HEAD);
	for (size_t at = 0; at < bytes; at += 1 << 30)
		m->crc = (uint32_t)crc32(m->crc, (const Bytef *)data + at, (uInt)(bytes - at < 1 << 30 ? bytes - at : 1 << 30));
	put_little(after + 4, m->crc, 4);
	put_little(after + 8, (uint64_t)m->packed, 4);
	put_little(after + 12, (uint64_t)m->size, 4);
	return failed || put_plain(fp, after, sizeof(after)) ? -1 : 0;
}

static int put_directory(FILE *fp, const struct member *m, int n, int64_t at)
{
	int64_t bytes = 0;
	for (int i = 0; i < n; i++) {
		unsigned char entry[ZIP_CENTRAL] = "PK\1\2\24";
		size_t name = strlen(m[i].name);
		put_facts(entry + 6, &m[i], name + 4);
		put_little(entry + 42, (uint64_t)m[i].at, 4);
		if (put_plain(fp, entry, sizeof(entry)) || put_plain(fp, m[i].name, name) || put_plain(fp, ".npy", 4))
			return -1;
		bytes += ZIP_CENTRAL + (int64_t)name + 4;
	}
	unsigned char end[ZIP_END] = "PK\5\6";
	put_little(end + 8, (uint64_t)n, 2);
	put_little(end + 10, (uint64_t)n, 2);
	put_little(end + 12, (uint64_t)bytes, 4);
	put_little(end + 16, (uint64_t)at, 4);
	return put_plain(fp, end, sizeof(end));
}

static int put_all(FILE *fp, const struct array *a, int n)
{
	struct member m[PM_MAX_FIELDS + 2] = { 0 };
	char head[NPY_HEAD];
	int64_t dim[4], at = 0;
	const struct geometry *g = &a->v->geo;
	int failed = 0, members = strcmp(g->units, "mm") ? n : n + 2; /* an unknown spacing is not written */
	for (int i = 0; i < members && !failed; i++) {
		const void *data = i < n ? a[i].v->t.data : i == n ? g->spacing : g->affine;
		size_t bytes = i == n ? sizeof(g->spacing) : sizeof(g->affine);
		snprintf(m[i].name, ZIP_NAME, "%s", i < n ? a[i].name : i == n ? "spacing" : "affine");
		if (i < n) {
			tensor_bytes(&a[i].v->t, &bytes);
			npy_head(head, a[i].v->t.dtype, plain_shape(a[i].v, dim), dim);
		} else
			npy_head(head, PM_F64, 2, i == n ? (const int64_t[]){ 1, 3 } : (const int64_t[]){ 4, 4 });
		m[i].at = at;
		failed = put_member(fp, &m[i], head, data, bytes, i < n ? deflate_level(a[i].v->t.dtype) : 1);
		at += ZIP_LOCAL + (int64_t)strlen(m[i].name) + 4 + m[i].packed + 16;
	}
	return failed || put_directory(fp, m, members, at) ? -1 : 0;
}

static int npz_write(const char *path, const struct array *a, int n, struct err *e)
{
	size_t all = 0, bytes;
	for (int i = 0; i < n; i++) {
		if (a[i].v->t.rank != 4 || tensor_bytes(&a[i].v->t, &bytes) != 0)
			return err_set(e, "%s: only [C,D,H,W] can be written", path);
		all += bytes;
	}
	if (all > UINT32_MAX - (64 << 20))
		return err_set(e, "%s: more than 4 GB: choose h5, npy or nii.gz", path);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	if (put_all(outfile_stream(out), a, n) != 0) {
		err_set(e, "%s: %s", path, strerror(errno));
		outfile_discard(out);
		return -1;
	}
	return outfile_close(out, e);
}

const struct format format_npz = {
	{ .name = "npz", .summary = ".npz: arrays of numpy named image, label and weight, or an only one" }, "npz", npz_read, npz_write, true,
};
