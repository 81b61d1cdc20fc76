/* predict.h on made-up networks whose answers are known, and on a real one where only consistency is. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/predict.h"

/* A network that is a function of the tile alone, written on the host: z[k] at place i of a tile [d,h,w]. */
struct toy {
	int64_t multiple;
	int dims;
	float (*value)(const real *tile, const int64_t size[3], const int64_t at[3], int k);
	bool gain; /* times a parameter */
};

static int toy_forward(struct graph *g, const void *conf, struct params *ps, struct node *x, int classes,
	struct node *out[PM_OUTPUTS])
{
	const struct toy *t = conf;
	const int64_t n = x->v.n, size[3] = { x->v.d, x->v.h, x->v.w }, v = size[0] * size[1] * size[2];
	const int64_t one = 1;
	struct node *gain = t->gain ? param(g, ps, "gain", INIT_ONE, 1, 1, &one) : NULL;
	float *z = xcalloc((size_t)(n * classes * v), sizeof *z);
	if (g->be->runs)
		for (int64_t i = 0; i < n * classes * v; i++) {
			int64_t p = i % v, at[3] = { p / (size[1] * size[2]), p / size[2] % size[1], p % size[2] };
			const real *tile = (const real *)x->v.data + i / (classes * v) * v;
			z[i] = t->value(tile, size, at, (int)(i / v % classes)) * (gain ? (float)*(real *)gain->v.data : 1);
		}
	out[0] = op_image(g, z, n, classes, size, false);
	free(z);
	return 1;
}

static int toy_dims(const void *conf) { return ((const struct toy *)conf)->dims; }

static void toy_multiple(const void *conf, int64_t size[3])
{
	for (int a = 0; a < 3; a++)
		size[a] = ((const struct toy *)conf)->multiple;
}

static const struct net net_toy = { { "toy", "", NULL, NULL, 0 }, toy_forward, toy_dims, toy_multiple, NULL, NULL, false };

/* Classes of whole tiles: their first pixels, and less those. */
static int class_forward(struct graph *g, const void *conf, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const int64_t n = x->v.n, v = fmap_space(&x->v);
	float *z = xcalloc((size_t)(n * classes), sizeof *z);
	(void)conf, (void)ps;
	for (int64_t i = 0; i < n * classes && g->be->runs; i++)
		z[i] = (float)((const real *)x->v.data)[i / classes * v] * (i % classes ? -1 : 1);
	out[0] = op_image(g, z, n, classes, (int64_t[]){ 1, 1, 1 }, false);
	free(z);
	return 1;
}

static const struct net net_class = { { "class", "", NULL, NULL, 0 }, class_forward, toy_dims, toy_multiple, NULL, NULL, true };

static float ramp(const real *tile, const int64_t size[3], const int64_t at[3], int k)
{
	float x = (float)tile[at[1] * size[2] + at[2]], j = (float)at[2];
	return k == 0 ? x * (1 + .01f * j) : x * (2 - .02f * j);
}

static float same(const real *tile, const int64_t size[3], const int64_t at[3], int k)
{
	float x = (float)tile[(at[0] * size[1] + at[1]) * size[2] + at[2]];
	return k ? -x : x;
}

static float right_neighbour(const real *tile, const int64_t size[3], const int64_t at[3], int k)
{
	int64_t x = at[2] + 1 < size[2] ? at[2] + 1 : at[2];
	return k ? 0 : (float)tile[(at[0] * size[1] + at[1]) * size[2] + x];
}

static struct predict_conf conf_of(const struct toy *t)
{
	const struct arch a = { &net_toy, t };

	return (struct predict_conf){ .arch = { a, a, a }, .classes = 2, .members = 1, .backend = &backend_plain };
}

/* Slabs put together to logits [classes,D,H,W]. */
struct whole {
	float *logits;
	int64_t next;
};

static void put_slab(void *arg, const struct slab *s)
{
	struct whole *to = arg;
	assert_true(s->planes > 0);
	assert_int_equal(s->first, to->next);
	to->next += s->planes;
	slab_values(s, to->logits);
}

static void run_whole(struct predictor *p, const float *image, const int64_t size[3], float *out)
{
	struct whole to = { out, 0 };
	predictor_run(p, image, 1, size, put_slab, &to);
	assert_int_equal(to.next, size[0]);
}

/* Returns predictor_held. */
static size_t run(const struct predict_conf *c, const float *image, const int64_t size[3], float *out)
{
	struct params none = { 0 };
	struct err e;
	struct predict_conf conf = *c;
	if (!conf.member[0])
		conf.member[0] = &none;
	struct predictor *p = predictor_open(&conf, &e);
	assert_non_null(p);
	run_whole(p, image, size, out);
	const size_t held = predictor_held(p);
	predictor_close(p);
	return held;
}

