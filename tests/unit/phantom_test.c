/*
 * phantom_test.c: images whose truth is known: noisy discs of two brightnesses. Without arguments it tests itself; with
 * arguments it is the tool with which other tests make their data:
 *   phantom_test CASES EPOCHS SIZE SEED [DEPTH [FAULT=CASE]...]  > stream
 * FAULT: nan (one voxel), label7 (one voxel), unlabeled, channels (two of them), odd (one row less), abort (after it).
 * skip=N leaves out the first N samples of the stream; noise=X is the noise's standard deviation, 0.2 otherwise;
 * scribble=N keeps a stroke of each class in each slice, the background too, and labels the rest N.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "io/stream.h"

struct phantom {
	int64_t size, depth;
	uint64_t seed;
	double noise; /* its standard deviation; the discs are 1 and 2 bright */
	int rest;     /* label of what is not on a stroke; 0: labels are whole */
};

/* A straight stroke from a random pixel of each class, as far as it stays in it. */
static void scribble(const struct phantom *p, const char *id, uint8_t *label)
{
	const int64_t n = p->size;
	uint8_t *whole = xmalloc((size_t)(n * n));
	struct rng rng;

	rng_init(&rng, p->seed, "scribble", 0, id, 0);
	for (int64_t z = 0; z < p->depth; z++, label += n * n) {
		memcpy(whole, label, (size_t)(n * n));
		memset(label, p->rest, (size_t)(n * n));
		for (int k = 0; k < 3; k++) {
			int64_t at;
			do
				at = rng_int(&rng, 0, n * n - 1);
			while (whole[at] != k);
			const double angle = rng_range(&rng, 0, 6.2831853), length = 0.3 * (double)n;
			for (double r = 0; r < length; r += 0.5) {
				const int64_t y = at / n + llround(r * sin(angle)), x = at % n + llround(r * cos(angle));
				if (y < 0 || x < 0 || y >= n || x >= n || whole[y * n + x] != k)
					break;
				label[y * n + x] = (uint8_t)k;
			}
		}
	}
	free(whole);
}

static void make(const struct phantom *p, int64_t index, struct record *r)
{
	const int64_t n = p->size, d = p->depth, image_dim[4] = { 1, d, n, n }, label_dim[3] = { d, n, n };
	struct rng rng;
	double x[2], y[2], radius[2];

	record_clear(r);
	snprintf(r->id, sizeof r->id, "case_%03lld", (long long)index);
	rng_init(&rng, p->seed, "phantom", 0, r->id, 0);
	float *image = record_put(r, "image", PM_F32, 4, image_dim)->data;
	uint8_t *label = record_put(r, "label", PM_U8, 3, label_dim)->data;
	for (int k = 0; k < 2; k++) {
		radius[k] = rng_range(&rng, 0.12, 0.2) * (double)n;
		x[k] = rng_range(&rng, 0.25, 0.75) * (double)n;
		y[k] = (k ? 0.75 : 0.25) * (double)n;
	}
	for (int64_t i = 0; i < d * n * n; i++) {
		const double py = (double)(i / n % n), px = (double)(i % n);
		label[i] = 0;
		for (int k = 0; k < 2; k++)
			if (hypot(px - x[k], py - y[k]) < radius[k])
				label[i] = (uint8_t)(k + 1);
		image[i] = (float)(label[i] + p->noise * rng_normal(&rng));
	}
	if (p->rest)
		scribble(p, r->id, label);
}

static void spoil(const char *fault, const struct phantom *p, struct record *r)
{
	const int64_t n = p->size, d = p->depth, two[4] = { 2, d, n, n };

	if (!strncmp(fault, "nan", 3)) {
		((float *)record_get(r, "image")->data)[5] = NAN;
	} else if (!strncmp(fault, "label7", 6)) {
		((uint8_t *)record_get(r, "label")->data)[5] = 7;
	} else if (!strncmp(fault, "unlabeled", 9)) {
		record_drop(r, "label");
	} else if (!strncmp(fault, "channels", 8)) {
		memset(record_put(r, "image", PM_F32, 4, two)->data, 0, (size_t)(2 * d * n * n) * sizeof(float));
	} else if (!strncmp(fault, "odd", 3)) {
		record_get(r, "image")->dim[2]--;
		record_get(r, "label")->dim[1]--;
	}
}

