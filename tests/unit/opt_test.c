/* The option parser, specs and numbers. What ends the process runs in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/opt.h"

struct dice {
	double smooth;
	bool squared;
	struct numbers size;
	const char *mode;
};
static const struct opt dice_opts[] = {
	OPT_NUMBER(struct dice, smooth, 0, "S", "1e-5", 0, 1, "added to both"),
	OPT_SWITCH(struct dice, squared, 0, "square the terms"),
	OPT_NUMBER(struct dice, size, 0, "LIST", "", 1, 1e6, "the patch"),
	OPT_CHOICE(struct dice, mode, 0, "fast|exact", "exact", "how"),
	OPT_END,
};
static const struct plugin dice = {"dice", "one minus the Dice overlap", "Milletari et al., 3DV 2016", dice_opts, sizeof(struct dice)};
static const struct plugin ce = {"ce", "cross entropy", NULL, NULL, 0};
struct own {
	int weight;
};
static const struct opt own_opts[] = {OPT_NUMBER(struct own, weight, 0, "N", "3", 0, 9, "its own"), OPT_END};
static const struct plugin own = {"own", "has a weight of its own", NULL, own_opts, sizeof(struct own)};
static const struct plugin *const list[] = {&dice, &ce, &own, NULL};
static const struct kind losses = {"loss", list};
static const struct kind *const kinds[] = {&losses, NULL};

struct conf {
	int threads, batch_size;
	int64_t seed;
	float drop;
	double lr;
	bool fast;
	const char *output, *precision;
	struct texts model;
	struct numbers labels;
};
static const struct opt opts[] = {
	OPT_NUMBER(struct conf, threads, 'j', "N", "1", 1, 1024, "threads"),
	OPT_NUMBER(struct conf, batch_size, 0, "N", "4", 1, INT32_MAX, "samples"),
	OPT_NUMBER(struct conf, seed, 's', "N", "0", -INFINITY, INFINITY, "seed"),
	OPT_NUMBER(struct conf, drop, 0, "P", "0.5", 0, 1, "dropout"),
	OPT_NUMBER(struct conf, lr, 0, "X", "1e-3", 0, 10, "learning rate"),
	OPT_SWITCH(struct conf, fast, 'f', "fast"),
	OPT_STRING(struct conf, output, 'o', "FILE", NULL, "output"),
	OPT_CHOICE(struct conf, precision, 0, "f32|bf16", "f32", "precision"),
	OPT_STRING(struct conf, model, 'm', "FILE", NULL, "model, may be repeated"),
	OPT_NUMBER(struct conf, labels, 0, "LIST", "1,2", 0, 255, "labels"),
	OPT_END,
};
static const struct tool tool = {"pymic-x", "try things", "[file ...]", opts, kinds, NULL};

enum { WORDS = 40 };
static char *args[WORDS];
static struct conf conf;
static char **operand;

/* words: blank-separated. */
static int run(const char *words)
{
	static char text[1000];
	int n = 0;
	snprintf(text, sizeof text, "pymic-x %s", words);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		args[n++] = w;
	args[n] = NULL;
	memset(&conf, 0x5a, sizeof conf); /* the parser must not count on zeros */
	return opt_parse(&tool, &conf, n, args, &operand);
}

/* Exit status of a run in a child, its output and messages. 99: it did not end there. */
static char said[20000];
static int ends(const char *words)
{
	int fd[2], status;
	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fd[1], STDERR_FILENO);
		dup2(fd[1], STDOUT_FILENO);
		run(words);
		_exit(99);
	}
	close(fd[1]);
	size_t used = 0;
	ssize_t n;
	while (used < sizeof said - 1 && (n = read(fd[0], said + used, sizeof said - 1 - used)) > 0)
		used += n;
	said[used] = '\0';
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(run(""), 0);
	assert_int_equal(conf.threads, 1);
	assert_int_equal(conf.batch_size, 4);
	assert_true(conf.lr == 1e-3);
	assert_true(conf.drop == 0.5f);
	assert_false(conf.fast);
	assert_null(conf.output);
	assert_string_equal(conf.precision, "f32");
	assert_int_equal(conf.model.n, 0);
	assert_int_equal(conf.labels.n, 2);
	assert_null(operand[0]);
}

