#include "io/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct outfile {
	char *path, *part; /* part is NULL when path is a pipe or a device, which is written as it is */
	int fd;
	FILE *fp;
};

static void finish(struct outfile *f)
{
	at_die_cancel(f);
	if (f->fp)
		fclose(f->fp);
	else
		close(f->fd);
	free(f->path);
	free(f->part);
	free(f);
}

static void remove_part(void *arg, enum status status, const char *why)
{
	struct outfile *f = arg;
	(void)status;
	(void)why;
	if (f->part)
		unlink(f->part);
}

/*
 * Opens and locks the unfinished file. What an earlier run left there when it was killed is taken over, what a living one
 * writes is not. Between open and lock that one may have renamed the file: then it is tried again.
 */
static int open_part(const char *part, struct err *e)
{
	for (;;) {
		struct stat here, there;
		int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return err_set(e, "%s: %s", part, strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
			close(fd);
			return err_set(e, "%s: another process is writing this file", part);
		}
		bool same = fstat(fd, &here) == 0 && stat(part, &there) == 0;
		if (same && here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
			if (ftruncate(fd, 0) == 0)
				return fd;
			err_set(e, "%s: %s", part, strerror(errno));
			close(fd);
			return -1;
		}
		close(fd);
	}
}

struct outfile *outfile_open(const char *path, struct err *e)
{
	struct stat st;
	bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	if (special && S_ISDIR(st.st_mode)) {
		err_set(e, "%s: this is a folder", path);
		return NULL;
	}
	char *part = special ? NULL : xprintf("%s.part", path);
	int fd = special ? open(path, O_WRONLY | O_CLOEXEC) : open_part(part, e);
	if (fd < 0) {
		if (special)
			err_set(e, "%s: %s", path, strerror(errno));
		free(part);
		return NULL;
	}
	struct outfile *f = xcalloc(1, sizeof *f);
	f->path = xstrdup(path);
	f->part = part;
	f->fd = fd;
	at_die(remove_part, f);
	return f;
}

int outfile_fd(struct outfile *f)
{
	return f->fd;
}

FILE *outfile_stream(struct outfile *f)
{
	if (!f->fp && !(f->fp = fdopen(f->fd, "wb")))
		die(PM_FAIL, "%s: %s", f->path, strerror(errno));
	return f->fp;
}

const char *outfile_part(struct outfile *f)
{
	return f->part ? f->part : f->path;
}

/* The new name is on the disk only when the folder is. */
static int sync_folder(const char *path)
{
	char *folder = xstrdup(path), *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	if (rc && (errno == EINVAL || errno == EACCES)) /* a file system that cannot, or a folder that may not be read */
		rc = 0;
	if (fd >= 0)
		close(fd);
	free(folder);
	return rc;
}

int outfile_close(struct outfile *f, struct err *e)
{
	bool ok = (!f->fp || (fflush(f->fp) == 0 && !ferror(f->fp)))
		&& (!f->part || (fsync(f->fd) == 0 && rename(f->part, f->path) == 0 && sync_folder(f->path) == 0));
	if (!ok) {
		err_set(e, "%s: cannot finish the file: %s", f->path, strerror(errno));
		outfile_discard(f);
		return -1;
	}
	finish(f);
	return 0;
}

void outfile_discard(struct outfile *f)
{
	remove_part(f, PM_OK, NULL);
	finish(f);
}

int make_folder(const char *path, struct err *e)
{
	char *p = xstrdup(path);
	int rc = 0;
	for (char *s = p + 1; rc == 0 && s[-1]; s++) {
		if (*s && *s != '/')
			continue;
		char c = *s;
		*s = 0;
		struct stat st;
		if (mkdir(p, 0777) && !(errno == EEXIST && stat(p, &st) == 0 && S_ISDIR(st.st_mode)))
			rc = err_set(e, "%s: cannot make this folder: %s", p, strerror(errno));
		*s = c;
		if (!c)
			break;
	}
	free(p);
	return rc;
}
