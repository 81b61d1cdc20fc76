/* classify.c: tables of classes: the true ones of each case, and how likely each was said to be. */
#include "eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/statistics.h"

/* One class against the others. */
struct class {
	uint8_t *is, *said;
	double *score;
};

struct table {
	const struct plan *plan;
	struct class *class;
	int classes;
	int64_t cases;
	bool exclusive, scored;
};

static void read_table(const char *path, struct csv *c)
{
	struct err e;
	if (csv_read(path, c, &e))
		die(PM_FAIL, "%s", e.msg);
	if (!c->rows || c->columns < 2)
		die(PM_FAIL, "%s: a table has a row per case: its name, then classes or their probabilities", path);
}

/* The columns whose name begins so, or else all but the first. */
static int columns_named(const struct csv *c, const char *begin, int *column)
{
	int n = 0;
	for (int k = 1; k < c->columns; k++)
		if (!strncmp(c->name[k], begin, strlen(begin)))
			column[n++] = k;
	for (int k = 1; k < c->columns && !n; k++)
		column[k - 1] = k;
	return n ? n : c->columns - 1;
}

static double number_at(const struct csv *c, int row, int column, bool whole)
{
	double v;
	if (parse_number(csv_cell(c, row, column), &v) || isnan(v) || (whole && (v != floor(v) || v < 0)))
		die(PM_FAIL, "%s:%d: '%s' is no %s", c->path, c->line[row], csv_cell(c, row, column), whole ? "class: 0, 1, ..." :
			"probability");
	return v;
}

enum { COLUMNS = 256 }; /* no table has more */

static void add_classes(struct table *t, int classes, int64_t cases)
{
	t->class = xresize(t->class, (size_t)classes, sizeof *t->class);
	for (; t->classes < classes; t->classes++)
		t->class[t->classes] = (struct class){ xcalloc((size_t)cases, 1), xcalloc((size_t)cases, 1),
			xcalloc((size_t)cases, sizeof(double)) };
}

/* Classes that exclude each other: one column of labels, and the class that is likeliest, or that is named. */
static void read_exclusive(struct table *t, const struct csv *truth, int label, const struct csv *pred, const int *row)
{
	int column[COLUMNS];
	const int columns = columns_named(pred, "prob", column);
	t->scored = columns > 1;
	if (t->scored)
		add_classes(t, columns, truth->rows);
	for (int i = 0; i < truth->rows; i++) {
		if (row[i] < 0)
			continue;
		const double is = number_at(truth, i, label, true);
		double said = t->scored ? 0 : number_at(pred, row[i], column[0], true), best = -INFINITY;
		if (is >= (t->scored ? columns : COLUMNS) || said >= COLUMNS)
			die(PM_FAIL, "%s:%d: class %g, but there are %d", truth->path, truth->line[i], fmax(is, said),
				t->scored ? columns : COLUMNS);
		if (!t->scored)
			add_classes(t, 1 + (int)fmax(fmax(is, said), t->classes - 1), truth->rows);
		for (int k = 0; k < columns && t->scored; k++) {
			const double p = t->class[k].score[t->cases] = number_at(pred, row[i], column[k], false);
			if (p > best) {
				best = p;
				said = k;
			}
		}
		t->class[(int)is].is[t->cases] = 1;
		t->class[(int)said].said[t->cases++] = 1;
	}
}

/* Classes that are there or not, each with a column of 0 and 1 and one of probabilities: more than a half says yes. */
static void read_multilabel(struct table *t, const struct csv *truth, const struct csv *pred, const int *row)
{
	int label[COLUMNS], column[COLUMNS];
	const int labels = columns_named(truth, "label", label), columns = columns_named(pred, "prob", column);
	if (labels != columns)
		die(PM_FAIL, "%s has %d columns of labels, but %s %d of probabilities", truth->path, labels, pred->path, columns);
	t->scored = true;
	add_classes(t, columns, truth->rows);
	for (int i = 0; i < truth->rows; i++) {
		if (row[i] < 0)
			continue;
		for (int k = 0; k < columns; k++) {
			const double is = number_at(truth, i, label[k], true), p = number_at(pred, row[i], column[k], false);
			if (is > 1)
				die(PM_FAIL, "%s:%d: '%g' is neither 0 nor 1", truth->path, truth->line[i], is);
			t->class[k].is[t->cases] = is > 0;
			t->class[k].said[t->cases] = p > .5;
			t->class[k].score[t->cases] = p;
		}
		t->cases++;
	}
}

/* A value of the result; class: or the number of classes, for all of them. */
struct value {
	const struct table *table;
	int measure, class;
};

/* The part of the cases whose class was said. */
static double right(const struct table *t, const int64_t *index, int64_t n)
{
	int64_t found = 0;
	for (int64_t i = 0; i < n; i++)
		for (int k = 0; k < t->classes; k++)
			found += t->class[k].is[index[i]] && t->class[k].said[index[i]];
	return ratio(found, n);
}

