/* spec.c: "name:key=value:key=value" and sums of them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_impl.h"

struct weight {
	double weight;
};
static const struct opt weight_opt[] = {
	OPT_NUMBER(struct weight, weight, 0, "W", "1", 0, 1e12, "how much this part counts in the sum"),
	OPT_END,
};

const struct plugin *plugin_find(const struct kind *kind, const char *name, struct err *e)
{
	const char *names[256];
	int n = 0;
	for (; kind->list[n] && n < (int)PM_COUNT(names) - 1; n++) {
		names[n] = kind->list[n]->name;
		if (!strcmp(names[n], name))
			return kind->list[n];
	}
	names[n] = NULL;
	const char *near = did_you_mean(name, names);
	if (near)
		err_set(e, "unknown %s '%s'; did you mean %s?", kind->name, name, near);
	else
		err_set(e, "unknown %s '%s' (--list=%s shows them)", kind->name, name, kind->name);
	return NULL;
}

/* One "key=value", or "key" alone for a flag. */
static int set_one(const struct plugin *p, void *conf, struct weight *w, const char *text, struct err *e)
{
	char what[100];
	size_t len = strcspn(text, "=");
	snprintf(what, sizeof what, "setting %s:", p->name);
	const struct opt *o = opt_find(p->opts, w ? weight_opt : NULL, text, len, what, e);
	if (!o)
		return -1;
	if (!text[len] && o->type != OPT_FLAG)
		return err_set(e, "%s:%s needs a value: %s:%s=%s", p->name, o->name, p->name, o->name, o->arg ? o->arg : "N");
	const char *value = text[len] ? text + len + 1 : "1";
	void *to = o == weight_opt ? (void *)w : conf;
	if (opt_set(o, to, value, e))
		return err_prefix(e, "%s:%s", p->name, text);
	return 0;
}

/* text is taken apart in place and must live as long as the process. */
static const struct plugin *parse_part(const struct kind *kind, char *text, void **conf, struct weight *w, struct err *e)
{
	char *rest = strchr(text, ':');
	if (rest)
		*rest++ = '\0';
	const struct plugin *p = plugin_find(kind, text, e);
	if (!p)
		return NULL;
	*conf = keep(xcalloc(1, p->conf_size));
	opt_defaults(p->opts, *conf);
	for (const struct opt *o = p->opts; w && o && o->name; o++)
		if (!strcmp(o->name, "weight"))
			w = NULL; /* the plugin's own */
	while (rest) {
		char *key = rest;
		rest = strchr(rest, ':');
		if (rest)
			*rest++ = '\0';
		if (set_one(p, *conf, w, key, e))
			return NULL;
	}
	return p;
}

const struct plugin *spec_parse(const struct kind *kind, const char *spec, void **conf, struct err *e)
{
	return parse_part(kind, keep(xstrdup(spec)), conf, NULL, e);
}

/* A "+" joins parts where a name follows; else it is a sign, as in 1e+5. */
static char *next_plus(char *s)
{
	for (; *s; s++)
		if (*s == '+' && !isdigit((unsigned char)s[1]) && s[1] != '.')
			return s;
	return NULL;
}

int spec_sum_parse(const struct kind *kind, const char *text, struct spec *out, int max, struct err *e)
{
	int n = 0;
	for (char *part = keep(xstrdup(text)); part;) {
		struct weight w = {1};
		char *plus = next_plus(part);
		if (plus)
			*plus++ = '\0';
		if (n == max)
			return err_set(e, "more than %d parts in '%s'", max, text);
		if (!*part)
			return err_set(e, "a %s is missing in '%s'", kind->name, text);
		out[n].plugin = parse_part(kind, part, &out[n].conf, &w, e);
		if (!out[n].plugin)
			return -1;
		out[n++].weight = w.weight;
		part = plus;
	}
	return n;
}
