/* Lists: what RFC 4180 allows, what spreadsheets make of it, and what is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/csv.h"

static struct err e;

static int parse_bytes(const char *text, size_t n, struct csv *c)
{
	FILE *fp = fopen("list.csv", "wb");
	assert_non_null(fp);
	assert_int_equal(fwrite(text, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
	int rc = csv_read("list.csv", c, &e);
	unlink("list.csv");
	return rc;
}

static int parse(const char *text, struct csv *c)
{
	return parse_bytes(text, strlen(text), c);
}

static void refused(const char *text, const char *why)
{
	struct csv c;
	e.msg[0] = '\0';
	assert_int_equal(parse(text, &c), -1);
	if (!strstr(e.msg, why))
		fail_msg("'%s' does not say '%s'", e.msg, why);
	assert_null(c.text); /* nothing is left to free */
}

static void plain(void **state)
{
	(void)state;
	static const char *const same[] = {
		"image,label\na.nii,b.nii\nc.nii,\n", "image,label\r\na.nii,b.nii\r\nc.nii,\r\n", "image,label\na.nii,b.nii\nc.nii,",
		"\xef\xbb\xbfimage,label\na.nii,b.nii\nc.nii,\n", "\n\nimage,label\n\na.nii,b.nii\r\n  \nc.nii,\n\n",
		"image\tlabel\na.nii\tb.nii\nc.nii\t\n", " image , label \n a.nii,b.nii \nc.nii, ", "image,label\ra.nii,b.nii\rc.nii,\r",
		"\"image\",\"label\"\n\"a.nii\",b.nii\nc.nii,\"\"\n",
		"# made by; one\n#two\r\nimage\tlabel\na.nii\tb.nii\nc.nii\t\n",
	};
	for (size_t i = 0; i < PM_COUNT(same); i++) {
		struct csv c;
		assert_int_equal(parse(same[i], &c), 0);
		assert_int_equal(c.columns, 2);
		assert_int_equal(c.rows, 2);
		assert_int_equal(csv_column(&c, "image"), 0);
		assert_int_equal(csv_column(&c, "label"), 1);
		assert_int_equal(csv_column(&c, "weight"), -1);
		assert_string_equal(csv_cell(&c, 0, 0), "a.nii");
		assert_string_equal(csv_cell(&c, 0, 1), "b.nii");
		assert_string_equal(csv_cell(&c, 1, 0), "c.nii");
		assert_string_equal(csv_cell(&c, 1, 1), "");
		csv_free(&c);
	}
}

static void quotes(void **state)
{
	(void)state;
	struct csv c;
	assert_int_equal(parse("image,\"a \"\"b\"\"\"\n\"x,y.nii\",\"two\nlines\"\n\" spaces \"  ,z\n", &c), 0);
	assert_string_equal(c.name[1], "a \"b\"");
	assert_string_equal(csv_cell(&c, 0, 0), "x,y.nii");
	assert_string_equal(csv_cell(&c, 0, 1), "two\nlines");
	assert_string_equal(csv_cell(&c, 1, 0), " spaces ");
	assert_int_equal(c.line[0], 2);
	assert_int_equal(c.line[1], 4); /* the row before it has two lines */
	csv_free(&c);
}

static void many_rows(void **state)
{
	(void)state;
	enum { N = 1000000 };
	char *text = xmalloc(N * 16 + 16), *to = text;
	struct csv c;
	to += sprintf(to, "image\n");
	for (int i = 0; i < N; i++)
		to += sprintf(to, "%d.nii\n", i);
	assert_int_equal(parse(text, &c), 0);
	assert_int_equal(c.rows, N);
	assert_string_equal(csv_cell(&c, N - 1, 0), "999999.nii");
	assert_int_equal(c.line[N - 1], N + 1);
	csv_free(&c);
	free(text);
}

static void refusals(void **state)
{
	(void)state;
	struct csv c;
	refused("", "the list is empty");
	refused("\n \n", "the list is empty");
	refused("image,label\na\n", "list.csv:2: 1 cell, but the header names 2 columns");
	refused("image\n\na\nb,c\n", "list.csv:4: 2 cells, but the header names 1 column");
	refused("image;label\na;b\n", "separated by ';'");
	refused("image,image\na,b\n", "two columns are named 'image'");
	refused("image,label\n\"a,b\n", "list.csv:2: a quote is opened");
	refused("image,label\n\"a\"b,c\n", "list.csv:2: text after a closing quote");
	assert_int_equal(parse_bytes("image\na\0b\n", 10, &c), -1);
	assert_non_null(strstr(e.msg, "NUL"));
	assert_int_equal(csv_read("/nonexistent/list.csv", &c, &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/list.csv: No such file"));
	assert_int_equal(csv_read(".", &c, &e), -1);
	assert_non_null(strstr(e.msg, "directory"));
}

static void paths(void **state)
{
	(void)state;
	static const struct { const char *list, *cell, *path; } of[] = {
		{ "a/b/list.csv", "c.nii", "a/b/c.nii" }, { "list.csv", "c.nii", "c.nii" }, { "a/list.csv", "/c.nii", "/c.nii" },
		{ "/list.csv", "../c.nii", "/../c.nii" },
	};
	for (size_t i = 0; i < PM_COUNT(of); i++) {
		struct csv c = { .path = (char *)of[i].list };
		char *path = csv_path(&c, of[i].cell);
		assert_string_equal(path, of[i].path);
		free(path);
	}
}

/* What csv_put writes csv_read reads, whatever it is. */
static void round_trip(void **state)
{
	(void)state;
	static const char *const cell[] = { "plain", "", "a,b", "\"", "two\nlines", " blanks ", "a\tb", "a;b", "r\r" };
	struct csv c;
	FILE *fp = fopen("list.csv", "wb");
	assert_non_null(fp);
	fputs("head,last\n", fp);
	for (size_t i = 0; i < PM_COUNT(cell); i++) {
		csv_put(fp, cell[i]);
		fputs(",x\n", fp);
	}
	fclose(fp);
	assert_int_equal(csv_read("list.csv", &c, &e), 0);
	assert_int_equal(c.rows, PM_COUNT(cell));
	for (size_t i = 0; i < PM_COUNT(cell); i++)
		assert_string_equal(csv_cell(&c, (int)i, 0), cell[i]);
	csv_free(&c);
	unlink("list.csv");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain), cmocka_unit_test(quotes), cmocka_unit_test(many_rows), cmocka_unit_test(refusals),
		cmocka_unit_test(paths), cmocka_unit_test(round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
