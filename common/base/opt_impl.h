/* opt_impl.h: what the files of the option parser share. */
#ifndef PM_OPT_IMPL_H
#define PM_OPT_IMPL_H

#include "base/opt.h"

/* The options that every tool has. */
struct common {
	const char *help, *list;
	bool version, quiet, verbose, stats;
};
extern const struct opt common_opts[];

/*
 * The option that the first len bytes of name mean: the exact one, else the only one that begins so. NULL with e filled;
 * what names the kind of thing in the message ("option --", "dice: setting "). more: a second table, or NULL.
 */
const struct opt *opt_find(const struct opt *opts, const struct opt *more, const char *name, size_t len, const char *what, struct err *e);

/* "batch_size" as it is typed: "batch-size". name has room for PM_OPT_NAME bytes. */
enum { PM_OPT_NAME = 64 };
const char *opt_typed(const struct opt *o, char name[PM_OPT_NAME]);

const struct plugin *plugin_find(const struct kind *kind, const char *name, struct err *e);
const struct kind *kind_find(const struct tool *t, const char *name, struct err *e);

/* The command line with each @FILE replaced by the words of that file. */
char **words_expand(int argc, char **argv, int *n, struct err *e);

/* Remembers memory that lives as long as the process, so that a leak checker still finds it. Returns p. */
void *keep(void *p);

/* Print on stdout and end the process. */
_Noreturn void help_show(const struct tool *t, const char *what);
_Noreturn void help_list(const struct tool *t, const char *kind);
_Noreturn void help_version(const struct tool *t);

/* " [default 4; 1 to 64]", or "": to be freed. */
char *opt_notes(const struct opt *o);

/* mdoc.c: the generated parts of the manual page. */
void mdoc_print(const struct tool *t);

#endif
