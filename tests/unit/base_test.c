/* Errors, dying, memory, products, threads. What ends the process runs in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pthread.h>

#include <cmocka.h>

#include "base/base.h"

/* Runs f in a child; its exit status, and what it wrote to stderr. */
static int child(void (*f)(void), char *text, size_t size)
{
	int fd[2], status;
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fd[1], STDERR_FILENO);
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		f();
		fflush(NULL);
		_exit(99);
	}
	close(fd[1]);
	size_t used = 0;
	ssize_t n;
	while (used < size - 1 && (n = read(fd[0], text + used, size - 1 - used)) > 0)
		used += n;
	text[used] = '\0';
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void errors(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(err_set(&e, "label %d but --classes is %d", 5, 4), -1);
	assert_int_equal(err_prefix(&e, "case_%03d", 7), -1);
	assert_string_equal(e.msg, "case_007: label 5 but --classes is 4");
	char longer[2000];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	err_set(&e, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_prefix(&e, "%s", "here");
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	assert_memory_equal(e.msg, "here: xxx", 9);
	err_prefix(&e, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void say_undo(void *arg, enum status status, const char *why)
{
	fprintf(stderr, "%s %d %s\n", (char *)arg, status, why ? why : "quietly");
}

static void dies(void)
{
	char a[] = "a", b[] = "b", c[] = "c";
	pm_tool = "pymic-x";
	at_die(say_undo, a);
	at_die(say_undo, b);
	at_die(say_undo, c);
	at_die_cancel(b);
	die(PM_INPUT, "case\n7: %s", "bad\033[2J");
}

static void quits(void)
{
	char a[] = "a";
	at_die(say_undo, a);
	quit(PM_STOPPED);
}

static void fail_again(void *arg, enum status status, const char *why)
{
	(void)arg, (void)status, (void)why;
	die(PM_FAIL, "again");
}

static void dies_twice(void)
{
	at_die(fail_again, NULL);
	die(PM_INPUT, "first");
}

static void *die_in_thread(void *arg)
{
	die(PM_FAIL, "thread %s", (char *)arg);
}

static void die_together(void)
{
	pthread_t t[8];
	char name[] = "x";
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, die_in_thread, name);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
}

static void messages(void)
{
	pm_tool = "t";
	pm_verbose = -1;
	warning("w%d", 1);
	note("hidden");
	pm_verbose = 0;
	note("n");
	detail("hidden");
	pm_verbose = 1;
	detail("d");
	close_stdout();
	die(PM_OK, "end");
}

static void dying(void **state)
{
	(void)state;
	char text[1000];
	assert_int_equal(child(dies, text, sizeof text), PM_INPUT);
	assert_string_equal(text, "pymic-x: case?7: bad?[2J\nc 3 case?7: bad?[2J\na 3 case?7: bad?[2J\n");
	assert_int_equal(child(quits, text, sizeof text), PM_STOPPED);
	assert_string_equal(text, "a 75 quietly\n");
	assert_int_equal(child(dies_twice, text, sizeof text), PM_FAIL);
	assert_int_equal(child(die_together, text, sizeof text), PM_FAIL);
	assert_string_equal(text, "pymic: thread x\n");
	assert_int_equal(child(messages, text, sizeof text), PM_OK);
	assert_string_equal(text, "t: warning: w1\nt: n\nt: d\nt: end\n");
}

static void too_much(void)
{
	xcalloc(SIZE_MAX / 2, 3);
}

static void too_much_again(void)
{
	xresize(NULL, SIZE_MAX / 2, 3);
}

static void memory(void **state)
{
	(void)state;
	char text[1000];
	assert_int_equal(child(too_much_again, text, sizeof text), PM_FAIL);
	assert_non_null(strstr(text, "out of memory"));
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(child(too_much, text, sizeof text), PM_FAIL);
	assert_non_null(strstr(text, "out of memory"));
#else
	(void)too_much; /* the sanitizer's calloc ends the process by itself */
#endif
	int *p = xresize(NULL, 3, sizeof *p);
	p[2] = 5;
	p = xresize(p, 1000, sizeof *p);
	assert_int_equal(p[2], 5);
	free(p);
	char *s = xprintf("%d-%s", 4, "x");
	assert_string_equal(s, "4-x");
	free(s);
	s = xstrdup("");
	assert_string_equal(s, "");
	free(s);
	free(xmalloc(0));
}

static void products(void **state)
{
	(void)state;
	int64_t r = -1;
	assert_true(product((int64_t[]){2, 3, 7}, 3, &r));
	assert_int_equal(r, 42);
	assert_true(product(NULL, 0, &r));
	assert_int_equal(r, 1);
	assert_true(product((int64_t[]){INT64_MAX, 1}, 2, &r));
	assert_int_equal(r, INT64_MAX);
	assert_false(product((int64_t[]){1ll << 32, 1ll << 31}, 2, &r));
	assert_false(product((int64_t[]){-1, -1}, 2, &r));
	assert_true(product((int64_t[]){INT64_MAX, INT64_MAX, 0}, 3, &r));
	assert_int_equal(r, 0);
}

static void clock_and_cpus(void **state)
{
	(void)state;
	double t = now();
	usleep(2000);
	assert_true(now() - t >= 0.002);
	cpu_set_t all, one;
	assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
	int n = cpu_count();
	assert_true(n >= 1 && n <= CPU_COUNT(&all));
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			break;
		}
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(cpu_count(), 1);
	sched_setaffinity(0, sizeof all, &all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors), cmocka_unit_test(dying), cmocka_unit_test(memory), cmocka_unit_test(products),
		cmocka_unit_test(clock_and_cpus),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
