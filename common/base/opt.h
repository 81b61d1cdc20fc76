/*
 * opt.h: one table per tool (or plugin) feeds the parser, --help, --list and the manual page.
 * An option's type is the C type of the field it fills, its name is the field's name (_ becomes -), its default is a
 * string that is parsed as if it had been typed.
 */
#ifndef PM_OPT_H
#define PM_OPT_H

#include "base/base.h"

enum opt_type { OPT_FLAG, OPT_INT, OPT_I64, OPT_FLOAT, OPT_DOUBLE, OPT_TEXT, OPT_TEXTS, OPT_NUMBERS };

/* A list typed as "1,2,3" (in a spec: "1x2x3" or "1,2,3" when it stands last). "" is an empty list. */
struct numbers {
	int n;
	double v[32];
};

/* An option that may be given several times. */
struct texts {
	int n;
	const char *v[32];
};

struct opt {
	char key;          /* the short option, 0: none */
	enum opt_type type;
	size_t off;
	const char *name, *arg, *dflt, *help;
	double lo, hi;     /* range of a number, or of each number of a list */
	const char *choice; /* NULL, or the words allowed: "f32|bf16" */
};

#define OPT_TYPE(T, f) \
	_Generic(((T *)0)->f, bool: OPT_FLAG, int: OPT_INT, int64_t: OPT_I64, float: OPT_FLOAT, double: OPT_DOUBLE, \
		const char *: OPT_TEXT, struct texts: OPT_TEXTS, struct numbers: OPT_NUMBERS)
#define OPT_NUMBER(T, f, key, arg, dflt, lo, hi, help) \
	{ key, OPT_TYPE(T, f), offsetof(T, f), #f, arg, dflt, help, lo, hi, NULL }
#define OPT_STRING(T, f, key, arg, dflt, help) { key, OPT_TYPE(T, f), offsetof(T, f), #f, arg, dflt, help, 0, 0, NULL }
#define OPT_CHOICE(T, f, key, words, dflt, help) { key, OPT_TYPE(T, f), offsetof(T, f), #f, words, dflt, help, 0, 0, words }
#define OPT_SWITCH(T, f, key, help) { key, OPT_TYPE(T, f), offsetof(T, f), #f, NULL, "0", help, 0, 1, NULL }
#define OPT_END { .name = NULL }

/* What a network, loss, agent, transform and metric have in common; it is the first member of each. */
struct plugin {
	const char *name, *summary, *cite; /* cite: the paper, or NULL */
	const struct opt *opts;            /* ends with OPT_END; NULL: none */
	size_t conf_size;
};

/* A table of plugins: filled from list.h, walked by --list, --help=KIND:NAME, the manual page and the tests. */
struct kind {
	const char *name; /* "loss" */
	const struct plugin *const *list;
};

struct tool {
	const char *name, *summary;
	const char *synopsis;                   /* operands and the like, after "[options]" */
	const struct opt *opts;
	const struct kind *const *kinds;        /* NULL-terminated; NULL: none */
	const char *more;                       /* further text of --help, or NULL */
};

/*
 * Parses argv into conf (defaults first). Options may stand anywhere before "--"; unique prefixes do; @FILE is replaced
 * by the words of that file (quotes as in sh, # comments). Returns the operands in *operand (process lifetime) and how
 * many there are. Handles --help, --help=mdoc, --help=KIND:NAME, --list[=KIND], --version, -q, -v, --stats by itself.
 * Dies with PM_USAGE and a did-you-mean on anything it does not know.
 */
int opt_parse(const struct tool *t, void *conf, int argc, char **argv, char ***operand);

extern int pm_argc; /* the words of the command line after @FILE was expanded, for the history */
extern char **pm_argv;
extern bool pm_stats; /* --stats was given */

/* "name", "name:k=v:k=v" against one table; the settings (plugin's conf_size bytes, process lifetime) go to *conf. */
const struct plugin *spec_parse(const struct kind *kind, const char *spec, void **conf, struct err *e);

/* "a:k=v+b:w=2": calls one() for each part; a part's own key "weight", where the plugin has none, goes to *weight. */
struct spec {
	const struct plugin *plugin;
	void *conf;
	double weight;
};
int spec_sum_parse(const struct kind *kind, const char *text, struct spec *out, int max, struct err *e);

/* Parses one value as the option table says; used by spec_parse and by tests. */
int opt_set(const struct opt *o, void *conf, const char *value, struct err *e);
void opt_defaults(const struct opt *opts, void *conf);

/* The nearest name, for "did you mean"; NULL when nothing is near. names ends with NULL. */
const char *did_you_mean(const char *typed, const char *const *names);

/* The whole string, "." as decimal point whatever the locale; bytes with K, M, G, T (1024) behind. 0, or -1: no number. */
int parse_number(const char *s, double *v);
int parse_size(const char *s, int64_t *bytes);

#endif
