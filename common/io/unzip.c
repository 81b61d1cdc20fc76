/* unzip.c: a plain or gzipped file, read in bounded pieces; all that is wrong with a .gz is an error. */
#include "io/unzip.h"
#include "io/deflate.h"
#include "io/volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { IN_SIZE = 1 << 16 };

struct unzip {
	int fd;
	int64_t size; /* of the file */
	char *path;
	bool gz, member_done, eof;
	z_stream z;
	unsigned char in[IN_SIZE];
};

/* More compressed bytes; 0 at the end of the file. */
static int fill(struct unzip *u, struct err *e)
{
	ssize_t got;
	do
		got = read(u->fd, u->in, IN_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(e, "%s: %s", u->path, strerror(errno));
	u->z.next_in = u->in;
	u->z.avail_in = (uInt)got;
	u->eof = got == 0;
	return 0;
}

struct unzip *unzip_open_at(const char *path, int64_t offset, enum unzip_as as, struct err *e)
{
	int64_t size;
	int fd = volume_open(path, &size, e);
	if (fd < 0)
		return NULL;
	struct unzip *u = xcalloc(1, sizeof(*u));
	u->fd = fd;
	u->size = size - offset;
	u->path = xstrdup(path);
	bool failed;
	if (size == 0)
		failed = err_set(e, "%s: the file is empty", path);
	else if (offset < 0 || offset >= size || lseek(fd, offset, SEEK_SET) != offset)
		failed = err_set(e, "%s: ends before its first voxel: truncated", path);
	else
		failed = fill(u, e);
	bool packed = as == UNZIP_DEFLATED || (as == UNZIP_AUTO && u->z.avail_in >= 2 && u->in[0] == 0x1f && u->in[1] == 0x8b);
	if (!failed && packed && inflateInit2(&u->z, 15 + 32) != Z_OK) /* gzip or zlib */
		failed = err_set(e, "%s: no memory to inflate", path);
	u->gz = packed && !failed;
	if (failed) {
		unzip_close(u);
		return NULL;
	}
	return u;
}

struct unzip *unzip_open(const char *path, struct err *e)
{
	return unzip_open_at(path, 0, UNZIP_AUTO, e);
}

int unzip_skip(struct unzip *u, int64_t n, struct err *e)
{
	char waste[4096];
	while (n > 0) {
		int64_t got = unzip_read(u, waste, n < (int64_t)sizeof(waste) ? n : (int64_t)sizeof(waste), e);
		if (got < 0)
			return -1;
		if (got == 0)
			return err_set(e, "%s: ends before its first voxel: truncated", u->path);
		n -= got;
	}
	return 0;
}

int64_t unzip_justifies(const struct unzip *u)
{
	return u->gz ? u->size * DEFLATE_RATIO : u->size;
}

static int64_t read_plain(struct unzip *u, char *dst, int64_t n, struct err *e)
{
	int64_t done = u->z.avail_in < n ? u->z.avail_in : n;
	memcpy(dst, u->z.next_in, (size_t)done);
	u->z.next_in += done;
	u->z.avail_in -= (uInt)done;
	while (done < n) {
		ssize_t got = read(u->fd, dst + done, (size_t)(n - done < 1 << 30 ? n - done : 1 << 30));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, "%s: %s", u->path, strerror(errno));
		if (got == 0)
			break;
		done += got;
	}
	return done;
}

/* After a member: the end of the file, or another member (gzip files may be concatenated). 1, 0 at the end, -1. */
static int next_member(struct unzip *u, struct err *e)
{
	if (u->z.avail_in == 0 && fill(u, e) != 0)
		return -1;
	if (u->eof)
		return 0;
	if (u->z.next_in[0] != 0x1f)
		return err_set(e, "%s: garbage behind the end of the compressed data", u->path);
	inflateReset(&u->z);
	u->member_done = false;
	return 1;
}

static int64_t read_gz(struct unzip *u, char *dst, int64_t n, struct err *e)
{
	int64_t done = 0;
	while (done < n) {
		if (u->member_done) {
			int more = next_member(u, e);
			if (more <= 0)
				return more < 0 ? -1 : done;
		}
		if (u->z.avail_in == 0 && fill(u, e) != 0)
			return -1;
		if (u->eof)
			return err_set(e, "%s: the compressed data is truncated", u->path);
		uInt step = (uInt)(n - done < 1 << 30 ? n - done : 1 << 30);
		u->z.next_out = (Bytef *)dst + done;
		u->z.avail_out = step;
		int rc = inflate(&u->z, Z_NO_FLUSH);
		done += step - u->z.avail_out;
		if (rc == Z_STREAM_END)
			u->member_done = true;
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			return err_set(e, "%s: the compressed data is corrupt (%s)", u->path, u->z.msg ? u->z.msg : "inflate failed");
	}
	return done;
}

int64_t unzip_read(struct unzip *u, void *dst, int64_t n, struct err *e)
{
	return u->gz ? read_gz(u, dst, n, e) : read_plain(u, dst, n, e);
}

int unzip_end(struct unzip *u, struct err *e)
{
	char more;
	int64_t got = unzip_read(u, &more, 1, e); /* runs through the trailer: its checksum is tested here */
	if (got < 0)
		return -1;
	return got ? err_set(e, "%s: data goes on behind the last voxel that the header promises: corrupt", u->path) : 0;
}

void unzip_close(struct unzip *u)
{
	if (!u)
		return;
	if (u->gz)
		inflateEnd(&u->z);
	close(u->fd);
	free(u->path);
	free(u);
}
