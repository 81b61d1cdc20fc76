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
#include <unistd.h>
#include <zip.h>

struct archive {
	zip_t *z;
	const char *path;
	int64_t size; /* of the file */
};

/* The member of a name; for an image an only one of any name. Its index, or -1. */
static int64_t find(zip_t *z, const char *array)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.npy", array);
	int64_t at = zip_name_locate(z, name, 0), n = zip_get_num_entries(z, 0);
	if (at >= 0 || strcmp(array, "image"))
		return at;
	for (int64_t i = 0; i < n; i++) {
		const char *s = zip_get_name(z, (zip_uint64_t)i, ZIP_FL_ENC_RAW), *end = s ? strrchr(s, '.') : NULL;
		if (!end || strcmp(end, ".npy") || !strcmp(s, "spacing.npy") || !strcmp(s, "affine.npy"))
			continue;
		if (at >= 0)
			return -1;
		at = i;
	}
	return at;
}

/* In pieces: libzip takes the size of one modulo 4 GB. */
static int64_t read_member(struct npy_source *s, void *to, int64_t n, struct err *e)
{
	int64_t done = 0, got = 1;
	for (; done < n && got > 0; done += got > 0 ? got : 0)
		got = zip_fread(s->from, (char *)to + done, (zip_uint64_t)(n - done < 1 << 30 ? n - done : 1 << 30));
	return got < 0 ? err_set(e, "%s: cannot be unpacked: %s", s->path, zip_file_strerror(s->from)) : done;
}

/* An array of the archive. 1, 0: there is none, -1 with e. */
static int take(const struct archive *a, const char *array, struct volume *v, struct err *e)
{
	zip_stat_t st;
	int64_t at = find(a->z, array);
	if (at < 0 || zip_stat_index(a->z, (zip_uint64_t)at, 0, &st) != 0)
		return 0;
	if (st.encryption_method != ZIP_EM_NONE || (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE))
		return err_set(e, "%s: %s is encrypted or packed by method %d: save it with numpy.savez", a->path, st.name, st.comp_method);
	char *name = xprintf("%s: %s", a->path, st.name), more;
	struct npy_source s = { .read = read_member, .from = zip_fopen_index(a->z, (zip_uint64_t)at, 0), .path = name,
		.left = (int64_t)st.size, .most = a->size * (st.comp_method == ZIP_CM_DEFLATE ? DEFLATE_RATIO : 1) };
	int64_t failed = s.from ? npy_take(&s, v, e) : err_set(e, "%s: cannot be unpacked: %s", name, zip_strerror(a->z));
	if (!failed && (failed = read_member(&s, &more, 1, e)) > 0) /* libzip tests the checksum at the end */
		err_set(e, "%s: data goes on behind the array: corrupt", name);
	if (s.from)
		zip_fclose(s.from);
	free(name);
	return failed ? -1 : 1;
}

/* Numbers that say where the voxels lie: an array of this name and size, or nothing; as take. */
static int take_numbers(const struct archive *a, const char *array, int n, double *to, struct err *e)
{
	struct volume v = { 0 };
	int got = take(a, array, &v, e);
	if (got > 0 && tensor_count(&v.t) != n)
		got = err_set(e, "%s: %s.npy has not %d numbers", a->path, array, n);
	for (int i = 0; i < n && got > 0; i++)
		to[i] = tensor_at(&v.t, i);
	volume_fini(&v);
	return got;
}

