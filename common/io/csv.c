/* csv.c: reads lists of cases. The text is kept whole; cells are cut out of it in place. */
#include "io/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CSV_MAX = 1 << 28, CSV_COLUMNS = 256 };

/* The whole file with a NUL behind, or NULL. Pipes are welcome: the size is not known beforehand. */
static char *slurp(const char *path, size_t *len, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	size_t cap = 1 << 16, n = 0;
	char *text = xmalloc(cap);
	for (;;) {
		ssize_t got = read(fd, text + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err_set(e, "%s: %s", path, strerror(errno));
		else if (n + (size_t)got > CSV_MAX)
			err_set(e, "%s: longer than %d MiB: not a list of cases", path, CSV_MAX >> 20);
		if (got < 0 || n + (size_t)got > CSV_MAX) {
			close(fd);
			free(text);
			return NULL;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n + 1 == cap)
			text = xresize(text, cap *= 2, 1);
	}
	close(fd);
	text[n] = '\0';
	*len = n;
	return text;
}

/* A comma; or a tab where the header has tabs and no comma. -1 with a hint where it is something else. */
static int find_separator(const struct csv *c, const char *s, struct err *e)
{
	bool quoted = false;
	int commas = 0, tabs = 0, semicolons = 0;
	for (; *s && (quoted || (*s != '\n' && *s != '\r')); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (!quoted) {
			commas += *s == ',';
			tabs += *s == '\t';
			semicolons += *s == ';';
		}
	}
	if (!commas && tabs)
		return '\t';
	if (!commas && semicolons)
		return err_set(e, "%s: cells are separated by ';': save the list with commas", c->path);
	return ',';
}

struct cursor {
	char *s, *end;
	int line, sep;
	bool row_end; /* the cell was the last of its row */
};

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static void line_end(struct cursor *p)
{
	if (p->s < p->end && *p->s == '\r')
		p->s++;
	if (p->s < p->end && *p->s == '\n')
		p->s++;
	p->line++;
}

static char *quoted_cell(struct cursor *p, const char *path, struct err *e)
{
	int first = p->line;
	char *cell = ++p->s, *to = cell;
	for (;; p->s++) {
		if (p->s >= p->end) {
			err_set(e, "%s:%d: a quote is opened and never closed", path, first);
			return NULL;
		}
		if (*p->s == '"') {
			if (p->s + 1 >= p->end || p->s[1] != '"')
				break;
			p->s++;
		}
		p->line += *p->s == '\n';
		*to++ = *p->s;
	}
	*to = '\0';
	p->s++;
	while (p->s < p->end && *p->s != p->sep && is_blank(*p->s))
		p->s++;
	return cell;
}

/* Cuts the next cell out and steps behind its separator. */
static char *next_cell(struct cursor *p, const char *path, struct err *e)
{
	while (p->s < p->end && *p->s != p->sep && is_blank(*p->s))
		p->s++;
	char *cell = p->s;
	char *stop = NULL;
	if (p->s < p->end && *p->s == '"') {
		if (!(cell = quoted_cell(p, path, e)))
			return NULL;
		if (p->s < p->end && *p->s != p->sep && *p->s != '\n' && *p->s != '\r') {
			err_set(e, "%s:%d: text after a closing quote", path, p->line);
			return NULL;
		}
	} else {
		while (p->s < p->end && *p->s != p->sep && *p->s != '\n' && *p->s != '\r')
			p->s++;
		stop = p->s;
		while (stop > cell && is_blank(stop[-1]))
			stop--;
	}
	p->row_end = p->s >= p->end || *p->s != p->sep;
	if (p->row_end)
		line_end(p);
	else
		p->s++;
	if (stop)
		*stop = '\0'; /* only now: it may be the separator that was looked at */
	return cell;
}

/* Steps over blank lines; false at the end of the text. */
static bool next_row(struct cursor *p)
{
	for (;;) {
		char *s = p->s;
		while (s < p->end && *s != p->sep && is_blank(*s))
			s++;
		if (s >= p->end)
			return false;
		if (*s != '\n' && *s != '\r')
			return true;
		p->s = s;
		line_end(p);
	}
}

static int read_header(struct csv *c, struct cursor *p, struct err *e)
{
	if (!next_row(p))
		return err_set(e, "%s: the list is empty: a header line with the column names is missing", c->path);
	int line = p->line;
	c->name = xcalloc(CSV_COLUMNS, sizeof(*c->name));
	do {
		if (c->columns == CSV_COLUMNS)
			return err_set(e, "%s:%d: more than %d columns", c->path, line, CSV_COLUMNS);
		char *cell = next_cell(p, c->path, e);
		if (!cell)
			return -1;
		if (*cell && csv_column(c, cell) >= 0)
			return err_set(e, "%s:%d: two columns are named '%s'", c->path, line, cell);
		c->name[c->columns++] = cell;
	} while (!p->row_end);
	return 0;
}

static int read_rows(struct csv *c, struct cursor *p, struct err *e)
{
	int cap = 0;
	while (next_row(p)) {
		if (c->rows == cap) {
			cap = cap ? 2 * cap : 64;
			c->cell = xresize(c->cell, (size_t)cap * (size_t)c->columns, sizeof(*c->cell));
			c->line = xresize(c->line, (size_t)cap, sizeof(*c->line));
		}
		int n = 0, line = p->line;
		char **row = c->cell + (size_t)c->rows * (size_t)c->columns;
		do {
			char *cell = next_cell(p, c->path, e);
			if (!cell)
				return -1;
			if (n < c->columns)
				row[n] = cell;
			n++;
		} while (!p->row_end);
		if (n != c->columns)
			return err_set(e, "%s:%d: %d cell%s, but the header names %d column%s", c->path, line, n, n == 1 ? "" : "s",
				c->columns, c->columns == 1 ? "" : "s");
		c->line[c->rows++] = line;
	}
	return 0;
}

int csv_read(const char *path, struct csv *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	size_t len;
	char *text = slurp(path, &len, e);
	if (!text)
		return -1;
	c->text = text;
	c->path = xstrdup(path);
	struct cursor p = { text, text + len, 1, ',', false };
	int failed = 0;
	if (strlen(text) != len)
		failed = err_set(e, "%s: holds NUL bytes: not a text file in UTF-8", path);
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p.s += 3;
	while (p.s < p.end && *p.s == '#') {
		p.s += strcspn(p.s, "\r\n");
		line_end(&p);
	}
	if (!failed)
		failed = (p.sep = find_separator(c, p.s, e)) < 0;
	if (!failed)
		failed = read_header(c, &p, e) || read_rows(c, &p, e);
	if (failed)
		csv_free(c);
	return failed ? -1 : 0;
}

int csv_column(const struct csv *c, const char *name)
{
	for (int i = 0; i < c->columns; i++)
		if (!strcmp(c->name[i], name))
			return i;
	return -1;
}

const char *csv_cell(const struct csv *c, int row, int column)
{
	return c->cell[(size_t)row * (size_t)c->columns + (size_t)column];
}

char *csv_path(const struct csv *c, const char *cell)
{
	const char *slash = strrchr(c->path, '/');
	if (cell[0] == '/' || !slash)
		return xstrdup(cell);
	return xprintf("%.*s/%s", (int)(slash - c->path), c->path, cell);
}

void csv_free(struct csv *c)
{
	free(c->path);
	free(c->name);
	free(c->cell);
	free(c->line);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

void csv_put(FILE *fp, const char *cell)
{
	size_t n = strlen(cell);
	if (!strpbrk(cell, ",\"\r\n\t;") && (!n || (!is_blank(cell[0]) && !is_blank(cell[n - 1])))) {
		fputs(cell, fp);
		return;
	}
	putc('"', fp);
	for (; *cell; cell++) {
		if (*cell == '"')
			putc('"', fp);
		putc(*cell, fp);
	}
	putc('"', fp);
}
