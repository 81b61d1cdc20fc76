/* What the columns of a list of cases mean, and how its cases are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/cases.h"

static void make(struct csv *c, const char *text)
{
	char path[] = "list.XXXXXX";
	struct err e;
	int fd = mkstemp(path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(csv_read(path, c, &e), 0);
	unlink(path);
}

static const char *id_of(const char *path)
{
	static char id[PM_ID];
	struct err e;
	return case_id_of_path(path, id, &e) ? "(error)" : id;
}

static void ids_of_paths(void **state)
{
	(void)state;
	assert_string_equal(id_of("case.nii.gz"), "case");
	assert_string_equal(id_of("a/b.c/d.png"), "a/b.c/d");
	assert_string_equal(id_of("./a//b.nii"), "a/b");
	assert_string_equal(id_of("/data/../x/y.h5"), "data/x/y");
	assert_string_equal(id_of("../../x.nii"), "x");
	assert_string_equal(id_of("no ending"), "no ending");
	assert_string_equal(id_of("..."), "...");
	assert_string_equal(id_of(""), "(error)");
	assert_string_equal(id_of("../.."), "(error)");
	char path[PM_ID + 10];
	memset(path, 'x', sizeof path);
	strcpy(path + PM_ID - 1, ".nii");
	assert_int_equal(strlen(id_of(path)), PM_ID - 1);
	path[PM_ID - 1] = 'x';
	strcpy(path + PM_ID, ".nii");
	assert_string_equal(id_of(path), "(error)");
}

static void columns(void **state)
{
	(void)state;
	struct csv c;
	struct case_columns k;
	struct err e;
	char id[PM_ID];
	make(&c, "id,image_t1,label,weight,image_t2\nfirst,a.nii,b.nii,c.nii,d.nii\n,e/f.nii,,,\n");
	assert_int_equal(case_columns(&c, "", &k, &e), 0);
	assert_int_equal(k.images, 2);
	assert_int_equal(k.image[1], 4);
	assert_int_equal(k.label, 2);
	assert_int_equal(k.weight, 3);
	assert_int_equal(case_id(&c, &k, 0, id, &e), 0);
	assert_string_equal(id, "first");
	assert_int_equal(case_id(&c, &k, 1, id, &e), 0);
	assert_string_equal(id, "e/f");
	assert_int_equal(case_columns(&c, "lable", &k, &e), -1);
	assert_non_null(strstr(e.msg, "did you mean 'label'"));
	csv_free(&c);

	make(&c, "scan,truth\na.nii,b.nii\n");
	assert_int_equal(case_columns(&c, "truth", &k, &e), 0);
	assert_int_equal(k.image[0], 0);
	assert_int_equal(k.label, 1);
	assert_int_equal(k.id, -1);
	assert_int_equal(case_columns(&c, "", &k, &e), 0);
	assert_int_equal(k.label, -1);
	csv_free(&c);

	make(&c, "label,scan\nb.nii,a.nii\n");
	assert_int_equal(case_columns(&c, "", &k, &e), -1);
	csv_free(&c);
	make(&c, "name,age\nx,7\n");
	assert_int_equal(case_columns(&c, "", &k, &e), -1);
	csv_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ids_of_paths), cmocka_unit_test(columns) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
