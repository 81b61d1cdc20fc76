/* report.c: rows of cases, and what they say together. */
#include "eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/statistics.h"

enum { MEAN, STD, CI_LOW, CI_HIGH, VALUES };
static const char *const value_name[VALUES] = { "mean", "std", "ci_low", "ci_high" };
enum { COUNTED, BOTH_EMPTY, MISSED, FALSE_ALARM, TALLIES };
static const char *const count_name[TALLIES] = { "n", "both_empty", "missed", "false_alarm" };

/* One column of the result. */
struct column {
	const struct plan *plan;
	struct score *const *score;
	int measure, structure; /* structure: or the number of structures, for their mean */
};

/* One column over the cases where it is defined, and how often its masks were empty. */
struct summary {
	double value[VALUES]; /* the bounds with --bootstrap alone */
	int64_t count[TALLIES];
};

static double value(const struct column *c, int64_t i)
{
	return c->score[i]->value[c->measure * c->plan->columns + c->structure];
}

/* The mean over these cases, as a statistic. */
static double column_mean(const void *arg, const int64_t *index, int64_t n)
{
	const struct column *c = arg;
	const int structures = c->plan->structures;
	double sum = 0;
	int64_t counted = 0;
	if (c->structure == structures && c->plan->as && c->plan->as->mean_of_means) {
		for (int k = 0; k < structures; k++)
			sum += column_mean(&(struct column){ c->plan, c->score, c->measure, k }, index, n);
		return sum / structures;
	}
	for (int64_t i = 0; i < n; i++) {
		const double v = value(c, index[i]);
		if (!isnan(v)) {
			sum += v;
			counted++;
		}
	}
	return sum / (double)counted; /* of none: NaN */
}

static struct summary summarize(const struct column *c, const struct options *o, int64_t n)
{
	struct summary u = { 0 };
	const int structures = c->plan->structures;
	const bool mean = c->structure == structures; /* its counts are those of all structures */
	double *v = xcalloc((size_t)n, sizeof *v);
	int64_t *all = xcalloc((size_t)n, sizeof *all);
	for (int64_t i = 0; i < n; i++) {
		for (int k = mean ? 0 : c->structure; k < (mean ? structures : c->structure + 1); k++) {
			u.count[BOTH_EMPTY] += c->score[i]->has[k] == 0;
			u.count[MISSED] += c->score[i]->has[k] == HAS_TRUTH;
			u.count[FALSE_ALARM] += c->score[i]->has[k] == HAS_PRED;
		}
		v[i] = value(c, i);
		all[i] = i;
	}
	const struct moments m = moments_of(v, n, o->ddof);
	u.value[MEAN] = column_mean(c, all, n);
	u.value[STD] = m.std;
	u.count[COUNTED] = m.n;
	if (o->bootstrap) {
		const struct interval ci = bootstrap(column_mean, c, n, o->bootstrap, o->confidence, (uint64_t)o->seed);
		u.value[CI_LOW] = ci.low;
		u.value[CI_HIGH] = ci.high;
	}
	free(v);
	free(all);
	return u;
}

/* What all cases have, or "mixed". */
static const char *common_unit(struct score *const *s, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
		if (strcmp(s[i]->unit, s[0]->unit))
			return "mixed";
	return n ? s[0]->unit : "";
}

static const char *column_name(const struct plan *p, int column)
{
	return column < p->structures ? p->structure[column].name : "mean";
}

static struct summary *summarize_all(const struct plan *p, const struct options *o, struct score *const *s, int64_t n)
{
	struct summary *u = xcalloc((size_t)(p->measures * p->columns), sizeof *u);
	for (int i = 0; i < p->measures * p->columns; i++)
		u[i] = summarize(&(struct column){ p, s, i / p->columns, i % p->columns }, o, n);
	return u;
}

