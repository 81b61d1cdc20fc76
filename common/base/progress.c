/* progress.c: the progress line and --stats. */
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/opt.h"
#include "base/progress.h"

static struct {
	const char *unit;
	int64_t total, done;
	double start, shown;
	bool on, terminal, drawn;
} p;

static struct {
	double start, began, waited[2];
	int depth;
	bool printed;
} stats;
static pthread_t main_thread;

__attribute__((constructor)) static void start_clock(void)
{
	stats.start = now();
	main_thread = pthread_self();
}

void progress_start(const char *unit, int64_t total)
{
	p.unit = unit;
	p.total = total;
	p.done = 0;
	p.start = p.shown = now();
	p.on = pm_verbose >= 0;
	p.terminal = isatty(STDERR_FILENO);
	p.drawn = false;
}

void progress_clear(void)
{
	if (p.drawn) {
		p.drawn = false;
		if (write(STDERR_FILENO, "\r\033[K", 4) < 0)
			return;
	}
}

static void span_text(char *s, size_t size, double seconds)
{
	long t = seconds < 1e8 ? lround(seconds) : 100000000;
	if (t < 60)
		snprintf(s, size, "%ld s", t);
	else if (t < 3600)
		snprintf(s, size, "%ld min %02ld s", t / 60, t % 60);
	else
		snprintf(s, size, "%ld h %02ld min", t / 3600, t / 60 % 60);
}

static void show(const char *extra)
{
	char line[400], left[40], of[40] = "";
	double t = now() - p.start, rate = t > 0 ? p.done / t : 0;
	if (p.total >= 0)
		snprintf(of, sizeof of, " of %lld", (long long)p.total);
	int n = snprintf(line, sizeof line, "%lld%s %s, %.3g/s", (long long)p.done, of, p.unit, rate);
	if (p.total > p.done && rate > 0 && n < (int)sizeof line) {
		span_text(left, sizeof left, (p.total - p.done) / rate);
		n += snprintf(line + n, sizeof line - n, ", %s left", left);
	}
	if (*extra && n < (int)sizeof line)
		snprintf(line + n, sizeof line - n, ", %s", extra);
	if (!p.terminal) {
		note("%s", line);
		return;
	}
	/* Several stages may share the terminal: the last one that drew is seen. */
	fprintf(stderr, "\r\033[K%s: %.120s", pm_tool, line);
	p.drawn = true;
}

void progress_to(int64_t done, const char *fmt, ...)
{
	double t;
	p.done = done;
	if (!p.on || (t = now()) - p.shown < (p.terminal ? 0.2 : 30))
		return;
	char extra[160];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(extra, sizeof extra, fmt, ap);
	va_end(ap);
	p.shown = t;
	show(extra);
}

void progress_end(void)
{
	progress_clear();
	p.on = false;
}

/* Only the main thread's waits are counted: those of helpers overlap with work. */
void wait_begin(enum wait w)
{
	(void)w;
	if (!pm_stats || !pthread_equal(pthread_self(), main_thread))
		return;
	if (!stats.depth++)
		stats.began = now();
}

void wait_end(enum wait w)
{
	if (!pm_stats || !pthread_equal(pthread_self(), main_thread))
		return;
	if (stats.depth > 0 && !--stats.depth)
		stats.waited[w] += now() - stats.began;
}

void stats_print(void)
{
	if (!pm_stats || stats.printed)
		return;
	stats.printed = true;
	double all = now() - stats.start, in = stats.waited[WAIT_IN], out = stats.waited[WAIT_OUT];
	progress_clear();
	fprintf(stderr, "%s: worked %.3g s, waited %.3g s for input, %.3g s for output\n", pm_tool, fmax(0, all - in - out), in, out);
}

__attribute__((destructor)) static void stats_at_exit(void)
{
	progress_clear();
	stats_print();
}
