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

#include "agent/methods.h"
#include "agent/taught.h"
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

/* Copies at first; from the start on the mean of the weights of every so many steps, and statistics of its own. */
static void a_mean_of_weights(void **state)
{
	enum { WEIGHTS = 5, START = 4, EVERY = 3 };
	const struct follow how = { .start = START, .every = EVERY };
	const int64_t n = WEIGHTS;
	struct graph dry = { .grad = true };
	struct params ps = { 0 }, mean = { 0 };
	struct average a;
	double sum = 0;
	int taken = 0;
	(void)state;

	graph_init(&dry, &backend_null, 0);
	param(&dry, &ps, "w", INIT_FAN_IN, 9, 1, &n);
	running(&dry, &ps, "mean", INIT_ONE, 1);
	graph_fini(&dry);
	params_freeze(&ps, &backend_cpu, 1);
	average_init(&a, &mean, &ps, &how);
	for (int t = 0; t < 20; t++) {
		for (int i = 0; i <= WEIGHTS; i++)
			ps.value[i] = (real)(t * t + i);
		average_put(&a, t);
		average_run(&a);
		if (t + 1 >= START && (t + 1 - START) % EVERY == 0) {
			sum += t * t;
			taken++;
		}
		for (int i = 0; i < WEIGHTS; i++)
			near((double)mean.value[i], (taken ? sum / taken : t * t) + i);
		near((double)mean.value[WEIGHTS], (t < START ? t * t : (START - 1) * (START - 1)) + WEIGHTS);
	}
	average_fini(&a);
	params_fini(&mean);
	params_fini(&ps);
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

/* A step of a method on a small network: two samples, the first one labeled. */
enum { WIDE = 16, PIXELS = 2 * WIDE * WIDE };

struct lesson {
	struct graph g;
	struct params ps[2];
	struct run r;
	float image[PIXELS];
	uint8_t label[PIXELS / 2];
};

/* Puts the samples on the tape. weight: of the method's own term. */
static void lesson_begin(struct lesson *l, struct graph *g, float weight)
{
	const int64_t size[3] = { 1, WIDE, WIDE };

	l->r.g = g;
	l->r.truth = (struct truth){ .target = op_label(g, l->label, 1, size, false) };
	l->r.told = op_told(g, &weight, 1);
	l->r.image = op_image(g, l->image, 2, 1, size, false);
}

static struct node *step(struct lesson *l, struct graph *g, const struct agent *a, float weight)
{
	lesson_begin(l, g, weight);
	struct node *loss = a->loss(&l->r);
	loss->keep = true;
	graph_backward(g, loss);
	return loss;
}

static void lesson_open(struct lesson *l, const struct agent *a, const char *spec)
{
	static const struct numbers none = { 0 };
	struct graph dry = { .grad = true, .training = true };
	void *conf;
	struct err e;

	*l = (struct lesson){ .r = { .classes = K, .deep_weights = &none, .samples = 2, .labeled = 1, .iters = 1 } };
	for (int i = 0; i < PIXELS; i++)
		l->image[i] = (float)sin(0.3 * i + 0.01 * i * i / WIDE);
	for (int i = 0; i < PIXELS / 2; i++)
		l->label[i] = (uint8_t)(i / 40 % K);
	spec_parse(&agent_kind, spec, &conf, &e);
	l->r.conf = conf;
	for (int i = 0; i < 2; i++) {
		l->r.ps[i] = &l->ps[i];
		assert_int_equal(archs_parse("unet:chns=4,8:dropout=0", &l->r.arch[i], 1, &e), 1);
	}
	l->r.loss.n = spec_sum_parse(&loss_kind, "ce", l->r.loss.part, 1, &e);
	graph_init(&dry, &backend_null, 0);
	step(l, &dry, a, 1);
	for (int i = 0; i < 2; i++)
		params_freeze(&l->ps[i], &backend_cpu, (uint64_t)i);
	l->g = (struct graph){ .grad = true, .training = true, .seed = 3 };
	graph_init(&l->g, &backend_cpu, 2 * graph_peak(&dry) + (1 << 20));
	graph_fini(&dry);
}

static void lesson_close(struct lesson *l)
{
	graph_fini(&l->g);
	params_fini(&l->ps[0]);
	params_fini(&l->ps[1]);
}

extern const struct agent agent_dan, agent_cps, agent_mixup;

/* What each of the players learns: gradients of network and critic of a step with that weight of the deception. */
static void players(struct lesson *l, float weight, real *net, real *critic)
{
	for (int i = 0; i < 2; i++)
		params_zero_grad(&l->ps[i]);
	graph_reset(&l->g);
	step(l, &l->g, &agent_dan, weight);
	memcpy(net, l->ps[0].grad, (size_t)l->ps[0].trainable * sizeof *net);
	memcpy(critic, l->ps[1].grad, (size_t)l->ps[1].trainable * sizeof *critic);
}

static void players_learn_for_themselves(void **state)
{
	static real net[3][4000], critic[2][4000], plain[4000];
	struct lesson l;
	(void)state;

	lesson_open(&l, &agent_dan, "dan:critic=4,8");
	const size_t net_bytes = (size_t)l.ps[0].trainable * sizeof(real), critic_bytes = (size_t)l.ps[1].trainable * sizeof(real);
	assert_true(net_bytes <= sizeof net[0] && critic_bytes <= sizeof critic[0]);
	players(&l, 0, net[0], critic[0]);
	players(&l, 1, net[1], critic[1]);
	assert_memory_equal(critic[0], critic[1], critic_bytes); /* it is not moved to be deceived */
	for (int64_t i = 0; i < l.ps[1].trainable; i++)
		assert_true(isfinite(critic[0][i]));
	assert_memory_not_equal(net[0], net[1], net_bytes);
	params_zero_grad(&l.ps[0]);
	graph_reset(&l.g);
	lesson_begin(&l, &l.g, 0);
	struct node *out[PM_OUTPUTS];
	const int n = forward_labeled(&l.r, 0, out);
	graph_backward(&l.g, supervised(&l.r, 0, out, n));
	memcpy(plain, l.ps[0].grad, net_bytes);
	for (int64_t i = 0; i < l.ps[0].trainable; i++) /* nor the network to be seen through */
		assert_true(fabs((double)(plain[i] - net[0][i])) <= 1e-6 * (1 + fabs((double)plain[i])));
	lesson_close(&l);
}

/* The loss of the labels and of its own classes, of network 0, at these images. */
static double confusion(struct lesson *l, struct node *image, struct node *said)
{
	struct node *out[PM_OUTPUTS];
	struct graph *g = &l->g;

	g->aside = true;
	forward_on(&l->r, 0, image, out);
	g->aside = false;
	struct node *own = op_ce(g, op_part(g, out[0], 1, 1), said, NULL, NULL);
	return graph_scalar(g, op_part(g, op_ce(g, op_part(g, out[0], 0, 1), l->r.truth.target, NULL, NULL), 0, 1)) +
		graph_scalar(g, op_part(g, own, 0, 1));
}

/* Each pixel is moved by eps, no further, and the network gets worse; its parameters get no gradient. */
static void images_mislead(void **state)
{
	const double eps = 0.05;
	struct lesson l;
	struct node *out[PM_OUTPUTS];
	int moved = 0;
	(void)state;

	lesson_open(&l, &agent_cps, "cps");
	graph_reset(&l.g);
	lesson_begin(&l, &l.g, 1);
	params_zero_grad(&l.ps[0]);
	struct node *x = misleading_image(&l.r, 0, eps);
	for (int64_t i = 0; i < l.ps[0].trainable; i++)
		assert_true(l.ps[0].grad[i] == 0);
	for (int i = 0; i < PIXELS; i++) {
		const double by = fabs((double)((const real *)x->v.data)[i] - (double)l.image[i]);
		assert_true(by < eps + 1e-6);
		moved += by > eps - 1e-6;
	}
	assert_true(moved > 0.99 * PIXELS);
	l.g.aside = true;
	forward_on(&l.r, 0, l.r.image, out);
	l.g.aside = false;
	struct node *said = op_argmax(&l.g, op_part(&l.g, out[0], 1, 1));
	const double before = confusion(&l, l.r.image, said), after = confusion(&l, x, said);
	if (!(after > 1.01 * before))
		fail_msg("%g at the moved image, %g at the image", after, before);
	lesson_close(&l);
}

/* The loss of a mixture is that of the labels of both, by their shares. */
static void samples_are_mixed(void **state)
{
	const float share[2] = { 0.75f, 0.25f };
	const int64_t size[3] = { 1, WIDE, WIDE };
	uint8_t label[PIXELS];
	float x[PIXELS / 2];
	struct node *out[PM_OUTPUTS];
	struct lesson l;
	double want = 0;
	(void)state;

	lesson_open(&l, &agent_cps, "cps");
	for (int i = 0; i < PIXELS; i++)
		label[i] = (uint8_t)(i / 40 % K);
	for (int i = 0; i < PIXELS / 2; i++)
		x[i] = share[0] * l.image[i] + share[1] * l.image[PIXELS / 2 + i];
	graph_reset(&l.g);
	lesson_begin(&l, &l.g, 1);
	l.r.labeled = 2;
	l.r.told = op_told(&l.g, share, 2);
	l.r.truth.target = op_label(&l.g, label, 2, size, false);
	const double got = graph_scalar(&l.g, agent_mixup.loss(&l.r));
	forward_on(&l.r, 0, op_image(&l.g, x, 1, 1, size, false), out);
	for (int i = 0; i < 2; i++) {
		const struct truth t = { .target = op_label(&l.g, label + i * PIXELS / 2, 1, size, false) };
		want += (double)share[i] * graph_scalar(&l.g, loss_eval(&l.g, &l.r.loss, out[0], &t));
	}
	near(got, want);
	lesson_close(&l);
}

/* Of network 0: what it answers to both samples, in one pass or in two, its statistics after it and what it learns. */
static void answers(struct lesson *l, bool apart, bool at_once, real *logits, real *statistics, real *grad)
{
	const struct params *ps = &l->ps[0];
	struct node *out[2][PM_OUTPUTS];

	params_zero_grad(&l->ps[0]);
	for (int64_t i = ps->trainable; i < ps->total; i++)
		ps->value[i] = 1;
	graph_reset(&l->g);
	lesson_begin(l, &l->g, 1);
	l->r.apart = apart;
	for (int i = 0; i < (at_once ? 1 : 2); i++) {
		if (at_once)
			forward_all(&l->r, 0, out[0]);
		else
			forward_on(&l->r, 0, (i ? unlabeled : labeled)(&l->r, l->r.image), out[i]);
		out[i][0]->keep = true;
		memcpy(logits + i * K * PIXELS / 2, out[i][0]->v.data, (size_t)(K * PIXELS / (at_once ? 1 : 2)) * sizeof *logits);
	}
	memcpy(statistics, ps->value + ps->trainable, (size_t)(ps->total - ps->trainable) * sizeof *statistics);
	graph_backward(&l->g, supervised(&l->r, 0, out[0], 1));
	memcpy(grad, ps->grad, (size_t)ps->trainable * sizeof *grad);
}

static double farthest(const real *a, const real *b, int64_t n)
{
	double most = 0;

	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)a[i] - (double)b[i]) / (1 + fabs((double)b[i])));
	return most;
}

