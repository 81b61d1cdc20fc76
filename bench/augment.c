/*
 * augment.c: the time of transforms, each on a record of its own in memory and on one core:
 * augment DxHxW REPEATS TRANSFORM... Rows "name, milliseconds" (the median). The image is smooth with noise on it, f32;
 * transforms named label... get a label too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transform/transform.h"

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

static double median(const char *spec, const int64_t size[3], int repeats)
{
	static struct record made, r;
	double *ms = xcalloc((size_t)repeats, sizeof *ms);
	struct err e;
	void *conf;
	const struct transform *t = transform_parse(&transform_kind, spec, &conf, &e);

	if (!t)
		die(PM_USAGE, "%s", e.msg);
	make(&made, size, !strncmp(spec, "label", 5));
	for (int i = -1; i < repeats; i++) { /* the first does not count */
		struct rng rng;
		rng_init(&rng, 1, "augment", 0, "", (uint32_t)(i + 1));
		record_copy(&r, &made);
		const double start = now();
		if (transform_apply(t, conf, &r, &rng, &e))
			die(PM_FAIL, "%s: %s", spec, e.msg);
		if (i >= 0)
			ms[i] = 1000 * (now() - start);
	}
	qsort(ms, (size_t)repeats, sizeof *ms, by_size);
	const double middle = (ms[(repeats - 1) / 2] + ms[repeats / 2]) / 2;
	free(ms);
	return middle;
}

int main(int argc, char **argv)
{
	long long d, h, w;
	int repeats;

	pm_tool = "augment";
	if (argc < 4 || sscanf(argv[1], "%lldx%lldx%lld", &d, &h, &w) != 3
			|| sscanf(argv[2], "%d", &repeats) != 1 || repeats < 1)
		die(PM_USAGE, "augment DxHxW REPEATS TRANSFORM...");
	const int64_t size[3] = { d, h, w };
	for (int i = 3; i < argc; i++)
		printf("%.*s\t%.3f\n", (int)strcspn(argv[i], ":"), argv[i], median(argv[i], size, repeats));
	close_stdout();
	return PM_OK;
}
