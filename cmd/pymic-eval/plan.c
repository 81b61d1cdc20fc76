/* plan.c: labels, names and metrics from the command line. */
#include "eval.h"

#include <stdlib.h>
#include <string.h>

/* Cuts the next part off a list; NULL at its end. */
static char *next_part(char **list, char separator)
{
	char *part = *list, *end = part ? strchr(part, separator) : NULL;
	if (end)
		*end++ = '\0';
	*list = end;
	return part;
}

static void add_structure(struct plan *p, const char *text)
{
	struct structure *s = &p->structure[p->structures];
	char *copy = xstrdup(text), *list = copy;
	if (p->structures++ == (int)PM_COUNT(p->structure))
		die(PM_USAGE, "--labels: more than %zu structures", PM_COUNT(p->structure));
	s->name = text;
	for (char *part; (part = next_part(&list, '+'));) {
		double v;
		if (parse_number(part, &v) || !(v > INT32_MIN && v < INT32_MAX) || v != (double)(int32_t)v)
			die(PM_USAGE, "--labels: '%s' is no label; give whole numbers: 1,2,3, or 1+2,3 to join 1 and 2", part);
		if (s->n == (int)PM_COUNT(s->label))
			die(PM_USAGE, "--labels: more than %zu labels in one structure", PM_COUNT(s->label));
		s->label[s->n++] = (int32_t)v;
	}
	free(copy);
}

static void name_structures(struct plan *p)
{
	char *list = p->names;
	int n = 0;
	for (char *name; (name = next_part(&list, ',')); n++)
		if (n < p->structures)
			p->structure[n].name = name;
	if (n != p->structures)
		die(PM_USAGE, "--names gives %d names, but --labels %d structures", n, p->structures);
}

static void add_measure(struct plan *p, const char *spec)
{
	struct err e;
	if (p->measures == (int)PM_COUNT(p->measure))
		die(PM_USAGE, "--metrics: more than %zu", PM_COUNT(p->measure));
	struct measure *m = &p->measure[p->measures++];
	m->name = spec;
	m->metric = (const struct metric *)(const void *)spec_parse(&metric_kind, spec, &m->conf, &e);
	if (!m->metric)
		die(PM_USAGE, "--metrics: %s", e.msg);
}

/* Columns must differ. */
static void check_names(const struct plan *p)
{
	for (int i = 0; i < p->structures; i++) {
		if (!*p->structure[i].name || !strcmp(p->structure[i].name, "mean"))
			die(PM_USAGE, "--names: a structure cannot be called '%s'", p->structure[i].name);
		for (int k = 0; k < i; k++)
			if (!strcmp(p->structure[i].name, p->structure[k].name))
				die(PM_USAGE, "two structures are called '%s'", p->structure[i].name);
	}
	for (int i = 0; i < p->measures; i++)
		for (int k = 0; k < i; k++)
			if (!strcmp(p->measure[i].name, p->measure[k].name))
				die(PM_USAGE, "--metrics names '%s' twice", p->measure[i].name);
}

void plan_init(struct plan *p, const struct options *o)
{
	memset(p, 0, sizeof *p);
	if (!*o->labels)
		die(PM_USAGE, "which labels are to be judged? Say for instance --labels 1,2,3");
	char *list = p->labels = xstrdup(o->labels);
	for (char *part; (part = next_part(&list, ','));)
		add_structure(p, part);
	p->ignore = o->ignore_label;
	for (int i = 0; p->ignore && i < p->structures; i++)
		for (int k = 0; k < p->structure[i].n; k++)
			if (p->structure[i].label[k] == p->ignore)
				die(PM_USAGE, "--ignore-label: %d is judged by --labels", p->ignore);
	p->names = xstrdup(o->names);
	if (*p->names)
		name_structures(p);
	list = p->metrics = xstrdup(o->metrics);
	for (char *part; (part = next_part(&list, ','));)
		add_measure(p, part);
	check_names(p);
	p->columns = p->structures + (p->structures > 1);
	p->diagonal = !strcmp(o->empty_distance, "diagonal");
	if (!strcmp(o->empty_distance, "inf"))
		p->empty_distance = INFINITY;
	else if (!strcmp(o->empty_distance, "nan"))
		p->empty_distance = NAN;
	else if (!p->diagonal && (parse_number(o->empty_distance, &p->empty_distance) || !(p->empty_distance >= 0)))
		die(PM_USAGE, "--empty-distance: '%s' is none of diagonal, inf, nan, or a distance", o->empty_distance);
}

void plan_fini(struct plan *p)
{
	free(p->labels);
	free(p->names);
	free(p->metrics);
}
