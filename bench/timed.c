/*
 * timed.c: timed FILE COMMAND ARGUMENT...
 * Runs the command with its output in FILE and prints seconds to the first byte of that output (-: none came), seconds
 * in all, and the most memory that it or a process it waited for has had, in MB. Ends with the command's status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Copies until the end; when the first byte came, or 0 when none did. */
static double drain(int from, int to)
{
	static char buf[1 << 20];
	double first = 0;
	ssize_t n;

	while ((n = read(from, buf, sizeof buf)) > 0) {
		if (!first)
			first = now();
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(to, buf + done, (size_t)(n - done))) < 0)
				fail("timed: write");
	}
	return first;
}

int main(int argc, char **argv)
{
	struct rusage use;
	int tube[2], status, to;

	if (argc < 3) {
		fprintf(stderr, "usage: timed FILE COMMAND ARGUMENT...\n");
		return 2;
	}
	if ((to = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0)
		fail(argv[1]);
	if (pipe2(tube, O_CLOEXEC))
		fail("timed: pipe");
	const double start = now();
	const pid_t child = fork();
	if (child < 0)
		fail("timed: fork");
	if (!child) {
		dup2(tube[1], STDOUT_FILENO);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	close(tube[1]);
	const double first = drain(tube[0], to);
	if (wait4(child, &status, 0, &use) < 0)
		fail("timed: wait");
	const double all = now() - start;
	if (first)
		printf("%.4f\t", first - start);
	else
		printf("-\t");
	printf("%.4f\t%.1f\n", all, (double)use.ru_maxrss * 1024 / 1e6);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
