/* method_test.c: the second terms of learning methods against golden values, at z1 = 2 sin 0.7 i, z2 = 2 cos 0.5 i, z3 = sin 0.3 i + cos 0.2 i. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/methods.h"

enum { N = 2, K = 3, V = 16, ARENA = 1 << 22 };

static struct graph g;

static int setup(void **state)
{
	(void)state;
	g = (struct graph){ .grad = true, .training = true };
	graph_init(&g, &backend_cpu, ARENA);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	graph_fini(&g);
	return 0;
}

static void logits(struct node *z[3])
{
	float v[3][N * K * V];

	for (int i = 0; i < N * K * V; i++) {
		v[0][i] = (float)(2 * sin(0.7 * i));
		v[1][i] = (float)(2 * cos(0.5 * i));
		v[2][i] = (float)(sin(0.3 * i) + cos(0.2 * i));
	}
	for (int k = 0; k < 3; k++)
		z[k] = op_image(&g, v[k], N, K, (int64_t[]){ 1, 4, 4 }, false);
}

static void near(struct node *y, double want)
{
	const double got = graph_scalar(&g, y);

	if (!(fabs(got - want) < 1e-5))
		fail_msg("%.9g, not %.9g", got, want);
}

static void golden_values(void **state)
{
	const double share = 0.3;
	struct node *z[3];
	(void)state;

	logits(z);
	struct node *teacher = op_softmax(&g, z[0]), *mix = op_constant(&g, &share, 1, 1);
	struct node *scales[2] = { z[0], op_resample(&g, z[1], (int64_t[]){ 1, 2, 2 }, RESAMPLE_AVERAGE) };
	near(pyramid_consistency(&g, scales, 2), 0.23179476);
	near(consistency(&g, "mse", z[1], teacher), 0.20792695);
	near(consistency(&g, "kl", z[1], teacher), 0.39376443);
	near(consistency(&g, "js", z[1], teacher), 0.12274206);
	near(mutual_consistency(&g, z, 3, 0.1), 1.81175458);
	near(mixed_pseudo_labels(&g, z, mix, false, "dice", false), 0.45646761);
	near(mixed_pseudo_labels(&g, z, mix, false, "ce", false), 1.00904304);
	near(mixed_pseudo_labels(&g, z, mix, true, "ce", false), 1.20310196);
	near(mixed_pseudo_labels(&g, z, mix, true, "ce", true), 0.99524853);
	near(sure_consistency(&g, z, 3), 0.27999275);
	near(class_affinity(&g, z, 3), 0.47274726);
}

/* Rows of z, and of z with its last axis turned round, as vectors of length 1. */
static void contrast(void **state)
{
	enum { M = 6, E = 8 };
	float v[2][E * M];
	(void)state;

	for (int k = 0; k < 2; k++)
		for (int i = 0; i < M; i++) {
			double length = 0, z[E];
			for (int e = 0; e < E; e++) {
				const int at = i * E + e;
				z[e] = 2 * sin(0.7 * (k ? at / 4 * 4 + 3 - at % 4 : at));
				length += z[e] * z[e];
			}
			for (int e = 0; e < E; e++)
				v[k][e * M + i] = (float)(z[e] / sqrt(length));
		}
	struct node *a = op_image(&g, v[0], 1, E, (int64_t[]){ 1, 1, M }, false), *b = op_image(&g, v[1], 1, E, (int64_t[]){ 1, 1, M }, false);
	near(info_nce(&g, op_plain(&g, a), op_plain(&g, b), 0.1), 8.5763588);
}

/* d sum x^2 / dx = 2 x, a constant; and the walk back of the whole is not disturbed. */
static void slope(void **state)
{
	real got[N * K * V], want[N * K * V];
	struct node *z[3];
	(void)state;

	logits(z);
	z[0]->need = z[0]->keep = true;
	struct node *leaf = op_leaf(&g, z[0]), *s = graph_slope(&g, op_total(&g, op_unary(&g, U_SQUARE, 0, leaf)), leaf);
	g.be->get(got, s->v.data, sizeof got);
	g.be->get(want, z[0]->v.data, sizeof want);
	for (int i = 0; i < N * K * V; i++)
		assert_true(got[i] == 2 * want[i]);
	assert_false(s->need);
	assert_null(z[0]->g.data);
	graph_backward(&g, op_total(&g, op_binary(&g, B_MUL, z[0], s)));
	g.be->get(got, z[0]->g.data, sizeof got);
	for (int i = 0; i < N * K * V; i++)
		assert_true(got[i] == 2 * want[i]);
}

/* Numbers of [0, 1) that are even, repeated in the same step and others in the next. */
static void uniform(void **state)
{
	enum { MANY = 10001 };
	static real x[2][MANY];
	double sum = 0;
	(void)state;

	for (int k = 0; k < 3; k++) {
		g.step = k == 2;
		graph_reset(&g);
		struct node *u = op_uniform(&g, 1, MANY, 1, 1, 1);
		g.be->get(x[k == 1], u->v.data, sizeof x[0]);
		if (k == 1)
			assert_memory_equal(x[0], x[1], sizeof x[0]);
	}
	assert_memory_not_equal(x[0], x[1], sizeof x[0]);
	for (int i = 0; i < MANY; i++) {
		assert_true(x[0][i] >= 0 && x[0][i] < 1);
		sum += (double)x[0][i];
	}
	assert_true(fabs(sum / MANY - 0.5) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(golden_values, setup, teardown),
		cmocka_unit_test_setup_teardown(contrast, setup, teardown),
		cmocka_unit_test_setup_teardown(slope, setup, teardown),
		cmocka_unit_test_setup_teardown(uniform, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
