/* method_test.c: the second terms of learning methods against golden values, at z1 = 2 sin 0.7 i, z2 = 2 cos 0.5 i, z3 = sin 0.3 i + cos 0.2 i. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/methods.h"
#include "agent/views.h"
#include "loss/terms.h"

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

/* Labels i mod k, i flat over the pixels of both samples. */
static struct node *labels(void)
{
	uint8_t y[N * V];

	for (int i = 0; i < N * V; i++)
		y[i] = (uint8_t)(i % K);
	return op_label(&g, y, N, (int64_t[]){ 1, 4, 4 }, false);
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
	near(jensen_shannon(&g, teacher, op_softmax(&g, z[1])), 0.22988235);
	near(distillation(&g, z[0], op_softmax(&g, linear(&g, 0.25, z[1], 0)), 4), 1.68206878);
	const struct truth said[2] = { { .target = op_argmax(&g, z[1]) }, { .target = op_argmax(&g, z[0]) } };
	struct node *agree = sum_of(&g, mean_of(&g, dice_squared(&g, z[0], &said[0], 1e-5)), mean_of(&g, dice_squared(&g, z[1], &said[1], 1e-5)));
	near(linear(&g, -1, agree, 2), 1.23963120);
	const struct truth truth = { .target = labels() };
	near(linear(&g, -1, mean_of(&g, dice_squared(&g, z[0], &truth, 1e-5)), 1), 0.59418695);
}

/* Who is sure teaches: z1 learns from p2, in the box from p3. */
static void sure_pixels(void **state)
{
	const double box[12] = { 0, 1, 1, 1, 3, 4, 0, 1, 1, 1, 3, 4 };
	struct viewed some = { .threshold = 0.6, .loss = "dice", .denominator = "all" }, few = some, none = some;
	struct node *z[3], *p[3];
	(void)state;

	few.threshold = 0.8;
	none.threshold = 1;
	logits(z);
	for (int i = 0; i < 3; i++)
		p[i] = op_softmax(&g, z[i]);
	struct node *y = op_onehot(&g, labels(), K);
	near(linear(&g, -1, mean_of(&g, square_dice(&g, p[0], y, NULL, 1e-5)), 1), 0.59418695);
	struct node *in = op_box(&g, op_constant(&g, box, 2, 6), (int64_t[]){ 1, 4, 4 });
	struct node *mixed = pasted(&g, in, p[2], p[1]);
	near(confident(&g, &some, z[0], p[1]), 0.64256194);
	near(confident(&g, &few, z[0], p[1]), 0.64316228);
	near(confident(&g, &some, z[0], mixed), 0.75073057);
	near(confident(&g, &none, z[0], p[1]), 0);
	some.loss = few.loss = none.loss = "ce";
	near(confident(&g, &some, z[0], p[1]), 1.60696407);
	near(confident(&g, &few, z[0], p[1]), 1.01545351);
	near(confident(&g, &none, z[0], p[1]), 0);
	some.denominator = few.denominator = none.denominator = "kept";
	near(confident(&g, &some, z[0], p[1]), 1.90455001);
	near(confident(&g, &few, z[0], p[1]), 1.91144190);
	near(confident(&g, &none, z[0], p[1]), 0);
}

static struct loss_sum loss_of(const char *text)
{
	struct loss_sum l;
	struct err e;

	l.n = spec_sum_parse(&loss_kind, text, l.part, (int)PM_COUNT(l.part), &e);
	assert_true(l.n > 0);
	return l;
}