static void put_class(void *arg, const struct slab *s)
{
	assert_int_equal(s->first + s->depth + s->planes + s->plane, 3);
	slab_values(s, arg);
}

/* The class of the whole image: the mean over slices, windows, flips and networks. */
static void a_class_is_the_mean_of_what_is_seen(void **state)
{
	const struct toy t = { .multiple = 1, .dims = 2 };
	const struct arch a = { &net_class, &t };
	const int64_t size[3] = { 3, 5, 4 };
	struct params none = { 0 };
	float image[60], out[2];
	struct err e;
	(void)state;

	for (int i = 0; i < 60; i++)
		image[i] = sinf((float)(i * i));
	for (int variant = 0; variant < 4; variant++) {
		const bool flip = variant & 1, windows = variant & 2; /* along W, they begin at 0, 1 and 2 */
		const struct predict_conf c = { .arch = { a, a }, .member = { &none, &none }, .members = 2, .classes = 2, .backend = &backend_plain,
			.flip = flip, .window = { 0, 0, windows ? 2 : 0 }, .batch = 2 };
		double want = 0;
		for (int i = 0; i < 60; i++) {
			const int y = i / 4 % 5, x = i % 4, left = windows ? x < 3 : x == 0, right = windows ? x > 0 : x == 3;
			want += (double)image[i] * (y == 0 || (flip && y == 4)) * (left + (flip && right)) / (3 * (flip ? 4 : 1) * (windows ? 3 : 1));
		}
		struct predictor *p = predictor_open(&c, &e);
		assert_non_null(p);
		predictor_run(p, image, 1, size, put_class, out);
		predictor_close(p);
		assert_float_equal(out[0], want, 1e-6);
		assert_float_equal(out[1], -want, 1e-6);
	}
}

/*
 * Values of PyMIC's Inferer where its repeated last window has no say; the sums and the flipped row are of the same
 * formula in double with each window once (with the repeats it gives PyMIC's 12.5951595 and 12.5609198).
 */
static void windows_match_the_golden_values(void **state)
{
	(void)state;
	const struct toy t = { 1, 2, ramp, false };
	const int64_t size[3] = { 1, 10, 12 };
	const double first[2][4] = {
		{ -0.7509872, -0.5275307, -0.2519127, 0.0519364 },
		{ -0.7697619, -0.5353653, -0.2531476, 0.0517337 },
	};
	const double last[3] = { -1.0015525, -1.4328916, -1.7283674 }, sum[2] = { 12.5942865, 12.5594675 };
	float image[120], out[240];
	for (int i = 0; i < 120; i++)
		image[i] = sinf(.3f * (float)i);
	for (int flip = 0; flip < 2; flip++)
		for (int64_t batch = 1; batch < 9; batch += 4) {
			struct predict_conf c = conf_of(&t);
			c.window[1] = 4, c.window[2] = 6, c.stride[1] = 2, c.stride[2] = 3, c.batch = batch, c.flip = flip;
			run(&c, image, size, out);
			double total = 0;
			for (int i = 0; i < 240; i++)
				total += out[i];
			assert_true(fabs(total - sum[flip]) < 2e-5);
			for (int i = 0; i < 4; i++)
				assert_true(fabs(out[60 + i] - first[flip][i]) < 1e-6);
			for (int i = 0; i < 3 && !flip; i++)
				assert_true(fabs(out[237 + i] - last[i]) < 1e-6);
		}
}

static void fill(float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = sinf(.7f * (float)i) + .1f * cosf(3.1f * (float)i);
}

/* Whatever the window, the flip and the batch, the identity stays the identity; without windows to the last bit. */
static void identity_is_returned(void **state)
{
	(void)state;
	const int64_t size[3] = { 5, 23, 40 }, v = 5 * 23 * 40;
	float *image = xmalloc((size_t)v * sizeof *image), *out = xmalloc((size_t)v * 2 * sizeof *out);
	fill(image, v);
	for (int dims = 2; dims <= 3; dims++)
		for (int mode = 0; mode < 6; mode++) {
			const struct toy t = { dims == 2 ? 16 : 4, dims, same, false };
			struct predict_conf c = conf_of(&t);
			c.flip = mode & 1;
			if (mode >= 2)
				c.window[0] = 4, c.window[1] = 16, c.window[2] = 32, c.batch = 3;
			if (mode >= 4)
				c.stride[0] = 1, c.stride[1] = 5, c.stride[2] = 32;
			run(&c, image, size, out);
			for (int64_t i = 0; i < v; i++) {
				assert_true(mode >= 2 ? fabsf(out[i] - image[i]) < 1e-6f : out[i] == image[i]);
				assert_true(mode >= 2 ? fabsf(out[v + i] + image[i]) < 1e-6f : out[v + i] == -image[i]);
			}
		}
	free(image);
	free(out);
}

