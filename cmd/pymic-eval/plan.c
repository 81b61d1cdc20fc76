/* plan.c: labels, names and metrics from the command line. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* Cuts the next part off a list; NULL at its end. */
char *next_part(char **list, char separator)
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
		die(PM_USAGE, "--labels and --regions: more than %zu structures", PM_COUNT(p->structure));
	s->name = text;
	for (char *part; (part = next_part(&list, '+'));) {
		double v;
		if (parse_number(part, &v) || !(v > INT32_MIN && v < INT32_MAX) || v != (double)(int32_t)v)
			die(PM_USAGE, "'%s' is no label; give whole numbers: 1,2,3, or 1+2,3 to join 1 and 2", part);
		if (s->n == (int)PM_COUNT(s->label))
			die(PM_USAGE, "more than %zu labels in one structure", PM_COUNT(s->label));
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
		die(PM_USAGE, "--names gives %d names, but there are %d structures", n, p->structures);
}

static void add_measure(struct plan *p, const struct kind *kind, const char *spec)
{
	struct err e;
	if (p->measures == (int)PM_COUNT(p->measure))
		die(PM_USAGE, "--metrics: more than %zu", PM_COUNT(p->measure));
	struct measure *m = &p->measure[p->measures++];
	m->name = spec;
	m->metric = (const struct metric *)(const void *)spec_parse(kind, spec, &m->conf, &e);
	if (!m->metric)
		die(PM_USAGE, "--metrics: %s", e.msg);
}

void plan_metrics(struct plan *p, const struct kind *kind, const char *text, const char *usual)
{
	char *list = p->metrics = xstrdup(*text ? text : usual);
	for (char *part; (part = next_part(&list, ','));)
		add_measure(p, kind, part);
	for (int i = 0; i < p->measures; i++)
		for (int k = 0; k < i; k++)
			if (!strcmp(p->measure[i].name, p->measure[k].name))
				die(PM_USAGE, "--metrics names '%s' twice", p->measure[i].name);
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
}

/* What a distance counts where one mask is empty. */
static void read_empty_distance(struct plan *p, const char *text)
{
	p->diagonal = !*text || !strcmp(text, "diagonal");
	if (!strcmp(text, "inf"))
		p->empty_distance = INFINITY;
	else if (!strcmp(text, "nan"))
		p->empty_distance = NAN;
	else if (!p->diagonal && (parse_number(text, &p->empty_distance) || !(p->empty_distance >= 0)))
		die(PM_USAGE, "--empty-distance: '%s' is none of diagonal, inf, nan, or a distance", text);
}

static void read_conventions(struct plan *p, const struct options *o)
{
	static const char *const whose[] = { "the truth", "the prediction", "neither, in voxels" };
	p->how = (struct convention){ o->connectivity, strcmp(o->surface, "area") ? VOXELS : PATCHES, o->percentile };
	p->spacing = strcmp(o->units, "vox") ? OF_TRUTH : OF_NEITHER;
	read_empty_distance(p, o->empty_distance);
	if (*o->compat) {
		struct err e;
		void *none;
		p->as = (const struct library *)(const void *)spec_parse(&library_kind, o->compat, &none, &e);
		if (!p->as)
			die(PM_USAGE, "--compat: %s", e.msg);
	}
	if (p->as && (*o->empty_distance || p->how.elements != VOXELS || o->percentile < 100))
		die(PM_USAGE, "--compat %s says itself what a distance is: leave out --empty-distance, --surface and --percentile",
			o->compat);
	if (p->as && p->spacing == OF_TRUTH)
		p->spacing = p->as->spacing;
	if (p->as)
		p->definition = xprintf("pymic-eval " PM_VERSION " as %s; spacing of %s; std over n - %d", p->as->p.summary,
			whose[p->spacing], o->ddof);
	else
		p->definition = xprintf("pymic-eval " PM_VERSION "; surfaces by %s, connectivity %d; spacing of %s; both empty: nan, "
			"one empty: a distance is %s; std over n - %d", o->surface, o->connectivity, whose[p->spacing],
			p->diagonal ? "the image's diagonal" : o->empty_distance, o->ddof);
}

static void check_measures(const struct plan *p)
{
	for (int i = 0; i < p->measures; i++)
		if (p->measure[i].metric->from == SCORES)
			die(PM_USAGE, "--metrics: %s is of tables of predictions, not of masks", p->measure[i].name);
}

void plan_init(struct plan *p, const struct options *o)
{
	memset(p, 0, sizeof *p);
	if (!*o->labels && !*o->regions)
		die(PM_USAGE, "which labels are to be judged? Say for instance --labels 1,2,3");
	char *list = p->labels = xstrdup(o->labels);
	for (char *part; *o->labels && (part = next_part(&list, ','));)
		add_structure(p, part);
	list = p->regions = xstrdup(o->regions);
	for (char *part; *o->regions && (part = next_part(&list, ','));)
		add_structure(p, part);
	p->ignore = o->ignore_label;
	for (int i = 0; p->ignore && i < p->structures; i++)
		for (int k = 0; k < p->structure[i].n; k++)
			if (p->structure[i].label[k] == p->ignore)
				die(PM_USAGE, "--ignore-label: %d is judged by --labels or --regions", p->ignore);
	p->names = xstrdup(o->names);
	if (*p->names)
		name_structures(p);
	check_names(p);
	read_conventions(p, o);
	plan_metrics(p, p->as ? &p->as->metrics : &metric_kind, o->metrics, p->as ? p->as->usual : "dice,hd95");
	check_measures(p);
	p->columns = p->structures + (p->structures > 1);
}

void plan_fini(struct plan *p)
{
	free(p->labels);
	free(p->regions);
	free(p->names);
	free(p->metrics);
	free(p->definition);
}
