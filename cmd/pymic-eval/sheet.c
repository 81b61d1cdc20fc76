/* sheet.c: see sheet.h. Numbers have nine digits for machines, and four for the eye. */
#include "sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"

static struct cell *next(struct sheet *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->cell = xresize(s->cell, (size_t)s->cap, sizeof *s->cell);
	}
	struct cell *c = &s->cell[s->n++];
	*c = (struct cell){ NULL, 0 };
	return c;
}

void sheet_text(struct sheet *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&next(s)->text, fmt, ap) < 0)
		die(PM_FAIL, "out of memory");
	va_end(ap);
}

void sheet_number(struct sheet *s, double v)
{
	next(s)->number = isnan(v) ? fabs(v) : v; /* the sign of NaN means nothing */
}

int64_t sheet_rows(const struct sheet *s)
{
	return s->n / s->columns - 1;
}

static void write_delimited(const struct sheet *s, FILE *fp, char separator)
{
	if (separator == '\t' && s->definition)
		fprintf(fp, "# %s\n", s->definition);
	for (int64_t i = 0; i < s->n; i++) {
		const struct cell *c = &s->cell[i];
		if (!c->text)
			fprintf(fp, "%.9g", c->number);
		else
			csv_put(fp, c->text);
		putc((i + 1) % s->columns ? separator : '\n', fp);
	}
}

static void json_text(FILE *fp, const char *text)
{
	putc('"', fp);
	for (const char *t = text; *t; t++)
		if (*t == '"' || *t == '\\')
			fprintf(fp, "\\%c", *t);
		else if ((unsigned char)*t < ' ')
			fprintf(fp, "\\u%04x", *t);
		else
			putc(*t, fp);
	putc('"', fp);
}

/* JSON knows neither NaN, which becomes null, nor infinity, which becomes a text. */
static void json_cell(FILE *fp, const struct cell *c)
{
	if (c->text)
		json_text(fp, c->text);
	else if (isnan(c->number))
		fputs("null", fp);
	else
		fprintf(fp, isinf(c->number) ? "\"%g\"" : "%.9g", c->number);
}

static void json_rows(const struct sheet *s, FILE *fp, const char *name, int64_t from, int64_t to)
{
	json_text(fp, name);
	fputs(": [", fp);
	for (int64_t r = from; r < to; r++) {
		fputs(r > from ? ",\n\t{ " : "\n\t{ ", fp);
		for (int k = 0; k < s->columns; k++) {
			fputs(k ? ", " : "", fp);
			json_text(fp, s->cell[k].text);
			fputs(": ", fp);
			json_cell(fp, &s->cell[(r + 1) * s->columns + k]);
		}
		fputs(" }", fp);
	}
	fputs("\n]", fp);
}

static void write_json(const struct sheet *s, FILE *fp)
{
	const int64_t rows = sheet_rows(s);
	fputs("{ ", fp);
	if (s->definition) {
		fputs("\"definition\": ", fp);
		json_text(fp, s->definition);
		fputs(",\n", fp);
	}
	json_rows(s, fp, s->rows, 0, s->more ? s->split : rows);
	if (s->more) {
		fputs(",\n", fp);
		json_rows(s, fp, s->more, s->split, rows);
	}
	fputs(" }\n", fp);
}

static void print_cell(char *out, size_t room, const struct cell *c)
{
	if (c->text)
		snprintf(out, room, "%s", c->text);
	else
		snprintf(out, room, "%.4g", c->number);
}

/* Each column as wide as its widest cell. */
static void write_table(const struct sheet *s, FILE *fp)
{
	char text[256];
	int *width = xcalloc((size_t)s->columns, sizeof *width);
	for (int64_t i = 0; i < s->n; i++) {
		print_cell(text, sizeof text, &s->cell[i]);
		if ((int)strlen(text) > width[i % s->columns])
			width[i % s->columns] = (int)strlen(text);
	}
	for (int64_t i = 0; i < s->n; i++) {
		const bool last = (i + 1) % s->columns == 0;
		print_cell(text, sizeof text, &s->cell[i]);
		fprintf(fp, "%-*s%s", last ? 0 : width[i % s->columns], text, last ? "\n" : "  ");
	}
	free(width);
}

void sheet_write(const struct sheet *s, FILE *fp, const char *format)
{
	if (!strcmp(format, "json"))
		write_json(s, fp);
	else if (!strcmp(format, "table"))
		write_table(s, fp);
	else
		write_delimited(s, fp, *format == 't' ? '\t' : ',');
}

void sheet_fini(struct sheet *s)
{
	for (int64_t i = 0; i < s->n; i++)
		free(s->cell[i].text);
	free(s->cell);
}