static void put_cases(struct sheet *out, const struct plan *p, const struct options *o, struct score *const *s, int64_t n)
{
	const int columns = p->measures * p->columns;
	struct summary *u = summarize_all(p, o, s, n);
	const char *unit = common_unit(s, n);
	out->columns = 2 + columns;
	out->split = n;
	sheet_text(out, "case");
	sheet_text(out, "unit");
	for (int i = 0; i < columns; i++)
		sheet_text(out, "%s_%s", column_name(p, i % p->columns), p->measure[i / p->columns].name);
	for (int64_t k = 0; k < n; k++) {
		sheet_text(out, "%s", s[k]->id);
		sheet_text(out, "%s", s[k]->unit);
		for (int i = 0; i < columns; i++)
			sheet_number(out, s[k]->value[i]);
	}
	for (int v = 0; v < (o->bootstrap ? VALUES : CI_LOW); v++) {
		sheet_text(out, "%s", value_name[v]);
		sheet_text(out, "%s", unit);
		for (int i = 0; i < columns; i++)
			sheet_number(out, u[i].value[v]);
	}
	for (int c = 0; c < TALLIES; c++) {
		sheet_text(out, "%s", count_name[c]);
		sheet_text(out, "%s", "");
		for (int i = 0; i < columns; i++)
			sheet_number(out, (double)u[i].count[c]);
	}
	free(u);
}

/* The sign of NaN means nothing. */
static double plain(double v)
{
	return isnan(v) ? fabs(v) : v;
}

/* A row per structure: mean and spread of each metric in one cell. */
static void put_means(struct sheet *out, const struct plan *p, const struct options *o, struct score *const *s, int64_t n)
{
	struct summary *all = summarize_all(p, o, s, n);
	out->columns = 1 + p->measures + TALLIES;
	sheet_text(out, "structure");
	for (int m = 0; m < p->measures; m++) {
		enum quantity q = p->measure[m].metric->quantity;
		if (q == RATIO)
			sheet_text(out, "%s", p->measure[m].name);
		else
			sheet_text(out, "%s (%s%s)", p->measure[m].name, common_unit(s, n), q == VOLUME ? "^3" : "");
	}
	sheet_text(out, "cases");
	for (int c = BOTH_EMPTY; c < TALLIES; c++)
		sheet_text(out, "%s", count_name[c]);
	for (int r = 0; r < p->columns; r++) {
		sheet_text(out, "%s", column_name(p, r));
		for (int m = 0; m < p->measures; m++) {
			const struct summary *u = &all[m * p->columns + r];
			int digits = p->measure[m].metric->quantity == RATIO ? 3 : 2;
			if (o->bootstrap)
				sheet_text(out, "%.*f [%.*f, %.*f]", digits, plain(u->value[MEAN]), digits, plain(u->value[CI_LOW]), digits,
					plain(u->value[CI_HIGH]));
			else
				sheet_text(out, "%.*f +- %.*f", digits, plain(u->value[MEAN]), digits, plain(u->value[STD]));
		}
		sheet_text(out, "%lld", (long long)n);
		for (int c = BOTH_EMPTY; c < TALLIES; c++)
			sheet_text(out, "%lld", (long long)all[r].count[c]);
	}
	free(all);
}

void report(struct sheet *out, const struct plan *p, const struct options *o, struct score *const *s, int64_t n)
{
	out->definition = p->definition;
	out->rows = "cases";
	out->more = "summary";
	(strcmp(o->format, "table") ? put_cases : put_means)(out, p, o, s, n);
}

void report_notes(const struct plan *p, struct score *const *s, int64_t n)
{
	bool distance = false;
	int64_t one_empty = 0;
	for (int m = 0; m < p->measures; m++)
		distance |= p->measure[m].metric->quantity == DISTANCE;
	for (int k = 0; k < p->structures; k++) {
		int64_t never = 0;
		for (int64_t i = 0; i < n; i++) {
			never += s[i]->has[k] == 0;
			one_empty += s[i]->has[k] == HAS_PRED || s[i]->has[k] == HAS_TRUTH;
		}
		if (n && never == n)
			warning("%s: in no case is it predicted or true: are --labels right?", p->structure[k].name);
	}
	if (one_empty && distance && p->as)
		note("%lld times one mask was empty: the distance counts as %s has it", (long long)one_empty, p->as->p.name);
	else if (one_empty && distance && p->diagonal)
		note("%lld times one mask was empty: the distance counts as the image's diagonal", (long long)one_empty);
	else if (one_empty && distance)
		note("%lld times one mask was empty: the distance counts as %g", (long long)one_empty, p->empty_distance);
	if (!strcmp(common_unit(s, n), "mixed"))
		warning("some cases are measured in mm, others in voxels: their means say nothing about distances and volumes");
}