static int npz_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct archive a = { .path = path };
	double spacing[3], affine[16];
	int spaced = 0, placed = 0, fd = volume_open(path, &a.size, e);
	if (fd < 0)
		return -1;
	a.z = a.size ? zip_fdopen(fd, 0, NULL) : NULL;
	if (!a.z) {
		close(fd);
		return err_set(e, a.size ? "%s: not a zip archive of numpy arrays, or truncated" : "%s: the file is empty", path);
	}
	int got = take(&a, w->array, v, e);
	if (got == 0)
		err_set(e, "%s: has no array named '%s'", path, w->array);
	int failed = got <= 0 || (spaced = take_numbers(&a, "spacing", 3, spacing, e)) < 0 ||
		(placed = take_numbers(&a, "affine", 16, affine, e)) < 0 ? -1 : 0;
	if (!failed && geometry_take(&v->geo, spaced ? spacing : NULL, placed ? affine : NULL) != 0)
		failed = err_set(e, "%s: its spacing or affine is not usable", path);
	zip_discard(a.z);
	return failed;
}

/* --- writing --- */

/* Header and voxels stay where they are until the archive is closed. */
static int add_member(zip_t *z, const struct array *a, char head[NPY_HEAD])
{
	char name[64];
	size_t bytes;
	const struct tensor *t = &a->v->t;
	tensor_bytes(t, &bytes);
	npy_head(head, a->v);
	snprintf(name, sizeof(name), "%s.npy", a->name);
	zip_buffer_fragment_t part[] = { { (void *)head, NPY_HEAD }, { t->data, bytes } };
	zip_source_t *s = zip_source_buffer_fragment(z, part, 2, 0);
	zip_int64_t at = s ? zip_file_add(z, name, s, 0) : -1;
	return at < 0 || zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_DEFLATE, (zip_uint32_t)deflate_level(t->dtype)) ||
		zip_file_set_dostime(z, (zip_uint64_t)at, 0, 0x21, 0) ? -1 : 0; /* 1980-01-01: equal data, equal bytes */
}

/* In memory: libzip goes back in what it wrote, which a pipe does not allow, and would rename a file itself. */
static zip_source_t *pack(const char *path, const struct array *a, int n)
{
	char head[PM_MAX_FIELDS + 2][NPY_HEAD];
	struct geometry g = a->v->geo;
	struct volume spacing = { .t = { PM_F64, 4, { 1, 1, 1, 3 }, g.spacing }, .geo.dims = 2 };
	struct volume affine = { .t = { PM_F64, 4, { 1, 1, 4, 4 }, g.affine }, .geo.dims = 2 };
	zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z = archive ? zip_open_from_source(archive, ZIP_TRUNCATE, NULL) : NULL;
	bool failed = !z;
	for (int i = 0; i < n && !failed; i++)
		failed = add_member(z, &a[i], head[i]);
	if (!failed && !strcmp(g.units, "mm")) /* an unknown spacing is not written */
		failed = add_member(z, &(struct array){ "spacing", &spacing }, head[n]) ||
			add_member(z, &(struct array){ "affine", &affine }, head[n + 1]);
	if (!failed)
		zip_source_keep(archive);
	if (failed || zip_close(z) != 0)
		die(PM_FAIL, "%s: %s", path, z ? zip_strerror(z) : "out of memory");
	return archive;
}

static int npz_write(const char *path, const struct array *a, int n, struct err *e)
{
	char buf[1 << 16];
	size_t bytes;
	for (int i = 0; i < n; i++)
		if (a[i].v->t.rank != 4 || tensor_bytes(&a[i].v->t, &bytes) != 0)
			return err_set(e, "%s: only [C,D,H,W] can be written", path);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	zip_source_t *archive = pack(path, a, n);
	zip_int64_t got = zip_source_open(archive);
	while (got == 0 && (got = zip_source_read(archive, buf, sizeof(buf))) > 0)
		got = put_plain(outfile_stream(out), buf, (size_t)got);
	if (got != 0)
		err_set(e, "%s: %s", path, strerror(errno));
	zip_source_free(archive);
	if (got == 0)
		return outfile_close(out, e);
	outfile_discard(out);
	return -1;
}

const struct format format_npz = {
	{ .name = "npz", .summary = ".npz: arrays of numpy named image, label and weight, or an only one" }, "npz", npz_read, npz_write, true,
};
