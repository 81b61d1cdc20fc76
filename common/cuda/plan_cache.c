/* plan_cache.c: the file is small and seldom written: it is read whole, and written whole beside itself and renamed. */
#include "cuda/plan_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { LINES_MOST = 4096, LINE_MOST = 1024 };

struct line {
	char *key, *value; /* key is allocated, value lies in it */
};

static char *path; /* NULL: nothing is remembered */
static struct line line[LINES_MOST];
static int lines;

static void forget(void)
{
	while (lines)
		free(line[--lines].key);
}

/* The last line of a key counts. */
static void keep(const char *text, size_t length)
{
	const char *tab = memchr(text, '\t', length);
	char *copy;
	int i = 0;

	if (length >= LINE_MOST || !tab || tab == text || tab + 1 == text + length)
		return;
	for (size_t k = 0; k < length; k++)
		if (text + k != tab && (text[k] < ' ' || text[k] > '~'))
			return;
	copy = xmalloc(length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	copy[tab - text] = '\0';
	while (i < lines && strcmp(line[i].key, copy))
		i++;
	if (i == LINES_MOST) {
		free(copy);
		return;
	}
	if (i < lines)
		free(line[i].key);
	else
		lines++;
	line[i] = (struct line){ copy, copy + (tab - text) + 1 };
}

static void keep_all(const char *text, size_t length)
{
	const char *end;

	for (size_t at = 0; at < length; at = (size_t)(end - text) + 1) {
		end = memchr(text + at, '\n', length - at);
		if (!end) /* cut off */
			return;
		keep(text + at, (size_t)(end - text) - at);
	}
}

/* Adds the file's lines to those that are here. */
static void read_file(void)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not hold us up */
	struct stat st;
	size_t got = 0;
	ssize_t n = 0;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= LINES_MOST * LINE_MOST) {
		const size_t size = (size_t)st.st_size;
		char *text = xmalloc(size + 1);
		while (got < size && (n = read(fd, text + got, size - got)) > 0)
			got += (size_t)n;
		if (n >= 0)
			keep_all(text, got);
		free(text);
	}
	close(fd);
}

/* Makes the folders above a path, as many as there are to make. */
static void make_folders(char *p)
{
	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(p, 0700);
		*slash = '/';
	}
}

static bool write_lines(FILE *f)
{
	bool ok = true;

	for (int i = 0; i < lines; i++)
		ok &= fprintf(f, "%s\t%s\n", line[i].key, line[i].value) > 0;
	return ok;
}

static bool write_file(const char *part)
{
	FILE *f = fopen(part, "wxe");

	if (!f)
		return false;
	bool ok = write_lines(f);
	ok &= !fclose(f);
	ok = ok && !rename(part, path);
	if (!ok)
		unlink(part);
	return ok;
}

void plan_cache_open(const char *name)
{
	const char *named = getenv("PYMIC_CUDNN_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	free(path);
	path = NULL;
	forget();
	if (named)
		path = *named ? xstrdup(named) : NULL;
	else if (cache && *cache == '/')
		path = xprintf("%s/pymic/%s.tsv", cache, name);
	else if (home && *home == '/')
		path = xprintf("%s/.cache/pymic/%s.tsv", home, name);
	if (path)
		read_file();
}

const char *plan_cache_get(const char *key)
{
	for (int i = 0; i < lines; i++)
		if (!strcmp(line[i].key, key))
			return line[i].value;
	return NULL;
}

void plan_cache_put(const char *key, const char *value)
{
	struct stat st;
	char *text, *part;

	if (path)
		read_file(); /* another process may have added to it */
	text = xprintf("%s\t%s", key, value);
	keep(text, strlen(text));
	free(text);
	if (!path || (!stat(path, &st) && !S_ISREG(st.st_mode))) /* nothing is to take the place of /dev/null */
		return;
	make_folders(path);
	part = xprintf("%s.part.%ld", path, (long)getpid());
	unlink(part); /* of a process that was killed */
	if (!write_file(part))
		detail("%s: %s: convolutions will be timed again next time", path, strerror(errno));
	free(part);
}