/* --norm-apart: one pass over labeled and unlabeled samples is as two, and not as one that mixes them. */
static void normalised_apart(void **state)
{
	static real logits[3][K * PIXELS], statistics[3][200], grad[3][4000];
	struct lesson l;
	(void)state;

	lesson_open(&l, &agent_cps, "cps");
	const int64_t learns = l.ps[0].trainable, keeps = l.ps[0].total - learns;
	assert_true(learns <= 4000 && keeps <= 200 && keeps > 0);
	answers(&l, true, false, logits[0], statistics[0], grad[0]);
	answers(&l, true, true, logits[1], statistics[1], grad[1]);
	answers(&l, false, true, logits[2], statistics[2], grad[2]);
	assert_true(farthest(logits[1], logits[0], K * PIXELS) < 1e-5);
	assert_true(farthest(statistics[1], statistics[0], keeps) < 1e-5);
	assert_true(farthest(grad[1], grad[0], learns) < 1e-5);
	assert_true(farthest(logits[2], logits[0], K * PIXELS) > 1e-2);
	lesson_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_values), cmocka_unit_test(teachers_are_averages), cmocka_unit_test(a_mean_of_weights), cmocka_unit_test(noise),
		cmocka_unit_test(players_learn_for_themselves), cmocka_unit_test(images_mislead), cmocka_unit_test(samples_are_mixed),
		cmocka_unit_test(normalised_apart),
	};

	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
