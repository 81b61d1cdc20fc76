/* base.h: exit statuses, errors, memory and messages: what every file may use. */
#ifndef PM_BASE_H
#define PM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PM_VERSION "0.1.0"

enum status {
	PM_OK = 0,       /* done; also when the reader of our output left early */
	PM_FAIL = 1,     /* failed here: bad data, I/O, memory, NaN loss */
	PM_USAGE = 2,    /* unknown option, value out of range: nothing was read or written */
	PM_INPUT = 3,    /* the input stream is truncated, corrupt or was aborted upstream */
	PM_STOPPED = 75, /* stopped by a signal after a checkpoint: run again to resume */
};

#define PM_NORETURN __attribute__((noreturn))
#define PM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define PM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Loops that compute much for each number, also with the wider registers of AVX2, which fuse no products: the same bytes. */
#define PM_WIDE __attribute__((target_clones("avx2", "default")))

/* A function that kernels of the GPU call too. */
#ifdef __CUDACC__
#define PM_ANYWHERE static __host__ __device__ inline
#else
#define PM_ANYWHERE static inline
#endif

#ifdef __cplusplus
extern "C" { /* the kernels of the GPU use it too */
#endif

/* Why a reader of the outside world failed. Such code returns -1 and fills one; it never exits, so it can be fuzzed. */
struct err {
	char msg[512];
};

/* Writes the message and returns -1, so that a reader can say: return err_set(e, "..."). */
int err_set(struct err *e, const char *fmt, ...) PM_PRINTF(2, 3);

/* Puts "what: " before the message that is there. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PM_PRINTF(2, 3);

/* Set by opt_parse; the first word of every message. */
extern const char *pm_tool;

/* Prints "tool: message" as one line on stderr, runs the at_die routines (last registered first), exits with status. */
PM_NORETURN void die(enum status status, const char *fmt, ...) PM_PRINTF(2, 3);

/* Ends the process with the status after running the at_die routines with why == NULL (a quiet end, nothing is said). */
PM_NORETURN void quit(enum status status);

/* Registers what die() must undo: unfinished files, open output streams. why is NULL for quit(). */
void at_die(void (*undo)(void *arg, enum status status, const char *why), void *arg);
void at_die_cancel(void *arg);

/* Messages on stderr: a warning is always shown, a note unless -q, a detail only with -v. One line each, no newline in fmt. */
void warning(const char *fmt, ...) PM_PRINTF(1, 2);
void note(const char *fmt, ...) PM_PRINTF(1, 2);
void detail(const char *fmt, ...) PM_PRINTF(1, 2);
extern int pm_verbose; /* -1 quiet, 0, 1 verbose */

/* Memory that cannot fail: dies with the number of bytes asked for. xcalloc and xresize check n * size for overflow. */
void *xmalloc(size_t bytes);
void *xcalloc(size_t n, size_t size);
void *xresize(void *old, size_t n, size_t size);
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) PM_PRINTF(1, 2);

/* a * b * ... without overflow: returns false when the product of n factors does not fit or one is negative. */
bool product(const int64_t *factor, int n, int64_t *result);

/* Seconds of a clock that never jumps. */
double now(void);

/* Ends the text written to stdout: dies when it could not be written, ends quietly when its reader has gone away. */
void close_stdout(void);

/* How many threads this process may run at once (affinity mask and cgroup quota). */
int cpu_count(void);

#ifdef __cplusplus
}
#endif
#endif
