/* opt.c: the command line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt_impl.h"

int pm_argc;
char **pm_argv;
bool pm_stats;

const struct opt common_opts[] = {
	OPT_STRING(struct common, help, 'h', "WHAT", NULL,
		"show this help, or that of one plugin (--help=KIND:NAME), or the manual page's source (--help=mdoc)"),
	OPT_STRING(struct common, list, 0, "KIND", NULL, "list the plugins, all or those of one kind"),
	OPT_SWITCH(struct common, version, 0, "show version, commit and how it was compiled"),
	OPT_SWITCH(struct common, quiet, 'q', "no progress and no notes, only warnings and errors"),
	OPT_SWITCH(struct common, verbose, 'v', "say more"),
	OPT_SWITCH(struct common, stats, 0, "say at exit how long this stage worked and how long it waited"),
	OPT_END,
};

const char *opt_typed(const struct opt *o, char name[PM_OPT_NAME])
{
	size_t i = 0;
	for (; o->name[i] && i < PM_OPT_NAME - 1; i++)
		name[i] = o->name[i] == '_' ? '-' : o->name[i];
	name[i] = '\0';
	return name;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap neighbours) from a to b. */
static size_t edits(const char *a, const char *b)
{
	enum { MAX = 48 };
	size_t d[MAX + 1][MAX + 1], la = strlen(a), lb = strlen(b);
	if (la > MAX || lb > MAX)
		return MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++)
		for (size_t j = 1; j <= lb; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[la][lb];
}

const char *did_you_mean(const char *typed, const char *const *names)
{
	const char *best = NULL;
	size_t n = strlen(typed), least = 1 + (n > 3) + n / 5;
	for (; *names; names++) {
		size_t d = edits(typed, *names);
		if (n > 2 && !strncmp(typed, *names, n))
			d = 1;
		if (d < least || (d == least && !best)) {
			least = d;
			best = *names;
		}
	}
	return best;
}

const struct opt *opt_find(const struct opt *opts, const struct opt *more, const char *name, size_t len, const char *what, struct err *e)
{
	const struct opt *tables[] = {opts, more}, *found = NULL;
	const char *names[256];
	char typed[256][PM_OPT_NAME], want[PM_OPT_NAME];
	int n = 0, fits = 0;
	if (len >= sizeof want)
		return err_set(e, "unknown %s%.60s", what, name), NULL;
	for (size_t i = 0; i < len; i++)
		want[i] = name[i] == '_' ? '-' : name[i];
	want[len] = '\0';
	for (size_t t = 0; t < PM_COUNT(tables); t++)
		for (const struct opt *o = tables[t]; o && o->name && n < (int)PM_COUNT(typed) - 1; o++, n++) {
			names[n] = opt_typed(o, typed[n]);
			if (!strcmp(names[n], want))
				return o;
			if (!strncmp(names[n], want, len)) {
				found = o;
				fits++;
			}
		}
	names[n] = NULL;
	if (fits == 1 && len)
		return found;
	if (fits > 1 && len) {
		err_set(e, "%s%s may mean", what, want);
		for (int i = 0, k = 0; i < n; i++)
			if (!strncmp(names[i], want, len)) {
				size_t used = strlen(e->msg);
				snprintf(e->msg + used, sizeof e->msg - used, "%s%s", k++ ? ", " : " ", names[i]);
			}
		return NULL;
	}
	const char *near = did_you_mean(want, names);
	if (near)
		err_set(e, "unknown %s%s; did you mean %s%s?", what, want, !strncmp(what, "option", 6) ? "--" : "", near);
	else
		err_set(e, "unknown %s%s", what, want);
	return NULL;
}

struct parser {
	const struct tool *tool;
	void *conf;
	struct common common;
	bool help, list;
	int n, at;
	char **word;
};

static bool is_common(const struct opt *o)
{
	return o >= common_opts && o < common_opts + PM_COUNT(common_opts);
}

static _Noreturn void usage(const char *msg)
{
	die(PM_USAGE, "%s (--help shows the options)", msg);
}

/* value: what stands after "=" or behind a short option's letter, NULL: nothing does. */
static void take(struct parser *p, const struct opt *o, const char *value, bool short_form)
{
	struct err e;
	char name[PM_OPT_NAME];
	void *conf = is_common(o) ? (void *)&p->common : p->conf;
	opt_typed(o, name);
	if (is_common(o) && o->type == OPT_TEXT) { /* --help and --list: the value may be left out */
		*(o->off == offsetof(struct common, help) ? &p->help : &p->list) = true;
		if (!value)
			return;
	}
	if (!value && o->type == OPT_FLAG)
		value = "1";
	if (!value) {
		if (p->at == p->n) {
			if (short_form)
				err_set(&e, "option -%c needs a value", o->key);
			else
				err_set(&e, "option --%s needs a value", name);
			usage(e.msg);
		}
		value = p->word[p->at++];
	}
	if (opt_set(o, conf, value, &e)) {
		if (strstr(e.msg, value))
			die(PM_USAGE, "--%s: %s", name, e.msg);
		die(PM_USAGE, "--%s %s: %s", name, value, e.msg);
	}
}

static const struct opt *find_short(const struct tool *t, char key)
{
	for (const struct opt *o = t->opts; o && o->name; o++)
		if (o->key == key)
			return o;
	for (const struct opt *o = common_opts; o->name; o++)
		if (o->key == key)
			return o;
	return NULL;
}

static void take_short(struct parser *p, const char *letters)
{
	for (const char *s = letters; *s; s++) {
		const struct opt *o = find_short(p->tool, *s);
		if (!o) {
			struct err e;
			err_set(&e, "unknown option -%c", *s);
			usage(e.msg);
		}
		if (o->type == OPT_FLAG || is_common(o)) {
			take(p, o, NULL, true);
			continue;
		}
		take(p, o, s[1] ? s + 1 : NULL, true);
		return;
	}
}

static void take_long(struct parser *p, const char *text)
{
	struct err e;
	size_t len = strcspn(text, "=");
	const struct opt *o = opt_find(p->tool->opts, common_opts, text, len, "option --", &e);
	if (!o)
		usage(e.msg);
	take(p, o, text[len] ? text + len + 1 : NULL, false);
}

/* A closed 0, 1 or 2 would be reused by the next file that is opened; here its use fails instead. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		while (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			if (open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY) != fd)
				_exit(PM_FAIL);
}

int opt_parse(const struct tool *t, void *conf, int argc, char **argv, char ***operand)
{
	struct parser p = {.tool = t, .conf = conf};
	struct err e;
	int operands = 0;
	pm_tool = t->name;
	fill_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	opt_defaults(t->opts, conf);
	p.word = words_expand(argc, argv, &p.n, &e);
	if (!p.word)
		die(PM_USAGE, "%s", e.msg);
	pm_argc = p.n;
	pm_argv = p.word;
	char **out = keep(xcalloc(p.n + 1, sizeof *out));
	for (p.at = argc > 0; p.at < p.n;) {
		char *w = p.word[p.at++];
		if (!strcmp(w, "--"))
			break;
		if (w[0] != '-' || !w[1])
			out[operands++] = w;
		else if (w[1] == '-')
			take_long(&p, w + 2);
		else
			take_short(&p, w + 1);
	}
	while (p.at < p.n)
		out[operands++] = p.word[p.at++];
	pm_verbose = p.common.quiet ? -1 : p.common.verbose;
	pm_stats = p.common.stats;
	if (p.help)
		help_show(t, p.common.help);
	if (p.list)
		help_list(t, p.common.list);
	if (p.common.version)
		help_version(t);
	if (operand)
		*operand = out;
	return operands;
}
