/* volume.c: the table of image formats, and what they share. */
#include "io/volume.h"
#include "io/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT(name) extern const struct format format_##name;
#include "io/list.h"
#undef FORMAT

const struct format *const formats[] = {
#define FORMAT(name) &format_##name,
#include "io/list.h"
#undef FORMAT
	NULL,
};

static const struct plugin *const plugins[] = {
#define FORMAT(name) &format_##name.p,
#include "io/list.h"
#undef FORMAT
	NULL,
};

const struct kind format_kind = { "format", plugins };

size_t volume_ending(const char *path, const char *endings)
{
	size_t n = strlen(path), best = 0;
	for (const char *s = endings; *s;) {
		size_t len = strcspn(s, " ");
		if (n > len + 1 && len + 1 > best && path[n - len - 1] == '.' && path[n - len - 2] != '/' &&
			!strncasecmp(path + n - len, s, len))
			best = len + 1;
		s += len + strspn(s + len, " ");
	}
	return best;
}

const struct format *format_of(const char *path)
{
	for (int i = 0; formats[i]; i++)
		if (volume_ending(path, formats[i]->endings))
			return formats[i];
	return NULL;
}

size_t volume_stem(const char *path)
{
	const struct format *f = format_of(path);
	return strlen(path) - (f ? volume_ending(path, f->endings) : 0);
}

/* The endings of all formats, each with its dot; write: of those that are written. */
static const char *all_endings(bool write, char *out, size_t size)
{
	size_t n = 0;
	for (int i = 0; formats[i]; i++)
		for (const char *s = formats[i]->endings; *s && n < size && (!write || formats[i]->write);) {
			size_t len = strcspn(s, " ");
			n += (size_t)snprintf(out + n, size - n, " .%.*s", (int)len, s);
			s += len + strspn(s + len, " ");
		}
	return out + 1;
}

/* Says why a file of no known ending is refused; DICOM users get the command that helps. */
static int unknown_format(const char *path, struct err *e)
{
	char head[132] = "", list[256] = " ";
	struct stat st;
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	int fd = folder ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool dicom = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) && !memcmp(head + 128, "DICM", 4);
	if (fd >= 0)
		close(fd);
	const char *slash = strrchr(path, '/');
	int stem = slash ? (int)(slash - path) : 1; /* the series is the folder */
	if (dicom || (fd >= 0 && volume_ending(path, "dcm dicom ima")))
		return err_set(e, "%s: DICOM is not read: convert the series with: dcm2niix -z y -o . '%.*s'", path, stem ? stem : 1,
			slash ? path : ".");
	if (folder)
		return err_set(e, "%s: is a folder; an image file is needed (is it DICOM? Then run: dcm2niix -z y -o . '%s')", path, path);
	return err_set(e, "%s: unknown kind of image: the name must end in one of %s", path, all_endings(false, list, sizeof(list)));
}

int volume_open(const char *path, int64_t *size, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang */
	if (fd < 0)
		return err_set(e, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, "%s: not a regular file", path);
	}
	*size = st.st_size;
	return fd;
}

void *volume_slurp(const char *path, int64_t *size, struct err *e)
{
	int fd = volume_open(path, size, e);
	if (fd < 0)
		return NULL;
	char *data = NULL;
	int64_t done = 0;
	ssize_t got = 1;
	if (*size == 0)
		err_set(e, "%s: the file is empty", path);
	else
		data = xmalloc((size_t)*size);
	while (data && done < *size && got > 0) {
		got = read(fd, data + done, (size_t)(*size - done < 1 << 30 ? *size - done : 1 << 30));
		if (got < 0 && errno == EINTR)
			got = 1;
		else
			done += got > 0 ? got : 0;
	}
	if (data && done < *size) {
		err_set(e, "%s: %s", path, got < 0 ? strerror(errno) : "became shorter while it was read");
		free(data);
		data = NULL;
	}
	close(fd);
	return data;
}

