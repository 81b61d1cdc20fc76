/* report.c: rows of cases, and what they say together. */
#include "eval.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"

enum { COUNTED, BOTH_EMPTY, MISSED, FALSE_ALARM, COUNTS };
static const char *const count_name[COUNTS] = { "n", "both_empty", "missed", "false_alarm" };

/* One column over the cases where it is defined, and how often its masks were empty. */
struct summary {
	double mean, std;
	int64_t count[COUNTS];
};

static struct summary summarize(const struct plan *p, struct score *const *s, int64_t n, int measure, int column)
{
	struct summary u = { 0 };
	int at = measure * p->columns + column;
	bool mean = column == p->structures; /* its counts are those of all structures */
	double sum = 0, squares = 0;
	for (int64_t i = 0; i < n; i++) {
		for (int k = mean ? 0 : column; k < (mean ? p->structures : column + 1); k++) {
			u.count[BOTH_EMPTY] += s[i]->has[k] == 0;
			u.count[MISSED] += s[i]->has[k] == HAS_TRUTH;
			u.count[FALSE_ALARM] += s[i]->has[k] == HAS_PRED;
		}
		if (!isnan(s[i]->value[at])) {
			sum += s[i]->value[at];
			u.count[COUNTED]++;
		}
	}
	u.mean = sum / (double)u.count[COUNTED]; /* of none: NaN */
	for (int64_t i = 0; i < n; i++)
		if (!isnan(s[i]->value[at]))
			squares += (s[i]->value[at] - u.mean) * (s[i]->value[at] - u.mean);
	u.std = sqrt(squares / (double)u.count[COUNTED]);
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

static void put_number(FILE *fp, double v)
{
	if (isnan(v))
		fputs(",nan", fp); /* its sign means nothing */
	else
		fprintf(fp, ",%.9g", v);
}

static void write_csv(FILE *fp, const struct plan *p, struct score *const *s, int64_t n)
{
	int columns = p->measures * p->columns;
	struct summary *u = xcalloc((size_t)columns, sizeof *u);
	fputs("case,unit", fp);
	for (int i = 0; i < columns; i++) {
		char *name = xprintf("%s_%s", column_name(p, i % p->columns), p->measure[i / p->columns].name);
		putc(',', fp);
		csv_put(fp, name);
		free(name);
		u[i] = summarize(p, s, n, i / p->columns, i % p->columns);
	}
	putc('\n', fp);
	for (int64_t k = 0; k < n; k++) {
		csv_put(fp, s[k]->id);
		fprintf(fp, ",%s", s[k]->unit);
		for (int i = 0; i < columns; i++)
			put_number(fp, s[k]->value[i]);
		putc('\n', fp);
	}
	const char *unit = common_unit(s, n);
	fprintf(fp, "mean,%s", unit);
	for (int i = 0; i < columns; i++)
		put_number(fp, u[i].mean);
	fprintf(fp, "\nstd,%s", unit);
	for (int i = 0; i < columns; i++)
		put_number(fp, u[i].std);
	for (int c = 0; c < COUNTS; c++) {
		fprintf(fp, "\n%s,", count_name[c]);
		for (int i = 0; i < columns; i++)
			fprintf(fp, ",%lld", (long long)u[i].count[c]);
	}
	putc('\n', fp);
	free(u);
}

/* A grid of texts, each column as wide as its widest. */
struct grid {
	int rows, columns;
	char (*cell)[64];
};

static void grid_put(struct grid *g, int row, int column, const char *fmt, ...) PM_PRINTF(4, 5);
static void grid_put(struct grid *g, int row, int column, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(g->cell[row * g->columns + column], sizeof *g->cell, fmt, ap);
	va_end(ap);
}

static void grid_print(FILE *fp, const struct grid *g)
{
	for (int r = 0; r < g->rows; r++)
		for (int c = 0; c < g->columns; c++) {
			size_t width = 0;
			for (int k = 0; k < g->rows; k++)
				if (strlen(g->cell[k * g->columns + c]) > width)
					width = strlen(g->cell[k * g->columns + c]);
			bool last = c == g->columns - 1;
			fprintf(fp, "%-*s%s", last ? 0 : (int)width, g->cell[r * g->columns + c], last ? "\n" : "  ");
		}
}

static void write_table(FILE *fp, const struct plan *p, struct score *const *s, int64_t n)
{
	struct grid g = { p->columns + 1, 1 + p->measures + COUNTS, NULL };
	g.cell = xcalloc((size_t)(g.rows * g.columns), sizeof *g.cell);
	grid_put(&g, 0, 0, "structure");
	for (int m = 0; m < p->measures; m++) {
		enum quantity q = p->measure[m].metric->quantity;
		if (q == RATIO)
			grid_put(&g, 0, 1 + m, "%s", p->measure[m].name);
		else
			grid_put(&g, 0, 1 + m, "%s (%s%s)", p->measure[m].name, common_unit(s, n), q == VOLUME ? "^3" : "");
	}
	grid_put(&g, 0, 1 + p->measures, "cases");
	for (int c = BOTH_EMPTY; c < COUNTS; c++)
		grid_put(&g, 0, 1 + p->measures + c, "%s", count_name[c]);
	for (int r = 0; r < p->columns; r++) {
		grid_put(&g, r + 1, 0, "%s", column_name(p, r));
		grid_put(&g, r + 1, 1 + p->measures, "%lld", (long long)n);
		for (int m = 0; m < p->measures; m++) {
			struct summary u = summarize(p, s, n, m, r);
			int digits = p->measure[m].metric->quantity == RATIO ? 3 : 2;
			grid_put(&g, r + 1, 1 + m, "%.*f +- %.*f", digits, fabs(u.mean), digits, fabs(u.std));
			for (int c = BOTH_EMPTY; c < COUNTS; c++)
				grid_put(&g, r + 1, 1 + p->measures + c, "%lld", (long long)u.count[c]);
		}
	}
	grid_print(fp, &g);
	free(g.cell);
}

void report(FILE *fp, const struct plan *p, struct score *const *s, int64_t n, bool table)
{
	(table ? write_table : write_csv)(fp, p, s, n);
}

void report_notes(const struct plan *p, struct score *const *s, int64_t n)
{
	bool distance = false;
	int64_t one_empty = 0;
	for (int m = 0; m < p->measures; m++)
		distance |= p->measure[m].metric->quantity == DISTANCE;
	for (int k = 0; k < p->structures; k++) {
		int64_t both_empty = 0;
		for (int64_t i = 0; i < n; i++) {
			both_empty += s[i]->has[k] == 0;
			one_empty += s[i]->has[k] == HAS_PRED || s[i]->has[k] == HAS_TRUTH;
		}
		if (n && both_empty == n)
			warning("%s: in no case is it predicted or true: are --labels right?", p->structure[k].name);
	}
	if (one_empty && distance && p->diagonal)
		note("%lld times one mask was empty: the distance counts as the image's diagonal", (long long)one_empty);
	else if (one_empty && distance)
		note("%lld times one mask was empty: the distance counts as %g", (long long)one_empty, p->empty_distance);
	if (!strcmp(common_unit(s, n), "mixed"))
		warning("some cases are measured in mm, others in voxels: their means say nothing about distances and volumes");
}
