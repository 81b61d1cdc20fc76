/* volume.c: the table of image formats, and what they share. */
#include "io/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const struct format *const formats[] = { &format_nifti, &format_png, &format_hdf5, NULL };

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

/* Says why a file of no known ending is refused; DICOM users get the command that helps. */
static int unknown_format(const char *path, struct err *e)
{
	char head[132] = "";
	struct stat st;
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	int fd = folder ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool dicom = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) && !memcmp(head + 128, "DICM", 4);
	if (fd >= 0)
		close(fd);
	if (dicom)
		return err_set(e, "%s: DICOM is not read: convert the series with 'dcm2niix FOLDER'", path);
	if (folder)
		return err_set(e, "%s: is a folder; an image file is needed (for DICOM, run 'dcm2niix FOLDER' first)", path);
	return err_set(e, "%s: unknown kind of image: the name must end in one of .nii.gz .nii .hdr .img .png .h5 .hdf5", path);
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

int volume_read(const char *path, const char *dataset, struct volume *v, struct err *e)
{
	const struct format *f = format_of(path);
	if (!f)
		return unknown_format(path, e);
	return f->read(path, dataset, v, e);
}

int volume_write(const char *path, const struct volume *v, struct err *e)
{
	const struct format *f = format_of(path);
	if (!f || !f->write)
		return err_set(e, "%s: images are written as .nii.gz, .nii or .png", path);
	return f->write(path, v, e);
}

void volume_fini(struct volume *v)
{
	free(v->t.data);
	memset(v, 0, sizeof(*v));
}
