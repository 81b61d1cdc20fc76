/*
 * agent_test.c: terms of learning methods against golden values, and teachers against a slow average in double. The inputs:
 * z1 = 2 sin 0.7 i, z2 = 2 cos 0.5 i, z3 = sin 0.3 i + cos 0.2 i, i flat over [2,3,4,4].
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/semi.h"
#include "loss/terms.h"

enum { N = 2, K = 3, SIDE = 4, ALL = N * K * SIDE * SIDE };

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-5 * fmax(1, fabs(want))))
		fail_msg("%.8g, not %.8g", got, want);
}

static struct node *probabilities(struct graph *g, int which)
{
	float z[ALL];

	for (int i = 0; i < ALL; i++)
		z[i] = (float)(which == 1 ? 2 * sin(0.7 * i) : which == 2 ? 2 * cos(0.5 * i) : sin(0.3 * i) + cos(0.2 * i));
	return op_softmax(g, op_image(g, z, N, K, (int64_t[]){ 1, SIDE, SIDE }, false));
}

static void golden_values(void **state)
{
	const double sure[3][2] = { { 0, 0.29544288 }, { 0.5, 0.31368141 }, { 1, 0.31189042 } };
	struct graph g = { .grad = true, .training = true };
	(void)state;

	graph_init(&g, &backend_cpu, 1 << 20);
	struct node *p[4] = { NULL, probabilities(&g, 1), probabilities(&g, 2), probabilities(&g, 3) };
	near(graph_scalar(&g, square_gap(&g, p[1], p[2])), 0.20792695);
	near(graph_scalar(&g, divergence(&g, p[1], p[2])), 1.19629872);
	near(graph_scalar(&g, square_gap(&g, p[3], sum_of(&g, linear(&g, 0.3, p[1], 0), linear(&g, 0.7, p[2], 0)))), 0.14996726);
	struct node *both = linear(&g, 0.5, sum_of(&g, p[2], p[3]), 0);
	for (int i = 0; i < 3; i++) {
		struct node *threshold = op_constant(&g, (double[]){ (0.75 + 0.25 * sure[i][0]) * log(K) }, 1, 1);
		near(graph_scalar(&g, sure_gap(&g, p[1], p[2], both, threshold)), sure[i][1]);
	}
	graph_fini(&g);
}

static struct follow follow_of(const char *spec)
{
	void *conf;
	struct err e;
	const struct plugin *p = spec_parse(&agent_kind, spec, &conf, &e);

	assert_non_null(p);
	return ((const struct agent *)p)->follow(conf);
}

/* After each of many steps the teacher of mt, weights and running statistics, is the average summed up in double. */
static void teachers_are_averages(void **state)
{
	enum { WEIGHTS = 40, STATISTICS = 7, TOTAL = WEIGHTS + STATISTICS, STEPS = 300 };
	(void)state;

	for (int averaged = 0; averaged < 2; averaged++) {
		const struct follow how = follow_of(averaged ? "mt:decay=0.97" : "mt:decay=0.97:statistics=copy");
		const int64_t n = WEIGHTS;
		struct graph dry = { .grad = true };
		struct params ps = { 0 }, teacher = { 0 };
		struct average a;
		double slow[TOTAL];

		graph_init(&dry, &backend_null, 0);
		param(&dry, &ps, "w", INIT_FAN_IN, 9, 1, &n);
		running(&dry, &ps, "mean", INIT_ONE, STATISTICS);
		graph_fini(&dry);
		params_freeze(&ps, &backend_cpu, 1);
		average_init(&a, &teacher, &ps, &how);
		assert_memory_equal(teacher.value, ps.value, TOTAL * sizeof(real));
		for (int i = 0; i < TOTAL; i++)
			slow[i] = (double)ps.value[i];
		for (int t = 0; t < STEPS; t++) {
			const double keep = fmin(1 - 1 / (t + 1.0), 0.97);
			for (int i = 0; i < TOTAL; i++) {
				ps.value[i] = (real)sin(0.1 * t + i);
				const double old = i < WEIGHTS || averaged ? keep : 0;
				slow[i] = old * slow[i] + (1 - old) * (double)ps.value[i];
			}
			average_put(&a, t);
			average_run(&a);
			for (int i = 0; i < TOTAL; i++)
				near((double)teacher.value[i], slow[i]);
		}
		average_fini(&a);
		params_fini(&teacher);
		params_fini(&ps);
	}
}

/* Noise has its deviation, is cut, is the same for the same step and another in the next. */
static void noise(void **state)
{
	enum { PIXELS = 40000 };
	static float zero[PIXELS];
	static real held[3][PIXELS];
	struct graph g = { .grad = true, .seed = 3 };
	double sum = 0, squares = 0, cut = 0;
	(void)state;

	graph_init(&g, &backend_cpu, 1 << 22);
	for (int i = 0; i < 3; i++) {
		g.step = i == 2;
		graph_reset(&g);
		struct node *x = op_noise(&g, op_image(&g, zero, 1, 1, (int64_t[]){ 1, 200, 200 }, false), 0.1, 0.2);
		memcpy(held[i], x->v.data, sizeof held[i]);
	}
	assert_memory_equal(held[0], held[1], sizeof held[0]);
	assert_memory_not_equal(held[0], held[2], sizeof held[0]);
	for (int i = 0; i < PIXELS; i++) {
		const double x = (double)held[0][i];
		sum += x;
		squares += x * x;
		cut += fabs(x) > 0.19999;
		assert_true(fabs(x) < 0.200001);
	}
	assert_true(fabs(sum / PIXELS) < 0.002);
	assert_true(fabs(squares / PIXELS / 0.01 - 0.9205) < 0.02); /* the second moment of N(0,1) cut at 2 */
	assert_true(fabs(cut / PIXELS - 0.0455) < 0.005);
	graph_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_values), cmocka_unit_test(teachers_are_averages), cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
