/*
 * augment.c: the time of transforms, each on a record of its own in memory and on one core:
 * augment DxHxW REPEATS TRANSFORM[+TRANSFORM...]... Rows "name, milliseconds" (the median). The image is smooth with noise on it, f32;
 * transforms named label... get a label too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transform/chain.h"

enum { CLASSES = 4 };

static void make(struct record *r, const int64_t size[3], bool labeled)
{
	const int64_t dim[4] = { 1, size[0], size[1], size[2] };
	const double spacing[3] = { 1, 1, 1 };
	struct rng rng;

	rng_init(&rng, 1, "augment", 0, "", 0);
	record_clear(r);
	meta_set_numbers(&r->meta, "spacing", spacing, 3);
	struct tensor *image = record_put(r, "image", PM_F32, 4, dim);
	float *v = image->data;
	const int64_t n = tensor_count(image);
	for (int64_t i = 0; i < n; i++)
		v[i] = (float)(200 + 100 * sin((double)(i % size[2]) / 20) + 20 * rng_normal(&rng));
	if (!labeled)
		return;
	uint8_t *label = record_put(r, "label", PM_U8, 3, size)->data;
	for (int64_t i = 0; i < n; i++)
		label[i] = (uint8_t)(i / 64 % CLASSES);
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* What it is called: "affine:cubic+elastic" of "affine:p=1:cubic+elastic:p=1". */
static double median(const char *specs, const int64_t size[3], int repeats, char *name)
{
	static struct record made, r;
	double *ms = xcalloc((size_t)repeats, sizeof *ms);
	struct chain c = { .seed = 1 };
	char *word[CHAIN_STEPS], *spec = xstrdup(specs);
	int n = 0;
	struct err e;

	for (char *w = strtok(spec, "+"); w && n < CHAIN_STEPS; w = strtok(NULL, "+")) {
		name += sprintf(name, "%s%.*s%s", n ? "+" : "", (int)strcspn(w, ":"), w, strstr(w, ":cubic") ? ":cubic" : "");
		word[n++] = w;
	}
	if (chain_parse(&c, word, n, &e))
		die(PM_USAGE, "%s", e.msg);
	make(&made, size, !strncmp(spec, "label", 5));
	for (int i = -1; i < repeats; i++) { /* the first does not count */
		record_copy(&r, &made);
		r.epoch = i + 1;
		const double start = now();
		if (chain_apply(&c, 0, n, &r, &e))
			die(PM_FAIL, "%s", e.msg);
		if (i >= 0)
			ms[i] = 1000 * (now() - start);
	}
	qsort(ms, (size_t)repeats, sizeof *ms, by_size);
	const double middle = (ms[(repeats - 1) / 2] + ms[repeats / 2]) / 2;
	free(ms);
	free(spec);
	return middle;
}

int main(int argc, char **argv)
{
	long long d, h, w;
	int repeats;

	pm_tool = "augment";
	if (argc < 4 || sscanf(argv[1], "%lldx%lldx%lld", &d, &h, &w) != 3
			|| sscanf(argv[2], "%d", &repeats) != 1 || repeats < 1)
		die(PM_USAGE, "augment DxHxW REPEATS TRANSFORM[+TRANSFORM...]...");
	const int64_t size[3] = { d, h, w };
	for (int i = 3; i < argc; i++) {
		char *name = xmalloc(2 * strlen(argv[i]) + 1);
		const double ms = median(argv[i], size, repeats, name);
		printf("%s\t%.3f\n", name, ms);
		free(name);
	}
	close_stdout();
	return PM_OK;
}