/* Bidirectional copy-paste on z1: the truth on one side of a box, weight 1, the classes of z2 on the other, weight 1/2. */
static void pasting(void **state)
{
	const double box[12] = { 0, 1, 1, 1, 3, 4, 0, 1, 1, 1, 3, 4 };
	const struct { const char *loss; double inside, outside; } want[] = { { "dice:square:weight=0.5", 0.74534131 / 2, 1.14954231 / 2 },
		{ "ce:weight=0.5", 2.14706175 / 2, 3.40649807 / 2 }, { "dice:square:weight=0.5+ce:weight=0.5", 1.44620153, 2.27802019 } };
	struct node *z[3];
	(void)state;

	logits(z);
	struct node *y = labels(), *teacher = op_argmax(&g, op_softmax(&g, z[1]));
	struct node *in = op_box(&g, op_constant(&g, box, 2, 6), (int64_t[]){ 1, 4, 4 }), *around = linear(&g, -1, in, 1);
	for (size_t i = 0; i < PM_COUNT(want); i++)
		for (int k = 0; k < 2; k++) {
			struct loss_sum l = loss_of(want[i].loss);
			const struct truth own = { .target = labels_where(&g, y, K, k ? in : around) };
			const struct truth other = { .target = labels_where(&g, teacher, K, k ? around : in) };
			struct node *half = linear(&g, 0.5, loss_eval(&g, &l, z[0], &other), 0);
			near(sum_of(&g, loss_eval(&g, &l, z[0], &own), half), k ? want[i].outside : want[i].inside);
		}
	struct loss_sum square = loss_of("dice:square");
	near(loss_eval(&g, &square, z[0], &(struct truth){ .target = y }), 0.59418695);
	/* One image of both, exactly. */
	real got[N * K * V], from[2][N * K * V], mask[N * V];
	struct node *p = pasted(&g, in, z[0], z[1]);
	g.be->get(got, p->v.data, sizeof got);
	g.be->get(mask, in->v.data, sizeof mask);
	for (int i = 0; i < 2; i++)
		g.be->get(from[i], z[i]->v.data, sizeof got);
	for (int i = 0; i < N * K * V; i++)
		assert_true(got[i] == from[mask[i / (K * V) * V + i % V] > 0 ? 0 : 1][i]);
}

/* Of each class of each sample the largest component, of faces that touch; labels that are no class stay. */
static void largest(void **state)
{
	static const uint8_t y[2][V] = { { 1, 1, 0, 2, 0, 0, 1, 2, 2, 0, 0, 1, 2, 2, 2, 9 }, { 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 2 } };
	static const uint8_t want[2][V] = { { 1, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 2, 2, 9 }, { 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0 } };
	uint8_t got[2][V];
	(void)state;

	struct node *kept = op_largest(&g, op_label(&g, y[0], 2, (int64_t[]){ 1, 4, 4 }, false), K);
	g.be->get(got, kept->v.data, sizeof got);
	assert_memory_equal(got, want, sizeof got);
}

/* The box of each iteration: of the share of each side that was asked for, inside, and another than the last one. */
static void boxes(void **state)
{
	struct err e;
	void *conf;
	const struct agent *bcp = (const struct agent *)spec_parse(&agent_kind, "bcp:share=0.7", &conf, &e);
	struct run r = { .conf = conf, .size = { 1, 20, 31 }, .seed = 3 };
	float box[2][6] = { { 0 } };
	int same = 0;
	(void)state;

	for (r.iter = 0; r.iter < 200; r.iter++) {
		float *b = box[r.iter % 2];
		assert_int_equal(bcp->tell(&r, b), 6);
		assert_true(b[0] == 0 && b[3] == 1 && b[4] - b[1] == 14 && b[5] - b[2] == 21);
		assert_true(b[1] >= 0 && b[4] <= 20 && b[2] >= 0 && b[5] <= 31);
		same += !memcmp(box[0], box[1], sizeof box[0]);
	}
	assert_true(same < 20);
}

static void doubted_labels(void **state)
{
	const double fed[] = { 3, 1, 2, 5, 0, 4 }, want[] = { -1, -1, -1, 2, 0, 1 };
	struct node *z[3], *e[2];
	(void)state;

	logits(z);
	struct node *branch[2] = { z[1], z[0] };
	const struct truth t = { .target = labels() };
	doubted_errors(&g, branch, &t, e);
	near(e[0], 0.18687380);
	near(e[1], 0.18047641);
	near(mutual_divergence(&g, branch), 1.19629872);
	near(mean_of(&g, op_unary(&g, U_ABS, 0, op_binary(&g, B_SUB, op_softmax(&g, branch[0]), sharpened_votes(&g, branch, &t)))), 0.22155986);
	for (int i = 0; i < 6; i++) {
		const double queue[3] = { i > 1 ? fed[i - 2] : 0, i ? fed[i - 1] : 0, fed[i] }, count = i < 3 ? i : 3;
		near(newest_rank(&g, op_constant(&g, queue, 3, 1), op_constant(&g, &count, 1, 1)), want[i]);
	}
}

static int two_branches(const void *conf) { (void)conf; return 2; }