/* 5 columns in a tile of 16, 5 before and 6 behind: beyond the last column comes the last but one. */
static void padding_mirrors(void **state)
{
	(void)state;
	const struct toy t = { 16, 2, right_neighbour, false };
	const struct predict_conf c = conf_of(&t);
	const float image[5] = { 1, 2, 4, 8, 16 }, expect[5] = { 2, 4, 8, 16, 8 }, single = 3;
	float out[10];
	run(&c, image, (int64_t[]){ 1, 1, 5 }, out);
	assert_memory_equal(out, expect, sizeof expect);
	run(&c, &single, (int64_t[]){ 1, 1, 1 }, out);
	assert_true(out[0] == 3);
}

static void ensemble_is_the_mean_of_logits(void **state)
{
	(void)state;
	const struct toy t = { 1, 2, same, true };
	struct params ps[3] = { 0 };
	struct predict_conf c = conf_of(&t);
	const float image[4] = { 1, -2, 3, .5f };
	float out[8];
	for (int m = 0; m < 3; m++) {
		const real gain = (real)(m + 1) * 2;
		predict_declare(c.arch, 2, 1, &ps[m]);
		params_freeze(&ps[m], &backend_plain, 1);
		backend_plain.put(ps[m].value, &gain, sizeof gain);
		c.member[m] = &ps[m];
	}
	c.members = 3;
	run(&c, image, (int64_t[]){ 1, 2, 2 }, out);
	for (int i = 0; i < 4; i++)
		assert_true(fabsf(out[i] - 4 * image[i]) < 1e-5f);
	for (int m = 0; m < 3; m++)
		params_fini(&ps[m]);
}

static void impossible_windows_are_refused(void **state)
{
	(void)state;
	const struct toy t = { 16, 2, same, false };
	struct predict_conf c = conf_of(&t);
	struct err e;
	c.window[1] = 100;
	assert_null(predictor_open(&c, &e));
	assert_non_null(strstr(e.msg, "100 along H"));
	c.window[1] = 64;
	c.stride[1] = 65;
	assert_null(predictor_open(&c, &e));
	assert_non_null(strstr(e.msg, "65"));
}

/* Adds one flipped copy times scale, the whole image at once, by the formula in double. The network: right_neighbour. */
static void naive(const float *image, const int64_t size[3], const int64_t window[3], int copy, float scale, float *out)
{
	const int64_t v = size[0] * size[1] * size[2], all = window[0] * window[1] * window[2], h = size[1] - 1, w = size[2] - 1;
	double *sum = xcalloc((size_t)v, sizeof *sum), *weight = xcalloc((size_t)v, sizeof *weight);
	int64_t count[3], windows = 1;
	for (int a = 0; a < 3; a++)
		windows *= count[a] = window[a] > 1 ? (size[a] - window[a]) / (window[a] / 2) + 1 : size[a];
	for (int64_t n = 0; n < windows * all; n++) {
		int64_t place = n / all, in = n % all, i[3], at[3];
		double g = 1;
		for (int a = 2; a >= 0; place /= count[a], in /= window[a], a--) {
			i[a] = in % window[a];
			at[a] = place % count[a] * (window[a] > 1 ? window[a] / 2 : 1) + i[a];
			g *= exp(-32 * pow((double)(i[a] - window[a] / 2) / (double)window[a], 2));
		}
		int64_t row = (at[0] * size[1] + (copy & 2 ? h - at[1] : at[1])) * size[2];
		int64_t x = copy & 1 ? w - at[2] : at[2], right = i[2] + 1 < window[2] ? (copy & 1 ? x - 1 : x + 1) : x;
		sum[row + x] += g * (double)image[row + right];
		weight[row + x] += g;
	}
	for (int64_t j = 0; j < v; j++)
		out[j] += scale * (float)(sum[j] / weight[j]);
	free(sum);
	free(weight);
}

/* Slabs put together are what the whole volume would have given, and a longer volume needs no more memory. */
static void slabs_are_the_whole_in_little_memory(void **state)
{
	(void)state;
	const int64_t size[3] = { 20, 40, 32 }, longer[3] = { 64, 40, 32 }, v = 20 * 40 * 32, most = 64 * 40 * 32;
	float *image = xmalloc((size_t)most * sizeof *image), *out = xmalloc((size_t)most * 2 * sizeof *out);
	float *expect = xmalloc((size_t)v * sizeof *expect);
	fill(image, most);
	for (int mode = 0; mode < 8; mode++) {
		const struct toy t = { 4, mode & 1 ? 3 : 2, right_neighbour, false };
		struct predict_conf c = conf_of(&t);
		const int copies = mode & 2 ? 4 : 1;
		c.flip = copies > 1;
		c.batch = mode & 4 ? 10 : 3;
		c.window[0] = 8, c.window[1] = c.window[2] = 16;
		const size_t held = run(&c, image, size, out);
		memset(expect, 0, (size_t)v * sizeof *expect);
		for (int f = 0; f < copies; f++)
			naive(image, size, (int64_t[]){ t.dims == 3 ? 8 : 1, 16, 16 }, f, 1 / (float)copies, expect);
		for (int64_t i = 0; i < v; i++)
			assert_true(fabsf(out[i] - expect[i]) < 1e-5f && out[v + i] == 0);
		assert_int_equal(run(&c, image, longer, out), held);
		assert_true(held < (size_t)most * 2 * sizeof(real));
	}
	free(image);
	free(out);
	free(expect);
}