/* Over these cases, as a statistic. */
static double value_at(const void *arg, const int64_t *index, int64_t n)
{
	const struct value *v = arg;
	const struct table *t = v->table;
	const struct measure *m = &t->plan->measure[v->measure];
	if (v->class == t->classes) {
		double sum = 0;
		if (t->exclusive && m->metric == &metric_accuracy)
			return right(t, index, n);
		for (int k = 0; k < t->classes; k++)
			sum += value_at(&(struct value){ t, v->measure, k }, index, n);
		return sum / t->classes;
	}
	const struct class *c = &t->class[v->class];
	struct pair p = { .tp = 0 };
	double *score = xcalloc((size_t)n, sizeof *score);
	uint8_t *is = xcalloc((size_t)n, 1);
	for (int64_t i = 0; i < n; i++) {
		is[i] = c->is[index[i]];
		score[i] = c->score[index[i]];
		*(c->said[index[i]] ? is[i] ? &p.tp : &p.fp : is[i] ? &p.fn : &p.tn) += 1;
	}
	p.score = score;
	p.is = is;
	const double found = m->metric->eval(m->conf, &p);
	free(score);
	free(is);
	return found;
}

static void put_row(struct sheet *out, const struct options *o, const struct table *t, const char *name, int class)
{
	int64_t *all = xcalloc((size_t)t->cases, sizeof *all);
	for (int64_t i = 0; i < t->cases; i++)
		all[i] = i;
	sheet_text(out, "%s", name);
	sheet_number(out, (double)t->cases);
	for (int m = 0; m < t->plan->measures; m++) {
		const struct value v = { t, m, class };
		sheet_number(out, value_at(&v, all, t->cases));
		if (!o->bootstrap)
			continue;
		const struct interval ci = bootstrap(value_at, &v, t->cases, o->bootstrap, o->confidence, (uint64_t)o->seed);
		sheet_number(out, ci.low);
		sheet_number(out, ci.high);
	}
	free(all);
}

/* Two classes that exclude each other have one row, that of the second one: "is it?". */
static void put_table(struct sheet *out, const struct options *o, const struct table *t)
{
	char *names = xstrdup(o->names), *list = names, number[16];
	const bool yes_or_no = t->exclusive && t->classes == 2;
	out->rows = "classes";
	out->columns = 2 + t->plan->measures * (o->bootstrap ? 3 : 1);
	sheet_text(out, "class");
	sheet_text(out, "cases");
	for (int m = 0; m < t->plan->measures; m++) {
		sheet_text(out, "%s", t->plan->measure[m].name);
		if (o->bootstrap) {
			sheet_text(out, "%s_low", t->plan->measure[m].name);
			sheet_text(out, "%s_high", t->plan->measure[m].name);
		}
	}
	for (int k = 0; k < t->classes; k++) {
		const char *name = *o->names ? next_part(&list, ',') : NULL;
		if (*o->names && (!name || !*name || (k == t->classes - 1 && list)))
			die(PM_USAGE, "--names: there are %d classes", t->classes);
		snprintf(number, sizeof number, "%d", k);
		if (!yes_or_no || k == 1)
			put_row(out, o, t, name ? name : number, k);
	}
	if (!yes_or_no)
		put_row(out, o, t, "all", t->classes);
	free(names);
}

int64_t classify(struct sheet *out, const struct options *o)
{
	struct plan plan = { .measures = 0 };
	struct table t = { .plan = &plan, .exclusive = !o->multilabel };
	struct csv truth, pred;
	if (!*o->truth)
		die(PM_USAGE, "--pred is a table: say --truth TABLE too");
	read_table(o->truth, &truth);
	read_table(o->pred, &pred);
	int *row = xcalloc((size_t)truth.rows, sizeof *row);
	const int label = *o->label ? csv_column(&truth, o->label) : truth.columns - 1;
	if (label < 0)
		die(PM_FAIL, "%s: has no column '%s' (--label)", o->truth, o->label);
	const int64_t lonely = match_cases(&truth, truth.rows, &pred, pred.rows, row);
	if (t.exclusive)
		read_exclusive(&t, &truth, label, &pred, row);
	else
		read_multilabel(&t, &truth, &pred, row);
	if (!t.cases)
		die(PM_FAIL, "%s and %s have no case in common", o->truth, o->pred);
	plan_metrics(&plan, &metric_kind, o->metrics,
		t.scored ? "accuracy,recall,specificity,precision,auc" : "accuracy,recall,specificity,precision");
	for (int i = 0; i < plan.measures; i++)
		if (plan.measure[i].metric->from == MASKS || (plan.measure[i].metric->from == SCORES && !t.scored))
			die(PM_USAGE, "--metrics: %s needs %s, which this table does not have", plan.measure[i].name,
				plan.measure[i].metric->from == MASKS ? "masks" : "probabilities");
	put_table(out, o, &t);
	for (int k = 0; k < t.classes; k++) {
		free(t.class[k].is);
		free(t.class[k].said);
		free(t.class[k].score);
	}
	free(t.class);
	free(row);
	free(plan.metrics);
	csv_free(&truth);
	csv_free(&pred);
	return lonely;
}