static void forms(void **state)
{
	(void)state;
	assert_int_equal(run("a --threads 3 --batch-size=7 b -o out -m x -my --model z -fs-5 - -- -j --fast"), 5);
	assert_int_equal(conf.threads, 3);
	assert_int_equal(conf.batch_size, 7);
	assert_string_equal(conf.output, "out");
	assert_int_equal(conf.model.n, 3);
	assert_string_equal(conf.model.v[1], "y");
	assert_true(conf.fast);
	assert_int_equal(conf.seed, -5);
	assert_string_equal(operand[0], "a");
	assert_string_equal(operand[2], "-");
	assert_string_equal(operand[3], "-j");
	run("--th 2 --batch_size 9 --labels 1,2,3 --labels 7 --lr .5 --lr 1E-3 --fast=0 --se 9223372036854775807");
	assert_int_equal(conf.threads, 2);
	assert_int_equal(conf.batch_size, 9);
	assert_int_equal(conf.labels.n, 1);
	assert_true(conf.labels.v[0] == 7);
	assert_true(conf.lr == 1e-3);
	assert_true(conf.seed == INT64_MAX);
	run("-qv");
	assert_int_equal(pm_verbose, -1);
	run("-v --stats");
	assert_int_equal(pm_verbose, 1);
	assert_true(pm_stats);
	run("");
	assert_int_equal(pm_verbose, 0);
	assert_false(pm_stats);
}

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *words, *message;
	} bad[] = {
		{"--thraeds 3", "did you mean --threads?"}, {"--xyzzy", "unknown option --xyzzy"}, {"--l 3", "lr, labels, list"},
		{"-z", "unknown option -z"}, {"-o", "option -o needs a value"}, {"--output", "option --output needs a value"},
		{"--lr 5x", "--lr: '5x' is not a number"}, {"--lr 11", "must be from 0 to 10"}, {"--lr -1", "must be from 0 to 10"},
		{"--lr nan", "not a number"}, {"--lr inf", "not a number"}, {"--lr 0x1", "not a number"}, {"--lr 0,5", "not a number"},
		{"--lr=", "not a number"}, {"--threads 1.5", "not a whole number"}, {"--threads 0", "from 1 to 1024"},
		{"--batch-size 2147483648", "must be"}, {"--seed 1e19", "too large"},
		{"--precision f33", "'f33' is none of f32|bf16"}, {"--labels 1,,2", "is not a number"}, {"--labels 1,", "missing"},
		{"--labels 1,256", "from 0 to 255"}, {"--fast=2", "neither 0 nor 1"}, {"--help=lost", "did you mean loss?"},
		{"--help=loss:dic", "did you mean dice?"}, {"--list=net", "unknown kind 'net'"}, {"@/nonexistent/file", "No such file"},
		{"--", NULL},
	};
	for (size_t i = 0; bad[i].message; i++) {
		assert_int_equal(ends(bad[i].words), PM_USAGE);
		if (!strstr(said, bad[i].message))
			fail_msg("'%s' said: %s", bad[i].words, said);
		assert_memory_equal(said, "pymic-x: ", 9);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
}

static void helps(void **state)
{
	(void)state;
	assert_int_equal(ends("--help --threads 5"), PM_OK);
	for (const struct opt *o = opts; o->name; o++)
		assert_non_null(strstr(said, o->help));
	assert_non_null(strstr(said, "--batch-size N"));
	assert_non_null(strstr(said, "[default 1e-3; 0 to 10]"));
	assert_non_null(strstr(said, "one minus the Dice overlap"));
	assert_int_equal(ends("-h"), PM_OK);
	assert_int_equal(ends("--help=loss:dice"), PM_OK);
	assert_non_null(strstr(said, "Milletari"));
	assert_non_null(strstr(said, "smooth=S"));
	assert_int_equal(ends("--help=mdoc"), PM_OK);
	assert_non_null(strstr(said, ".Sh OPTIONS"));
	assert_int_equal(ends("--list"), PM_OK);
	assert_non_null(strstr(said, "loss\tce\tcross entropy\n"));
	assert_int_equal(ends("--list=loss"), PM_OK);
	assert_memory_equal(said, "dice\tone", 8);
	assert_int_equal(ends("--version"), PM_OK);
	assert_non_null(strstr(said, "pymic-x " PM_VERSION " (commit "));
}

static void argument_files(void **state)
{
	(void)state;
	char path[] = "/tmp/pymic-opt.XXXXXX", words[200];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	dprintf(fd, "# a comment\n--output 'a b' # another\n--model \"x\\\"y\"\r\n--model a\\ b '' c#d\n--thr \\\n 4");
	snprintf(words, sizeof words, "first @%s last", path);
	assert_int_equal(run(words), 4);
	assert_string_equal(conf.output, "a b");
	assert_int_equal(conf.model.n, 2);
	assert_string_equal(conf.model.v[0], "x\"y");
	assert_string_equal(conf.model.v[1], "a b");
	assert_int_equal(conf.threads, 4);
	assert_string_equal(operand[0], "first");
	assert_string_equal(operand[1], "");
	assert_string_equal(operand[2], "c#d");
	assert_string_equal(operand[3], "last");
	assert_int_equal(pm_argc, 13);
	assert_int_equal(ftruncate(fd, 0), 0);
	dprintf(fd, "\n@%s", path); /* itself, for ever */
	snprintf(words, sizeof words, "@%s", path);
	assert_int_equal(ends(words), PM_USAGE);
	snprintf(words, sizeof words, "-- @%s", path);
	assert_int_equal(run(words), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "'open", 5, 0), 5);
	snprintf(words, sizeof words, "@%s", path);
	assert_int_equal(ends(words), PM_USAGE);
	assert_non_null(strstr(said, "quote"));
	close(fd);
	unlink(path);
}

