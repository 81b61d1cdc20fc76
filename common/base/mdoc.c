/* mdoc.c: the generated parts of the manual pages; the prose around them is in man/. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_impl.h"

/* Text with what roff would take for a request or an escape made harmless. */
static void put(const char *s)
{
	if (*s == '.' || *s == '\'')
		printf("\\&");
	for (; *s; s++)
		if (*s == '\\')
			printf("\\e");
		else if (*s == '-')
			printf("\\-");
		else
			putchar(*s);
}

/* A word behind a macro: no blank may split it, and it may not be a macro's name. */
static void put_word(const char *s)
{
	printf("\\&");
	for (; *s; s++)
		if (*s == ' ')
			printf("\\ ");
		else if (*s == '"')
			printf("\\(dq");
		else if (*s == '\\')
			printf("\\e");
		else
			printf(*s == '-' ? "\\-" : "%c", *s);
}

static void put_opts(const struct opt *opts, bool spec)
{
	char name[PM_OPT_NAME];
	for (const struct opt *o = opts; o && o->name; o++) {
		const char *arg = o->arg ? o->arg : o->type == OPT_FLAG ? NULL : "N";
		bool maybe = !spec && o >= common_opts && o < common_opts + 2;
		opt_typed(o, name);
		printf(".It %s", spec ? "Cm " : "Fl ");
		if (!spec && o->key)
			printf("%c , Fl ", o->key);
		if (!spec)
			printf("\\-");
		put_word(name);
		if (arg) {
			printf("%s", maybe ? " Ns Oo Ns = Ns Ar " : spec ? " Ns = Ns Ar " : " Ar ");
			put_word(arg);
			printf(maybe ? " Oc" : "");
		}
		printf("\n");
		char *notes = opt_notes(o), *text = xprintf("%s%s", o->help, notes);
		put(text);
		printf(".\n");
		free(notes);
		free(text);
	}
}

static void put_kind(const struct kind *k)
{
	printf(".Sh ");
	for (const char *s = k->name; *s; s++)
		putchar(toupper((unsigned char)*s));
	printf(" PLUGINS\n.Bl -tag -width Ds\n");
	for (const struct plugin *const *p = k->list; *p; p++) {
		printf(".It Ic ");
		put_word((*p)->name);
		printf("\n");
		put((*p)->summary);
		printf(".\n");
		if ((*p)->cite) {
			put((*p)->cite);
			printf(".\n");
		}
		if ((*p)->opts && (*p)->opts->name) {
			printf(".Bl -tag -width Ds -compact\n");
			put_opts((*p)->opts, true);
			printf(".El\n");
		}
	}
	printf(".El\n");
}

void mdoc_print(const struct tool *t)
{
	printf(".Dt ");
	for (const char *s = t->name; *s; s++)
		putchar(toupper((unsigned char)*s));
	printf(" 1\n.Os pymic %s\n.Sh NAME\n.Nm %s\n.Nd ", PM_VERSION, t->name);
	put(t->summary);
	printf("\n.Sh SYNOPSIS\n.Nm\n.Op Ar options\n");
	if (t->synopsis && *t->synopsis) {
		printf(".No ");
		put_word(t->synopsis);
		printf("\n");
	}
	printf(".Sh OPTIONS\n.Bl -tag -width Ds\n");
	put_opts(t->opts, false);
	put_opts(common_opts, false);
	printf(".It Ar @FILE\nThe words of FILE stand here: quotes as in sh, # begins a comment.\n.El\n");
	if (t->more && *t->more) {
		printf(".Bd -literal\n");
		for (const char *s = t->more; *s;) {
			size_t n = strcspn(s, "\n");
			char *line = xprintf("%.*s", (int)n, s);
			put(line);
			printf("\n");
			free(line);
			s += n + (s[n] == '\n');
		}
		printf(".Ed\n");
	}
	for (const struct kind *const *k = t->kinds; k && *k; k++)
		put_kind(*k);
}
