#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "io/outfile.h"

static char *folder;

static int enter(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	folder = xprintf("%s/outfile.XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	unlink("a");
	unlink("b");
	unlink("pipe");
	rmdir("x/y/z");
	rmdir("x/y");
	rmdir("x");
	int rc = chdir("/") || rmdir(folder); /* fails when something was left behind */
	free(folder);
	return rc;
}

static bool exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static void put(struct outfile *f, const char *text)
{
	assert_int_equal(write(outfile_fd(f), text, strlen(text)), strlen(text));
}

static void assert_holds(const char *path, const char *text)
{
	char got[64] = "";
	FILE *fp = fopen(path, "r");
	assert_non_null(fp);
	got[fread(got, 1, sizeof got - 1, fp)] = 0;
	fclose(fp);
	assert_string_equal(got, text);
}

static void test_name_means_complete(void **state)
{
	(void)state;
	struct err e;
	struct outfile *f = outfile_open("a", &e);
	assert_non_null(f);
	put(f, "one");
	assert_false(exists("a"));
	assert_true(exists(outfile_part(f)));
	assert_int_equal(outfile_close(f, &e), 0);
	assert_holds("a", "one");
	assert_false(exists("a.part"));

	/* The old file stays until the new one is whole. */
	f = outfile_open("a", &e);
	fputs("two", outfile_stream(f));
	assert_holds("a", "one");
	outfile_discard(f);
	assert_holds("a", "one");
	assert_false(exists("a.part"));
	f = outfile_open("a", &e);
	fputs("three", outfile_stream(f));
	assert_int_equal(outfile_close(f, &e), 0);
	assert_holds("a", "three");
}

static void test_left_over(void **state)
{
	(void)state;
	struct err e;
	int fd = open("b.part", O_WRONLY | O_CREAT, 0666);
	assert_int_equal(write(fd, "from a killed run", 17), 17);
	close(fd);
	struct outfile *f = outfile_open("b", &e);
	assert_non_null(f);
	assert_null(outfile_open("b", &e)); /* while one writes, another may not */
	assert_non_null(strstr(e.msg, "another process"));
	put(f, "new");
	assert_int_equal(outfile_close(f, &e), 0);
	assert_holds("b", "new");
}

static void test_die_removes(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		struct err e;
		freopen("/dev/null", "w", stderr);
		outfile_open("c", &e);
		die(PM_FAIL, "no");
	}
	int status;
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PM_FAIL);
	assert_false(exists("c") || exists("c.part"));
}

static void test_errors(void **state)
{
	(void)state;
	struct err e;
	assert_null(outfile_open("nowhere/a", &e));
	assert_non_null(strstr(e.msg, "nowhere/a"));
	assert_null(outfile_open("/", &e));
	struct outfile *f = outfile_open("/dev/full", &e);
	assert_non_null(f);
	fputs("x", outfile_stream(f));
	assert_int_equal(outfile_close(f, &e), -1);
	assert_non_null(strstr(e.msg, "/dev/full"));
}

static void test_pipe(void **state)
{
	(void)state;
	struct err e;
	char got[4];
	assert_int_equal(mkfifo("pipe", 0600), 0);
	int in = open("pipe", O_RDONLY | O_NONBLOCK);
	struct outfile *f = outfile_open("pipe", &e);
	assert_non_null(f);
	put(f, "abc");
	assert_int_equal(outfile_close(f, &e), 0);
	assert_int_equal(read(in, got, sizeof got), 3);
	close(in);
	assert_false(exists("pipe.part"));
}

static void test_folders(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(make_folder("x/y/z", &e), 0);
	assert_int_equal(make_folder("x/y/z/", &e), 0);
	assert_int_equal(make_folder("x//y", &e), 0);
	assert_true(exists("x/y/z"));
	assert_int_equal(make_folder("a/y", &e), -1);
	assert_non_null(strstr(e.msg, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_means_complete),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_die_removes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_folders),
	};
	return cmocka_run_group_tests_name("outfile", tests, enter, leave);
}
