/* base.c: errors, messages, memory and the clock. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/progress.h"

const char *pm_tool = "pymic";
int pm_verbose;

enum { AT_DIE_MAX = 64, LINE = 2048 };

static struct {
	void (*undo)(void *arg, enum status status, const char *why);
	void *arg;
} at_die_list[AT_DIE_MAX];
static int at_die_count;
static pthread_mutex_t at_die_lock = PTHREAD_MUTEX_INITIALIZER;
static int dying; /* 0, 1: the at_die routines run */
static __thread bool dying_here;

int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char prefix[sizeof e->msg], msg[2 * sizeof e->msg + 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof prefix, fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof msg, "%s: %s", prefix, e->msg);
	msg[sizeof e->msg - 1] = '\0';
	strcpy(e->msg, msg);
	return -1;
}

/* Names from files may hold anything; a message stays one line and cannot steer the terminal. */
static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
}

/* One write per line, so that the lines of a pipeline's stages do not mix. */
static void say(const char *level, const char *text)
{
	char line[LINE + 128];
	int n = snprintf(line, sizeof line, "%s: %s%s", pm_tool, level, text);
	if (n >= (int)sizeof line - 1)
		n = sizeof line - 2;
	line[n] = '\0';
	clean(line);
	line[n++] = '\n';
	progress_clear();
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to complain */
}

#define SAY(level) do { \
	char text[LINE]; \
	va_list ap; \
	va_start(ap, fmt); \
	vsnprintf(text, sizeof text, fmt, ap); \
	va_end(ap); \
	say(level, text); \
} while (0)

void warning(const char *fmt, ...)
{
	SAY("warning: ");
}

void note(const char *fmt, ...)
{
	if (pm_verbose >= 0)
		SAY("");
}

void detail(const char *fmt, ...)
{
	if (pm_verbose >= 1)
		SAY("");
}

void at_die(void (*undo)(void *arg, enum status status, const char *why), void *arg)
{
	pthread_mutex_lock(&at_die_lock);
	if (at_die_count == AT_DIE_MAX) {
		pthread_mutex_unlock(&at_die_lock);
		die(PM_FAIL, "more than %d files open for writing", AT_DIE_MAX);
	}
	at_die_list[at_die_count].undo = undo;
	at_die_list[at_die_count++].arg = arg;
	pthread_mutex_unlock(&at_die_lock);
}

void at_die_cancel(void *arg)
{
	pthread_mutex_lock(&at_die_lock);
	int kept = 0;
	for (int i = 0; i < at_die_count; i++)
		if (at_die_list[i].arg != arg)
			at_die_list[kept++] = at_die_list[i];
	at_die_count = kept;
	pthread_mutex_unlock(&at_die_lock);
}

/*
 * The first thread that gets here ends the process; the others wait for that. Not exit(): other threads may still use
 * what its handlers destroy.
 */
static _Noreturn void end(enum status status, const char *why)
{
	if (__atomic_exchange_n(&dying, 1, __ATOMIC_SEQ_CST)) {
		if (dying_here)
			_exit(status); /* an at_die routine failed in turn */
		for (;;)
			pause();
	}
	dying_here = true;
	if (why)
		say("", why);
	for (;;) {
		pthread_mutex_lock(&at_die_lock);
		int i = --at_die_count;
		pthread_mutex_unlock(&at_die_lock);
		if (i < 0)
			break;
		at_die_list[i].undo(at_die_list[i].arg, status, why);
	}
	fflush(stdout);
	stats_print();
	_exit(status);
}

void die(enum status status, const char *fmt, ...)
{
	char text[LINE];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	clean(text);
	end(status, text);
}

void quit(enum status status)
{
	end(status, NULL);
}

void close_stdout(void)
{
	errno = 0;
	bool bad = ferror(stdout);
	if (fflush(stdout) || bad || close(STDOUT_FILENO)) {
		if (errno == EPIPE)
			quit(PM_OK);
		die(PM_FAIL, "standard output: %s", errno ? strerror(errno) : "write error");
	}
}

void *xmalloc(size_t bytes)
{
	void *p = malloc(bytes ? bytes : 1);
	if (!p)
		die(PM_FAIL, "out of memory (%zu bytes asked for)", bytes);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);
	if (!p)
		die(PM_FAIL, "out of memory (%zu times %zu bytes asked for)", n, size);
	return p;
}

void *xresize(void *old, size_t n, size_t size)
{
	size_t bytes;
	void *p = NULL;
	if (!__builtin_mul_overflow(n, size, &bytes))
		p = realloc(old, bytes ? bytes : 1);
	if (!p)
		die(PM_FAIL, "out of memory (%zu times %zu bytes asked for)", n, size);
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(xmalloc(n), s, n);
}

char *xprintf(const char *fmt, ...)
{
	char *s;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(PM_FAIL, "out of memory (for a line of text)");
	return s;
}

bool product(const int64_t *factor, int n, int64_t *result)
{
	int64_t p = 1;
	bool zero = false, over = false;
	for (int i = 0; i < n; i++) {
		if (factor[i] < 0)
			return false;
		zero |= factor[i] == 0;
		over |= __builtin_mul_overflow(p, factor[i], &p);
	}
	if (over && !zero)
		return false;
	*result = zero ? 0 : p;
	return true;
}

double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}