static int same_logits(struct graph *gg, const void *conf, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	struct node *z[3];

	(void)gg, (void)conf, (void)ps, (void)x, (void)classes;
	logits(z);
	out[0] = z[1];
	out[1] = z[0];
	return 2;
}

/* What the agent adds to the labels' loss, and what it remembers, with a memory of two queues of such numbers. */
static double chosen(double first, double second, double count, real remembered[11])
{
	static const struct net net = { .forward = same_logits, .branches = two_branches };
	const double memory[11] = { first, first, first, first, first, second, second, second, second, second, count };
	struct numbers none = { 0 };
	struct run r = { .g = &g, .arch = { { &net, NULL } }, .classes = K, .deep_weights = &none, .iter = 9, .iters = 9, .samples = N,
		.labeled = N, .clean = 1 };
	const struct agent *dast;
	double loss[2];
	struct err e;
	void *conf;

	for (int i = 0; i < 2; i++) {
		graph_reset(&g);
		r.loss = loss_of("ce");
		dast = (const struct agent *)spec_parse(&agent_kind, i ? "dast:weight=0:self=0:length=5" : "dast:weight=10:self=1:length=5", &conf, &e);
		r.conf = conf;
		assert_int_equal(dast->remembers(conf), 11);
		assert_null(dast->refuses(&r));
		float numbers[2];
		assert_int_equal(dast->tell(&r, numbers), 2);
		r.told = op_told(&g, numbers, 2);
		r.memory = op_constant(&g, memory, 11, 1);
		r.truth = (struct truth){ .target = labels() };
		r.image = op_image(&g, (const float[N * V]){ 0 }, N, 1, (int64_t[]){ 1, 4, 4 }, false);
		loss[i] = graph_scalar(&g, dast->loss(&r));
		g.be->get(remembered, r.remember->v.data, 11 * sizeof *remembered);
	}
	return loss[0] - loss[1];
}

/* Of noisy samples the divergence is learned where the error of the clean branch is large among the last, votes where the other's is small. */
static void dast_selects(void **state)
{
	struct node *z[3], *branch[2], *e[2];
	real held[11];
	(void)state;

	logits(z);
	for (int i = 0; i < 2; i++)
		branch[i] = op_part(&g, z[1 - i], 1, 1);
	const struct truth t = { .target = op_part(&g, labels(), 1, 1) };
	doubted_errors(&g, branch, &t, e);
	const double e0 = graph_scalar(&g, e[0]), e1 = graph_scalar(&g, e[1]), divergence_is = graph_scalar(&g, mutual_divergence(&g, branch));
	const double far = graph_scalar(&g,
		mean_of(&g, op_unary(&g, U_ABS, 0, op_binary(&g, B_SUB, op_softmax(&g, branch[0]), sharpened_votes(&g, branch, &t)))));
	assert_true(e0 < e1); /* else nothing is learned of them */
	assert_true(fabs(chosen(0, 0, 5, held) - 10 * divergence_is) < 1e-4);
	assert_true(fabs(chosen(9, 9, 5, held) - far) < 1e-4);
	assert_true(fabs(chosen(9, 0, 5, held) - far - 10 * divergence_is) < 1e-4);
	assert_true(fabs(chosen(0, 9, 5, held)) < 1e-4);
	assert_true(fabs((double)held[4] - e0) < 1e-5 && fabs((double)held[9] - e1) < 1e-5 && held[3] == 0 && held[5] == 9 && held[10] == 5);
	assert_true(fabs(chosen(9, 0, 4, held)) < 1e-4); /* not full before */
	assert_true(held[10] == 5);
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
		cmocka_unit_test_setup_teardown(sure_pixels, setup, teardown),
		cmocka_unit_test_setup_teardown(pasting, setup, teardown),
		cmocka_unit_test_setup_teardown(largest, setup, teardown),
		cmocka_unit_test_setup_teardown(boxes, setup, teardown),
		cmocka_unit_test_setup_teardown(doubted_labels, setup, teardown),
		cmocka_unit_test_setup_teardown(dast_selects, setup, teardown),
		cmocka_unit_test_setup_teardown(contrast, setup, teardown),
		cmocka_unit_test_setup_teardown(slope, setup, teardown),
		cmocka_unit_test_setup_teardown(uniform, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