static int stream(int argc, char **argv)
{
	const struct stream_field field[2] = { { "image", PM_F32, 4 }, { "label", PM_U8, 3 } };
	const int64_t cases = atoll(argv[1]), epochs = atoll(argv[2]);
	struct phantom p = { atoll(argv[3]), argc > 5 ? atoll(argv[5]) : 1, (uint64_t)atoll(argv[4]), 0.2, 0 };
	int64_t *order = xcalloc((size_t)cases, sizeof *order);
	struct record r = { .n = 0 };
	int64_t left_out = 0;

	for (int a = 6; a < argc; a++) {
		if (!strncmp(argv[a], "skip=", 5))
			left_out = atoll(argv[a] + 5);
		if (!strncmp(argv[a], "noise=", 6))
			p.noise = atof(argv[a] + 6);
		if (!strncmp(argv[a], "scribble=", 9))
			p.rest = atoi(argv[a] + 9);
	}
	struct ostream *s = ostream_open("-", "sample", field, 2, NULL);

	for (int64_t e = 0; e < epochs || !epochs; e++) {
		struct rng rng;

		rng_init(&rng, p.seed, "order", (uint64_t)e, "", 0);
		for (int64_t i = 0; i < cases; i++)
			order[i] = i;
		rng_shuffle(&rng, order, cases);
		for (int64_t i = 0; i < cases; i++) {
			if (left_out-- > 0)
				continue;
			make(&p, order[i], &r);
			r.epoch = e;
			for (int a = 6; a < argc; a++) {
				const char *at = strchr(argv[a], '=');
				if (!at || !strncmp(argv[a], "skip", 4) || atoll(at + 1) != order[i])
					continue;
				if (!strncmp(argv[a], "abort", 5))
					die(PM_FAIL, "%s: as asked", r.id);
				spoil(argv[a], &p, &r);
			}
			ostream_put(s, &r);
		}
	}
	ostream_end(s);
	record_fini(&r);
	free(order);
	return 0;
}

static void phantoms_differ_by_case_and_not_by_time(void **state)
{
	const struct phantom p = { 32, 1, 3, 0.2, 0 };
	struct record a = { .n = 0 }, b = { .n = 0 };
	int64_t count[3] = { 0 };

	(void)state;
	make(&p, 0, &a);
	make(&p, 0, &b);
	assert_memory_equal(record_get(&a, "image")->data, record_get(&b, "image")->data, 32 * 32 * sizeof(float));
	make(&p, 1, &b);
	assert_memory_not_equal(record_get(&a, "label")->data, record_get(&b, "label")->data, 32 * 32);
	for (int i = 0; i < 32 * 32; i++)
		count[((uint8_t *)record_get(&a, "label")->data)[i]]++;
	assert_true(count[0] > 600 && count[1] > 30 && count[2] > 30);
	record_fini(&a);
	record_fini(&b);
}

static void a_scribble_is_a_small_part_of_the_truth(void **state)
{
	const struct phantom p = { 32, 1, 3, 0.2, 0 }, q = { 32, 1, 3, 0.2, 4 };
	struct record whole = { .n = 0 }, scribbled = { .n = 0 };
	int64_t count[5] = { 0 };

	(void)state;
	make(&p, 0, &whole);
	make(&q, 0, &scribbled);
	const uint8_t *y = record_get(&whole, "label")->data, *s = record_get(&scribbled, "label")->data;
	assert_memory_equal(record_get(&whole, "image")->data, record_get(&scribbled, "image")->data, 32 * 32 * sizeof(float));
	for (int i = 0; i < 32 * 32; i++) {
		assert_true(s[i] == 4 || s[i] == y[i]);
		count[s[i]]++;
	}
	assert_true(count[0] && count[1] && count[2] && count[4] > 960);
	record_fini(&whole);
	record_fini(&scribbled);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phantoms_differ_by_case_and_not_by_time), cmocka_unit_test(a_scribble_is_a_small_part_of_the_truth),
	};

	pm_tool = "phantom";
	return argc > 4 ? stream(argc, argv) : cmocka_run_group_tests(tests, NULL, NULL);
}