static void specs(void **state)
{
	(void)state;
	struct err e;
	void *c;
	struct dice *d;
	struct spec s[3];
	assert_ptr_equal(spec_parse(&losses, "dice", &c, &e), &dice);
	d = c;
	assert_true(d->smooth == 1e-5 && !d->squared && d->size.n == 0);
	assert_string_equal(d->mode, "exact");
	assert_ptr_equal(spec_parse(&losses, "dice:smooth=+1e-3:squared:size=6x256x200:mode=fast", &c, &e), &dice);
	d = c;
	assert_true(d->smooth == 1e-3 && d->squared);
	assert_int_equal(d->size.n, 3);
	assert_true(d->size.v[1] == 256 && d->size.v[2] == 200);
	assert_string_equal(d->mode, "fast");
	assert_ptr_equal(spec_parse(&losses, "dice:size=6,256,256:sm=.5:squared=0", &c, &e), &dice);
	d = c;
	assert_true(d->smooth == .5 && !d->squared && d->size.n == 3);
	assert_int_equal(spec_sum_parse(&losses, "dice:smooth=1e+0:w=2+ce:weight=.5+own:weight=4", s, 3, &e), 3);
	assert_true(s[0].weight == 2 && s[1].weight == .5 && s[2].weight == 1);
	assert_true(((struct dice *)s[0].conf)->smooth == 1);
	assert_int_equal(((struct own *)s[2].conf)->weight, 4);
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"dicee", "unknown loss 'dicee'; did you mean dice?"}, {"nothinglike", "--list=loss"},
		{"dice:smoth=1", "did you mean smooth?"}, {"dice:smooth=2", "dice:smooth=2: must be from 0 to 1"},
		{"dice:smooth", "needs a value"}, {"dice:", "unknown setting"}, {"dice::squared", "unknown setting"},
		{"dice:weight=-1", "must be from 0"}, {"ce:k=1", "unknown setting ce:k"}, {"", "missing"}, {"ce+", "missing"}, {"+ce", "missing"},
		{"ce++ce", "missing"}, {"ce+ce+ce+ce", "more than 3 parts"}, {"dice:mode=slow", "none of fast|exact"},
		{"dice:s=1", "may mean smooth, squared, size"},
	};
	for (size_t i = 0; i < PM_COUNT(bad); i++) {
		assert_int_equal(spec_sum_parse(&losses, bad[i].text, s, 3, &e), -1);
		if (!strstr(e.msg, bad[i].message))
			fail_msg("'%s' said: %s", bad[i].text, e.msg);
	}
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double v;
	} good[] = {{"1.5e-3", 1.5e-3}, {"1E-3", 1e-3}, {".5", .5}, {"+1", 1}, {"-0", 0}, {"5.", 5}, {"1e2", 100}};
	static const char *const bad[] = {"", " 1", "1 ", "1,5", "0x10", "nan", "inf", "1e400", "-", "e5", "1e", "--1", "1.2.3"};
	double v;
	int64_t bytes;
	setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed, the comma is the decimal point */
	for (size_t i = 0; i < PM_COUNT(good); i++) {
		assert_int_equal(parse_number(good[i].text, &v), 0);
		assert_true(v == good[i].v);
	}
	for (size_t i = 0; i < PM_COUNT(bad); i++)
		assert_int_equal(parse_number(bad[i], &v), -1);
	setlocale(LC_ALL, "C");
	assert_int_equal(parse_size("1.5K", &bytes), 0);
	assert_int_equal(bytes, 1536);
	assert_int_equal(parse_size("2GB", &bytes), 0);
	assert_int_equal(bytes, 2ll << 30);
	assert_int_equal(parse_size("100", &bytes), 0);
	assert_int_equal(bytes, 100);
	assert_int_equal(parse_size("-1K", &bytes), -1);
	assert_int_equal(parse_size("K", &bytes), -1);
	assert_int_equal(parse_size("1X", &bytes), -1);
	assert_int_equal(parse_size("99999999T", &bytes), -1);
}

static void near_names(void **state)
{
	(void)state;
	static const char *const names[] = {"normalize", "pad", "crop", "flip", NULL};
	assert_string_equal(did_you_mean("normalise", names), "normalize");
	assert_string_equal(did_you_mean("filp", names), "flip");
	assert_string_equal(did_you_mean("norm", names), "normalize");
	assert_null(did_you_mean("rotate", names));
	assert_null(did_you_mean("", names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(forms), cmocka_unit_test(refused), cmocka_unit_test(helps),
		cmocka_unit_test(argument_files), cmocka_unit_test(specs), cmocka_unit_test(numbers), cmocka_unit_test(near_names),
	};
	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