int volume_reserve(struct volume *v, const char *path, enum dtype t, const int64_t dim[4], int64_t most, struct err *e)
{
	size_t bytes;
	struct tensor want = { t, 4, { dim[0], dim[1], dim[2], dim[3] }, NULL };
	for (int i = 0; i < 4; i++)
		if (dim[i] <= 0)
			return err_set(e, "%s: a dimension is %lld", path, (long long)dim[i]);
	if (tensor_bytes(&want, &bytes) != 0 || bytes > (size_t)INT64_MAX || (int64_t)bytes > most)
		return err_set(e, "%s: the header promises %lldx%lldx%lldx%lld voxels of %s, more than the file can hold: "
			"truncated or corrupt", path, (long long)dim[0], (long long)dim[1], (long long)dim[2],
			(long long)dim[3], dtype_name(t));
	if (bytes > v->cap) {
		free(v->t.data);
		v->t.data = xmalloc(bytes);
		v->cap = bytes;
	}
	want.data = v->t.data;
	v->t = want;
	return 0;
}

void to_planes(void *dst, const void *src, int64_t n, int64_t c, size_t size)
{
	const char *from = src;
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < c; k++, from += size)
			memcpy((char *)dst + (size_t)(k * n + i) * size, from, size);
}

int window_place(const struct window *w, const int64_t whole[3], int64_t from[3], const char *path, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int64_t room = w->size[i] ? whole[i] - w->size[i] : 0;
		if (room < 0)
			return err_set(e, "%s: is %lldx%lldx%lld, smaller than the %lldx%lldx%lld of --crop", path, (long long)whole[0],
				(long long)whole[1], (long long)whole[2], (long long)w->size[0], (long long)w->size[1], (long long)w->size[2]);
		from[i] = (int64_t)(w->at[i] * (double)(room + 1));
		from[i] = from[i] > room ? room : from[i];
	}
	return 0;
}

int volume_cut(struct volume *v, const struct window *w, const char *path, struct err *e)
{
	int64_t dim[4] = { v->t.dim[0] };
	struct volume cut = { .geo = v->geo };
	for (int i = 0; i < 3; i++)
		dim[i + 1] = w->size[i] ? w->size[i] : v->whole[i];
	if (volume_reserve(&cut, path, v->t.dtype, dim, INT64_MAX, e) != 0)
		return -1;
	size_t size = dtype_size(v->t.dtype), row = (size_t)dim[3] * size;
	char *to = cut.t.data;
	for (int64_t c = 0; c < dim[0]; c++)
		for (int64_t z = 0; z < dim[1]; z++)
			for (int64_t y = 0; y < dim[2]; y++, to += row)
				memcpy(to, (char *)v->t.data + (size_t)(((c * v->whole[0] + v->from[0] + z) * v->whole[1] + v->from[1] + y) *
					v->whole[2] + v->from[2]) * size, row);
	free(v->t.data);
	v->t = cut.t;
	v->cap = cut.cap;
	return 0;
}

void swap_bytes(void *data, int64_t n, size_t size)
{
	unsigned char *p = data;
	for (int64_t i = 0; i < n; i++, p += size)
		for (size_t k = 0; k < size / 2; k++) {
			unsigned char x = p[k];
			p[k] = p[size - 1 - k];
			p[size - 1 - k] = x;
		}
}

int volume_get(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	const struct format *f = format_of(path);
	memset(v->whole, 0, sizeof(v->whole));
	v->repaired = false;
	if (!f || f->read(path, w, v, e) != 0) {
		memset(v->whole, 0, sizeof(v->whole));
		return f ? -1 : unknown_format(path, e);
	}
	if (!v->whole[0]) {
		memcpy(v->whole, v->t.dim + 1, sizeof(v->whole));
		memset(v->from, 0, sizeof(v->from));
		if (w->window && (window_place(w->window, v->whole, v->from, path, e) != 0 || volume_cut(v, w->window, path, e) != 0))
			return -1;
	}
	return strcmp(v->geo.units, "vox") ? 0 : sidecar_read(path, &v->geo, e);
}

int volume_read(const char *path, const char *array, struct volume *v, struct err *e)
{
	return volume_get(path, &(struct wanted){ .array = array }, v, e);
}

int volume_write_all(const char *path, const struct array *a, int n, struct err *e)
{
	char list[256] = " ";
	const struct format *f = format_of(path);
	if (!f || !f->write)
		return err_set(e, "%s: images are written as one of %s", path, all_endings(true, list, sizeof(list)));
	return f->write(path, a, n, e);
}

int volume_write(const char *path, const struct volume *v, struct err *e)
{
	return volume_write_all(path, &(struct array){ "image", v }, 1, e);
}

void volume_fini(struct volume *v)
{
	free(v->t.data);
	memset(v, 0, sizeof(*v));
}
