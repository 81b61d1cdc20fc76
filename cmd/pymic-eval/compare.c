/* compare.c: two results of the same cases, as pymic-eval writes them: does the second differ from the first? */
#include "eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/statistics.h"

/* The rows of a result that are cases: those before the last one named mean, which begins its summary. */
static int read_result(const char *path, struct csv *c)
{
	struct err e;
	if (csv_read(path, c, &e))
		die(PM_FAIL, "%s", e.msg);
	int rows = c->rows;
	for (int i = 0; i < c->rows; i++)
		if (!strcmp(csv_cell(c, i, 0), "mean"))
			rows = i;
	if (!rows)
		die(PM_FAIL, "%s: has no cases", path);
	return rows;
}

int64_t match_cases(const struct csv *a, int rows_a, const struct csv *b, int rows_b, int *row)
{
	int64_t lonely = 0;
	uint8_t *met = xcalloc((size_t)rows_b, 1);
	for (int i = 0; i < rows_a; i++) {
		const char *name = csv_cell(a, i, 0);
		row[i] = -1;
		for (int k = 0; k < rows_b; k++) {
			if (strcmp(name, csv_cell(b, k, 0)))
				continue;
			if (row[i] >= 0)
				die(PM_FAIL, "%s:%d: case '%s' is there twice", b->path, b->line[k], name);
			if (met[k])
				die(PM_FAIL, "%s:%d: case '%s' is there twice", a->path, a->line[i], name);
			row[i] = k;
			met[k] = 1;
		}
		if (row[i] < 0) {
			warning("%s: only in %s", name, a->path);
			lonely++;
		}
	}
	for (int k = 0; k < rows_b; k++)
		if (!met[k]) {
			warning("%s: only in %s", csv_cell(b, k, 0), b->path);
			lonely++;
		}
	free(met);
	return lonely;
}

/* As pymic-eval writes them; a blank cell has no value. 0, or -1: no number. */
static int read_value(const char *cell, double *v)
{
	const bool minus = *cell == '-';
	if (!*cell || !strcmp(cell + minus, "nan"))
		*v = NAN;
	else if (!strcmp(cell + minus, "inf"))
		*v = minus ? -INFINITY : INFINITY;
	else
		return parse_number(cell, v);
	return 0;
}

static bool is_measure(const struct csv *c, int rows, int column)
{
	double v;
	for (int i = 0; i < rows; i++)
		if (read_value(csv_cell(c, i, column), &v))
			return false;
	return true;
}

static void put_column(struct sheet *out, const struct options *o, const char *name, const double *a, const double *b, int64_t n)
{
	double *difference = xcalloc((size_t)n, sizeof *difference), sum, most = 0;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fmax(isinf(a[i]) ? 0 : fabs(a[i]), isinf(b[i]) ? 0 : fabs(b[i])));
	for (int64_t i = 0; i < n; i++) {
		const double step = 1e-10 * most, far = a[i] == b[i] ? 0 : b[i] - a[i]; /* equal infinities too */
		difference[i] = most > 0 ? rint(far / step) * step : far; /* results have nine digits; so ties are ties */
	}
	const struct moments d = moments_of(difference, n, o->ddof);
	const double p = wilcoxon(difference, n, &sum);
	sheet_text(out, "%s", name);
	sheet_number(out, (double)d.n);
	sheet_number(out, moments_of(a, n, 0).mean);
	sheet_number(out, moments_of(b, n, 0).mean);
	sheet_number(out, d.mean);
	sheet_number(out, d.std);
	if (o->bootstrap) {
		const struct interval ci = bootstrap(mean_at, difference, n, o->bootstrap, o->confidence, (uint64_t)o->seed);
		sheet_number(out, ci.low);
		sheet_number(out, ci.high);
	}
	sheet_number(out, sum);
	sheet_number(out, d.n ? p : (double)NAN);
	free(difference);
}

static void put_header(struct sheet *out, const struct options *o)
{
	static const char *const name[] = { "column", "n", "mean_a", "mean_b", "difference", "std", "ci_low", "ci_high", "wilcoxon",
		"p" };
	for (size_t i = 0; i < PM_COUNT(name); i++)
		if (o->bootstrap || strncmp(name[i], "ci_", 3)) {
			sheet_text(out, "%s", name[i]);
			out->columns++;
		}
}

int64_t compare_results(struct sheet *out, const struct options *o, const char *path_a, const char *path_b)
{
	struct csv a, b;
	const int rows_a = read_result(path_a, &a), rows_b = read_result(path_b, &b);
	int *partner = xcalloc((size_t)rows_a, sizeof *partner);
	double *x = xcalloc((size_t)rows_a, sizeof *x), *y = xcalloc((size_t)rows_a, sizeof *y);
	const int64_t lonely = match_cases(&a, rows_a, &b, rows_b, partner);
	out->rows = "columns";
	put_header(out, o);
	for (int k = 1; k < a.columns; k++) {
		const int other = csv_column(&b, a.name[k]);
		int64_t n = 0;
		if (other < 0 || !is_measure(&a, rows_a, k) || !is_measure(&b, rows_b, other))
			continue;
		for (int i = 0; i < rows_a; i++) {
			if (partner[i] < 0)
				continue;
			read_value(csv_cell(&a, i, k), &x[n]);
			read_value(csv_cell(&b, partner[i], other), &y[n]);
			if (isnan(x[n]) || isnan(y[n])) /* the means are those of the pairs */
				continue;
			n++;
		}
		put_column(out, o, a.name[k], x, y, n);
	}
	if (!sheet_rows(out))
		die(PM_FAIL, "%s and %s have no column of numbers in common", path_a, path_b);
	free(partner);
	free(x);
	free(y);
	csv_free(&a);
	csv_free(&b);
	return lonely;
}
