/* log.c: the course of a run: a table on stdout, and the same as JSON lines in the folder. */
#include "log.h"

#include "io/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;
static char *log_path;
static bool deaf;   /* nobody reads our stdout any more */
static bool headed;

/* Keeps the whole lines up to that iteration: what came later will come again. */
static void cut(const char *path, int64_t iter)
{
	FILE *fp = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct err e;
	long long at;

	if (!fp) {
		if (errno != ENOENT)
			die(PM_FAIL, "%s: %s", path, strerror(errno));
		return;
	}
	struct outfile *out = outfile_open(path, &e);
	if (!out)
		die(PM_FAIL, "%s", e.msg);
	while (iter > 0 && (n = getline(&line, &cap, fp)) > 0 && line[n - 1] == '\n')
		if (sscanf(line, "{\"iter\":%lld", &at) == 1 && at <= iter)
			fwrite(line, 1, (size_t)n, outfile_stream(out));
	free(line);
	fclose(fp);
	if (outfile_close(out, &e))
		die(PM_FAIL, "%s", e.msg);
}

void log_open(const struct conf *c, int64_t iter)
{
	log_path = in_folder(c, "log.jsonl");
	cut(log_path, iter);
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		die(PM_FAIL, "%s: %s", log_path, strerror(errno));
}

static void json_number(FILE *fp, const char *key, double v)
{
	if (isfinite(v))
		fprintf(fp, "%s%.9g", key, v);
	else
		fprintf(fp, "%snull", key);
}

static void json_list(FILE *fp, const char *key, const double *v, int n)
{
	fprintf(fp, ",\"%s\":", key);
	for (int i = 0; i < n; i++)
		json_number(fp, i ? "," : "[", v[i]);
	fputc(']', fp);
}

static double foreground(const double *dice, int classes)
{
	double sum = 0;

	for (int c = 1; c < classes; c++)
		sum += dice[c];
	return sum / (classes - 1);
}

/* One write per line: a killed run leaves whole lines and at most one torn one, which log_open drops. */
static void json_row(const struct row *r)
{
	char *text = NULL;
	size_t size;
	FILE *fp = open_memstream(&text, &size);

	if (!fp)
		die(PM_FAIL, "out of memory");
	fprintf(fp, "{\"iter\":%lld", (long long)r->iter);
	json_number(fp, ",\"loss\":", r->loss);
	if (r->classes)
		json_number(fp, ",\"dice\":", foreground(r->dice, r->classes));
	json_number(fp, ",\"lr\":", r->lr);
	if (r->classes)
		json_list(fp, "train_dice", r->dice, r->classes);
	if (r->valid_dice) {
		json_number(fp, ",\"valid\":", r->valid);
		if (r->classes)
			json_list(fp, "valid_dice", r->valid_dice, r->classes);
	}
	json_number(fp, ",\"seconds\":", r->seconds);
	fputs("}\n", fp);
	fclose(fp);
	if (write(log_fd, text, size) != (ssize_t)size)
		die(PM_FAIL, "%s: cannot write: %s", log_path, strerror(errno));
	free(text);
}

void log_row(const struct row *r)
{
	json_row(r);
	if (deaf)
		return;
	if (!headed) {
		printf("iter\tloss%s\tlr", r->classes ? "\tdice" : "");
		if (r->valid_dice) {
			printf("\tvalid");
			for (int c = 1; c < r->classes; c++)
				printf("\tvalid_%d", c);
		}
		printf("\tseconds\n");
		headed = true;
	}
	printf("%lld\t%.6f", (long long)r->iter, r->loss);
	if (r->classes)
		printf("\t%.4f", foreground(r->dice, r->classes));
	printf("\t%.6g", r->lr);
	if (r->valid_dice) {
		printf(r->classes ? "\t%.4f" : "\t%.6f", r->valid);
		for (int c = 1; c < r->classes; c++)
			printf("\t%.4f", r->valid_dice[c]);
	}
	printf("\t%.2f\n", r->seconds);
	if (!fflush(stdout))
		return;
	if (errno != EPIPE)
		die(PM_FAIL, "standard output: %s", strerror(errno));
	deaf = true; /* the model is the product: training goes on */
}

void log_close(void)
{
	if (!deaf)
		close_stdout();
}