static size_t in_use, most_used;

static void *counted_alloc(size_t bytes)
{
	in_use += bytes;
	most_used = in_use > most_used ? in_use : most_used;
	return backend_plain.alloc(bytes);
}

static void counted_free(void *p, size_t bytes)
{
	in_use -= bytes;
	backend_plain.free(p, bytes);
}

/* What the backend is asked for stays within the bound, with smaller batches, whose results are the same; all is given back. */
static void memory_stays_within_its_bound(void **state)
{
	(void)state;
	const struct toy t = { 4, 2, right_neighbour, false };
	const int64_t size[3] = { 6, 40, 64 }, smaller[3] = { 2, 24, 32 }, v = 6 * 40 * 64;
	struct backend counted = backend_plain;
	struct params none = { 0 };
	struct predict_conf c = conf_of(&t);
	struct err e;
	float *image = xmalloc((size_t)v * sizeof *image), *out[2] = { xmalloc((size_t)v * 2 * sizeof(float)), xmalloc((size_t)v * 2 * sizeof(float)) };
	size_t used[2];
	fill(image, v);
	counted.alloc = counted_alloc;
	counted.free = counted_free;
	c.backend = &counted;
	c.member[0] = &none;
	c.batch = 20;
	c.window[1] = c.window[2] = 16;
	for (int i = 0; i < 2; i++) {
		c.memory = i ? used[0] / 3 : 0;
		in_use = most_used = 0;
		struct predictor *p = predictor_open(&c, &e);
		assert_non_null(p);
		run_whole(p, image, smaller, out[i]);
		run_whole(p, image, size, out[i]);
		run_whole(p, image, smaller, out[i]);
		run_whole(p, image, size, out[i]);
		predictor_close(p);
		used[i] = most_used;
		assert_int_equal(in_use, 0);
	}
	assert_true(used[1] <= used[0] / 3);
	for (int64_t i = 0; i < 2 * v; i++)
		assert_true(fabsf(out[0][i] - out[1][i]) < 1e-6f);
	free(image);
	free(out[0]);
	free(out[1]);
}

/* A U-Net: slices in one batch or one by one, and a second image of another size, do not change what comes out. */
static void batches_change_nothing(void **state)
{
	(void)state;
	struct err e;
	struct predict_conf c = { .classes = 3, .members = 1, .backend = &backend_cpu };
	struct params ps = { 0 };
	const int64_t size[3] = { 3, 40, 21 }, other[3] = { 1, 70, 33 }, v = 3 * 40 * 21;
	float image[3 * 40 * 21], out[2][3 * 3 * 40 * 21], more[3 * 70 * 33], big[70 * 33];
	assert_int_equal(archs_parse("unet:chns=4x8x8x8x16", c.arch, 1, &e), 1);
	c.member[0] = &ps;
	predict_declare(c.arch, 3, 1, &ps);
	params_freeze(&ps, c.backend, 7);
	fill(image, v);
	fill(big, 70 * 33);
	for (int i = 0; i < 2; i++) {
		c.batch = i ? 2 : 1;
		struct predictor *p = predictor_open(&c, &e);
		assert_non_null(p);
		run_whole(p, big, other, more);
		run_whole(p, image, size, out[i]);
		predictor_close(p);
	}
	for (int64_t i = 0; i < 3 * v; i++) {
		assert_true(isfinite(out[0][i]));
		assert_true(fabsf(out[0][i] - out[1][i]) <= 1e-5f);
	}
	params_fini(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_is_the_mean_of_what_is_seen),
		cmocka_unit_test(windows_match_the_golden_values),
		cmocka_unit_test(identity_is_returned),
		cmocka_unit_test(padding_mirrors),
		cmocka_unit_test(ensemble_is_the_mean_of_logits),
		cmocka_unit_test(impossible_windows_are_refused),
		cmocka_unit_test(slabs_are_the_whole_in_little_memory),
		cmocka_unit_test(memory_stays_within_its_bound),
		cmocka_unit_test(batches_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
