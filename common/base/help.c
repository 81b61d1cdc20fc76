/* help.c: --help, --list and --version, all from the tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_impl.h"

enum { WIDTH = 80, INDENT = 28 };

#ifdef __OPTIMIZE__
#define PM_OPTIMIZED "optimized"
#else
#define PM_OPTIMIZED "not optimized"
#endif
#ifdef __SANITIZE_ADDRESS__
#define PM_SANITIZED ", address sanitizer"
#else
#define PM_SANITIZED ""
#endif
#ifdef PM_REAL_DOUBLE
#define PM_REAL_NAME ", double precision"
#else
#define PM_REAL_NAME ""
#endif
#ifndef PM_FLAGS
#define PM_FLAGS ""
#endif

static _Noreturn void done(void)
{
	close_stdout();
	exit(PM_OK);
}

/* Prints text from column at on, wrapped at WIDTH and indented; returns with the line ended. */
static void wrapped(const char *text, int at, int indent)
{
	while (*text) {
		size_t n = strcspn(text, " ");
		if (at > indent && at + 1 + (int)n > WIDTH) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (at > indent)
			at += printf(" ");
		printf("%.*s", (int)n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void range_text(const struct opt *o, char *s, size_t size)
{
	bool number = o->type == OPT_INT || o->type == OPT_I64 || o->type == OPT_FLOAT || o->type == OPT_DOUBLE || o->type == OPT_NUMBERS;
	bool low = isfinite(o->lo) && o->lo > -1e18, high = isfinite(o->hi) && o->hi < 1e9;
	*s = '\0';
	if (!number || (o->lo == 0 && o->hi == 0))
		return;
	if (low && high)
		snprintf(s, size, "%.10g to %.10g", o->lo, o->hi);
	else if (low && o->lo != 0)
		snprintf(s, size, "at least %.10g", o->lo);
	else if (high)
		snprintf(s, size, "at most %.10g", o->hi);
}


char *opt_notes(const struct opt *o)
{
	char range[80];
	bool dflt = o->type != OPT_FLAG && o->dflt && *o->dflt;
	range_text(o, range, sizeof range);
	if (!dflt && !*range)
		return xstrdup("");
	return xprintf(" [%s%s%s%s]", dflt ? "default " : "", dflt ? o->dflt : "", dflt && *range ? "; " : "", range);
}

static void show_opts(const struct opt *opts, bool spec)
{
	char name[PM_OPT_NAME];
	for (const struct opt *o = opts; o && o->name; o++) {
		const char *arg = o->arg ? o->arg : o->type == OPT_FLAG ? NULL : "N";
		bool maybe = !spec && o >= common_opts && o < common_opts + 2;
		int at;
		opt_typed(o, name);
		if (spec)
			at = printf("      %s%s%s", name, arg ? "=" : "", arg ? arg : "");
		else if (o->key)
			at = printf("  -%c, --%s", o->key, name);
		else
			at = printf("      --%s", name);
		if (!spec && arg)
			at += printf(maybe ? "[=%s]" : " %s", arg);
		char *notes = opt_notes(o), *text = xprintf("%s%s", o->help, notes);
		if (at + 2 > INDENT) {
			printf("\n");
			at = 0;
		}
		printf("%*s", INDENT - at, "");
		wrapped(text, INDENT, INDENT);
		free(notes);
		free(text);
	}
}

static void show_tool(const struct tool *t)
{
	printf("Usage: %s [options]%s%s\n\n", t->name, t->synopsis && *t->synopsis ? " " : "", t->synopsis ? t->synopsis : "");
	wrapped(t->summary, 0, 0);
	printf("\nOptions:\n");
	show_opts(t->opts, false);
	if (t->opts && t->opts->name)
		printf("\n");
	show_opts(common_opts, false);
	printf("      @FILE                 the words of FILE stand here (quotes as in sh, # comments)\n");
	for (const struct kind *const *k = t->kinds; k && *k; k++) {
		printf("\n%s (--help=%s:NAME says more):\n", (*k)->name, (*k)->name);
		for (const struct plugin *const *p = (*k)->list; *p; p++) {
			int at = printf("  %s", (*p)->name);
			if (at + 2 > INDENT)
				at = printf("\n") - 1;
			printf("%*s", INDENT - at, "");
			wrapped((*p)->summary, INDENT, INDENT);
		}
	}
	if (t->more)
		printf("\n%s%s", t->more, t->more[0] && t->more[strlen(t->more) - 1] == '\n' ? "" : "\n");
}

static void show_plugin(const struct kind *k, const struct plugin *p)
{
	printf("%s %s:", k->name, p->name);
	wrapped(p->summary, (int)(strlen(k->name) + strlen(p->name) + 2), 2);
	if (p->opts && p->opts->name) {
		printf("\nSettings, as in %s:%s=...:\n", p->name, p->opts->name);
		show_opts(p->opts, true);
	}
	if (p->cite) {
		printf("\n");
		wrapped(p->cite, 0, 0);
	}
}

const struct kind *kind_find(const struct tool *t, const char *name, struct err *e)
{
	const char *names[32];
	int n = 0;
	for (; t->kinds && t->kinds[n] && n < (int)PM_COUNT(names) - 1; n++) {
		names[n] = t->kinds[n]->name;
		if (!strcmp(names[n], name))
			return t->kinds[n];
	}
	names[n] = NULL;
	const char *near = did_you_mean(name, names);
	if (near)
		err_set(e, "unknown kind '%s'; did you mean %s?", name, near);
	else if (n)
		err_set(e, "unknown kind '%s' (--list shows all)", name);
	else
		err_set(e, "unknown kind '%s': %s has no plugins", name, t->name);
	return NULL;
}

void help_show(const struct tool *t, const char *what)
{
	struct err e;
	if (!what)
		show_tool(t);
	else if (!strcmp(what, "mdoc"))
		mdoc_print(t);
	else {
		char *kind = xstrdup(what), *name = strchr(kind, ':');
		if (name)
			*name++ = '\0';
		const struct kind *k = kind_find(t, kind, &e);
		if (!k)
			die(PM_USAGE, "--help=%s: %s", what, e.msg);
		const struct plugin *p = name ? plugin_find(k, name, &e) : NULL;
		if (name && !p)
			die(PM_USAGE, "--help=%s: %s", what, e.msg);
		if (p)
			show_plugin(k, p);
		else
			for (const struct plugin *const *i = k->list; *i; i++) {
				show_plugin(k, *i);
				printf("%s", i[1] ? "\n" : "");
			}
		free(kind);
	}
	done();
}

/* Tab-separated, for scripts: [kind] name summary. */
void help_list(const struct tool *t, const char *kind)
{
	struct err e;
	const struct kind *only = NULL;
	if (kind && !(only = kind_find(t, kind, &e)))
		die(PM_USAGE, "--list=%s: %s", kind, e.msg);
	for (const struct kind *const *k = t->kinds; k && *k; k++)
		for (const struct plugin *const *p = (*k)->list; *p && (!only || *k == only); p++)
			printf("%s%s%s\t%s\n", only ? "" : (*k)->name, only ? "" : "\t", (*p)->name, (*p)->summary);
	done();
}

void help_version(const struct tool *t)
{
	printf("%s %s (commit %s)\n", t->name, PM_VERSION, PM_COMMIT);
	printf("compiled by %s, %s%s%s%s%s\n", __VERSION__[0] >= '0' && __VERSION__[0] <= '9' ? "gcc " __VERSION__ : __VERSION__,
		PM_OPTIMIZED, PM_SANITIZED, PM_REAL_NAME, *PM_FLAGS ? ": " : "", PM_FLAGS);
	done();
}
