/* views_test.c: strong views of unlabeled samples: what may change in an image and what may not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/views.h"
#include "base/rng.h"
#include "net/perturb.h"

enum { SAMPLES = 5, LABELED = 2, N = SAMPLES - LABELED, C = 2, SIDE = 20, V = SIDE * SIDE, ALL = N * C * V, ITERS = 200 };

static const struct net net;
static const struct viewed still = { .area = { 2, { 0.02, 0.4 } }, .gamma = { 2, { 1, 1 } } };

struct fixture {
	struct graph g;
	struct run r;
	float *numbers;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->g = (struct graph){ .grad = true, .training = true };
	graph_init(&f->g, &backend_cpu, 1 << 24);
	f->r = (struct run){ .g = &f->g, .arch = { { &net, NULL } }, .seed = 3, .samples = SAMPLES, .labeled = LABELED, .size = { 1, SIDE, SIDE } };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	graph_fini(&f->g);
	free(f->numbers);
	free(f);
	return 0;
}

/* Begins a step; each channel of a sample has a brightness of its own, times scale, plus offset. */
static struct node *begin(struct fixture *f, const struct viewed *c, int64_t iter, double scale, double offset, float *image)
{
	struct run *r = &f->r;
	struct rng g;

	r->iter = iter;
	rng_init(&g, 1, "views_test", 0, "", 0);
	for (int i = 0; i < ALL; i++)
		image[i] = (float)(scale * (i / V + rng_uniform(&g)) + offset);
	graph_reset(&f->g);
	const int64_t n = tell_views(r, c, 2, NULL);
	f->numbers = xresize(f->numbers, (size_t)n, sizeof *f->numbers);
	assert_int_equal(tell_views(r, c, 2, f->numbers), n);
	r->told = op_told(&f->g, f->numbers, n);
	return op_image(&f->g, image, N, C, r->size, false);
}

static void values(struct fixture *f, struct node *x, real *y)
{
	assert_false(x->need);
	f->g.be->get(y, x->v.data, ALL * sizeof *y);
}

static void view(struct fixture *f, const struct viewed *c, int64_t iter, int which, double scale, double offset, float *image, real *y)
{
	struct node *x = begin(f, c, iter, scale, offset, image);

	values(f, strong_view(&f->r, which, x), y);
}

/* Without any strength a view is the image. */
static void nothing_changes(void **state)
{
	static float x[ALL];
	static real y[ALL];

	for (int iter = 0; iter < 5; iter++) {
		view(*state, &still, iter, iter % 2, 1, 0, x, y);
		for (int i = 0; i < ALL; i++)
			assert_true(fabs((double)y[i] - (double)x[i]) < 1e-5);
	}
}

/* Another normalisation gives the same view of it; the range of each channel is kept; views differ, and so do steps. */
static void units_do_not_matter(void **state)
{
	static float x[ALL];
	static real y[3][ALL], z[ALL];
	struct viewed c = still;
	double far = 0, between = 0, later = 0;

	c.jitter = 0.5;
	c.gamma = (struct numbers){ 2, { 0.7, 1.5 } };
	c.blur = 2;
	c.cutmix = 0.5;
	for (int iter = 0; iter < ITERS; iter++) {
		view(*state, &c, iter, 0, 30, -7, x, z);
		view(*state, &c, iter + 1, 0, 1, 0, x, y[2]);
		view(*state, &c, iter, 1, 1, 0, x, y[1]);
		view(*state, &c, iter, 0, 1, 0, x, y[0]);
		for (int i = 0; i < ALL; i++) {
			assert_true(fabs((double)z[i] - (30 * (double)y[0][i] - 7)) < 1e-3);
			assert_true(y[0][i] >= -1e-4 && y[0][i] <= N * C + 1e-4);
			far += fabs((double)(y[0][i] - (real)x[i]));
			between += fabs((double)(y[0][i] - y[1][i]));
			later += fabs((double)(y[0][i] - y[2][i]));
		}
	}
	assert_true(fmin(far, fmin(between, later)) / (ALL * ITERS) > 0.1);
}

/* An image of one value has no range. */
static void flat_images_stay(void **state)
{
	static float x[ALL];
	static real y[ALL];
	struct viewed c = still;

	c.jitter = 0.5;
	c.blur = 2;
	for (int iter = 0; iter < 5; iter++) {
		view(*state, &c, iter, 0, 0, 4, x, y);
		for (int i = 0; i < ALL; i++)
			assert_true(fabs((double)y[i] - 4) < 1e-5);
	}
}

/* In one box of each sample are its partner's pixels, from the same places; its share of the image is as asked. */
static void boxes_are_pasted(void **state)
{
	struct fixture *f = *state;
	static float x[ALL];
	static real y[ALL];
	struct viewed c = still;
	double areas = 0;
	int boxes = 0;

	c.cutmix = 0.5;
	for (int iter = 0; iter < ITERS; iter++) {
		struct node *in = begin(f, &c, iter, 1, 0, x), *others = op_unary(&f->g, U_OFFSET, 100, in);
		values(f, strong_view_of(&f->r, 1, in, others), y);
		for (int s = 0; s < N; s++) {
			int from[2] = { SIDE, SIDE }, to[2] = { 0, 0 }, pasted = 0;
			for (int i = 0; i < C * V; i++) {
				const int p = s * C * V + i, q = (s + N / 2) % N * C * V + i, at[2] = { i % V / SIDE, i % SIDE };
				if (y[p] == (real)x[p])
					continue;
				assert_true(fabs((double)y[p] - (double)x[q] - 100) < 1e-4);
				for (int a = 0; a < 2; a++) {
					from[a] = at[a] < from[a] ? at[a] : from[a];
					to[a] = at[a] >= to[a] ? at[a] + 1 : to[a];
				}
				pasted++;
			}
			if (!pasted)
				continue;
			assert_int_equal(pasted, C * (to[0] - from[0]) * (to[1] - from[1]));
			assert_true(pasted <= 0.4 * C * V);
			areas += (double)pasted / (C * V);
			boxes++;
		}
	}
	assert_true(fabs((double)boxes / (N * ITERS) - 0.5) < 0.08);
	assert_true(areas / boxes > 0.12 && areas / boxes < 0.22); /* the mean of 0.02 to 0.4, less what rounding down takes */
}

/* Of each channel one of two partners has all, doubled, and the other nothing; about as often one as the other. */
static void halves_lack_what_the_other_has(void **state)
{
	enum { PAIRS = 3, CHANNELS = 200, PIXELS = 4, ONES = 2 * PAIRS * CHANNELS * PIXELS };
	struct fixture *f = *state;
	float one[ONES];
	real y[ONES];
	double first = 0;

	for (int i = 0; i < ONES; i++)
		one[i] = 1;
	graph_reset(&f->g);
	struct node *x = in_halves(&f->g, op_image(&f->g, one, 2 * PAIRS, CHANNELS, (int64_t[]){ 1, 2, 2 }, false));
	f->g.be->get(y, op_plain(&f->g, x)->v.data, sizeof y);
	for (int i = 0; i < ONES / 2; i++) {
		assert_true((double)y[i] == 0 || (double)y[i] == 2);
		assert_true((double)(y[i] + y[i + ONES / 2]) == 2 && (double)y[i] == (double)y[i - i % PIXELS]);
		first += (double)y[i];
	}
	assert_float_equal(first / (ONES / 2), 1, 0.15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(units_do_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(flat_images_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(boxes_are_pasted, setup, teardown),
		cmocka_unit_test_setup_teardown(halves_lack_what_the_other_has, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
