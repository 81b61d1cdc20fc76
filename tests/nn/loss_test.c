/*
 * loss_test.c: losses against golden values, and their gradients at the logits against the derivatives written out by
 * hand in double. The input: logits z_i = 2 sin 0.7 i as [1,3,4,4], truth i mod 3, pixel weights [i mod 4 > 0].
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "loss/loss.h"
#include "nn/params.h"

enum { K = 3, V = 16, ARENA = 1 << 20 };

static const int64_t full[3] = { 1, 4, 4 };
static const double class_weights[K] = { 1, 2, 3 };

struct fixture {
	struct params ps;
	struct graph g;
};

static struct node *logits(struct graph *g, struct params *ps)
{
	struct node *z = param(g, ps, "z", INIT_ZERO, 1, 5, (int64_t[]){ 1, K, 1, 4, 4 });

	z->v.c = z->g.c = K;
	z->v.h = z->g.h = z->v.w = z->g.w = 4;
	return z;
}

static int setup(void **state)
{
	static struct fixture f;
	struct graph dry = { .grad = true };

	memset(&f, 0, sizeof f);
	graph_init(&dry, &backend_null, 0);
	logits(&dry, &f.ps);
	graph_fini(&dry);
	params_freeze(&f.ps, &backend_cpu, 1);
	for (int i = 0; i < K * V; i++)
		f.ps.value[i] = (real)(2 * sin(0.7 * i));
	params_touch(&f.ps);
	f.g = (struct graph){ .grad = true, .training = true };
	graph_init(&f.g, &backend_cpu, ARENA);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	graph_fini(&f->g);
	params_fini(&f->ps);
	return 0;
}

static struct truth truth(struct graph *g, bool weighted, bool by_class)
{
	uint8_t label[V];
	float weight[V];
	struct truth t = { .target = NULL };

	for (int i = 0; i < V; i++) {
		label[i] = (uint8_t)(i % K);
		weight[i] = i % 4 != 0;
	}
	t.target = op_label(g, label, 1, full, false);
	if (weighted)
		t.weight = op_weight(g, weight, 1, full, false);
	for (int i = 0; i < V; i++)
		weight[i] = (float)cos(0.5 * i);
	t.image = op_image(g, weight, 1, 1, full, false);
	if (by_class)
		t.class_weight = op_constant(g, class_weights, 1, K);
	return t;
}

static struct loss_sum parse(const char *text)
{
	struct loss_sum l;
	struct err e;

	l.n = spec_sum_parse(&loss_kind, text, l.part, (int)PM_COUNT(l.part), &e);
	assert_true(l.n > 0);
	return l;
}

static double run(struct fixture *f, const char *text, bool weighted, bool by_class)
{
	const struct loss_sum l = parse(text);

	graph_reset(&f->g);
	struct node *z = logits(&f->g, &f->ps);
	const struct truth t = truth(&f->g, weighted, by_class);
	struct node *y = loss_eval(&f->g, &l, z, &t);
	const double value = graph_scalar(&f->g, y);
	params_zero_grad(&f->ps);
	graph_backward(&f->g, y);
	return value;
}

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-5 * fmax(1, fabs(want))))
		fail_msg("%.8g, not %.8g", got, want);
}

/* Softmax of the logits, in double. */
static void softmax(double p[K][V])
{
	for (int v = 0; v < V; v++) {
		double sum = 0;
		for (int c = 0; c < K; c++)
			sum += p[c][v] = exp((double)(real)(2 * sin(0.7 * (c * V + v))));
		for (int c = 0; c < K; c++)
			p[c][v] /= sum;
	}
}

static double size_by_hand(int c, double low, double high)
{
	double p[K][V], size = 0;

	softmax(p);
	for (int v = 0; v < V; v++)
		size += p[c][v];
	return pow(fmax(0, fmax(low - size, size - high)), 2) / V;
}

static void golden_values(void **state)
{
	struct fixture *f = *state;

	near(run(f, "dice", false, false), 0.6455581);
	near(run(f, "dice", true, false), 0.7484402);
	near(run(f, "dice", false, true), 0.6559942);
	near(run(f, "dice:square", false, false), 0.5578907);
	near(run(f, "dice:square", true, false), 0.6903345);
	near(run(f, "dice:square", false, true), 0.5681038);
	near(run(f, "ce", false, false), 1.7923213);
	near(run(f, "ce", true, false), 2.2545204);
	near(run(f, "ce", false, true), 3.5954878);
	near(run(f, "dice+ce", false, false), 0.6455581 + 1.7923213);
	near(run(f, "dice:weight=0.5+ce:weight=2", false, false), 0.5 * 0.6455581 + 2 * 1.7923213);
	near(run(f, "gce:q=0.5", false, false), 0.9625366);
	near(run(f, "gce:q=0.7", true, false), 0.9538944);
	near(run(f, "mse", false, false), 0.2994589);
	near(run(f, "mae", false, false), 0.4283873);
	near(run(f, "mae", true, false), 1.4946798 / K); /* over classes too, as without weights */
	near(run(f, "binary-dice", false, false), 0.3940110);
	near(run(f, "group-dice", false, false), 0.6633701);
	near(run(f, "focal-dice:beta=2", false, false), 0.4050530);
	near(run(f, "nr-dice:gamma=1.5", false, false), 0.5207781);
	near(run(f, "exp-log:dice=0.8:gamma=0.3", false, false), 1.1354892);
	near(run(f, "slsr:epsilon=0.25", true, false), 1.9550369);
	near(run(f, "slsr:epsilon=0.25", false, false), 1.7846428);
	near(run(f, "ars-tversky:patch=2", false, false), 0.6597841);
	near(run(f, "entropy", false, false), 0.6041245);
	near(run(f, "tv", false, false), 0.0116486);
	near(run(f, "mumford-shah", false, false), 0.6509239);
	near(run(f, "mumford-shah:penalty=l2", false, false), 0.4253966);
	near(run(f, "gated-crf:radius=1", false, false), 3.9774982); /* neighbours beyond the border are left out */
	near(run(f, "gated-crf", false, false), 8.4628820);
	near(run(f, "size:low=0x6x0:high=0x8x0", false, false), size_by_hand(1, 6, 8));
	near(run(f, "size:tags", false, false), 0); /* all classes are there */
}

static double weight_of(bool weighted, int v) { return weighted ? v % 4 != 0 : 1; }

static void gradient_of_ce(void **state)
{
	struct fixture *f = *state;
	double p[K][V];

	softmax(p);
	for (int mode = 0; mode < 4; mode++) {
		const bool weighted = mode & 1, by_class = mode & 2;
		double total = 0;

		for (int v = 0; v < V; v++)
			total += weight_of(weighted, v);
		run(f, "ce", weighted, by_class);
		for (int c = 0; c < K; c++)
			for (int v = 0; v < V; v++) {
				const double a = by_class ? class_weights[v % K] : 1;
				near((double)f->ps.grad[c * V + v], weight_of(weighted, v) * a * (p[c][v] - (v % K == c)) / total);
			}
	}
}

static void gradient_of_dice(void **state)
{
	struct fixture *f = *state;
	double p[K][V];

	softmax(p);
	for (int mode = 0; mode < 4; mode++) {
		const bool weighted = mode & 1, by_class = mode & 2;
		double both[K] = { 0 }, each[K] = { 0 }, share = 0;

		for (int c = 0; c < K; c++) {
			share += by_class ? class_weights[c] : 1;
			for (int v = 0; v < V; v++) {
				both[c] += weight_of(weighted, v) * (v % K == c) * p[c][v];
				each[c] += weight_of(weighted, v) * ((v % K == c) + p[c][v]);
			}
		}
		run(f, "dice", weighted, by_class);
		for (int v = 0; v < V; v++) {
			double dp[K], mean = 0; /* d loss / d p, then through the softmax */
			for (int c = 0; c < K; c++) {
				const double d = (2 * both[c] + 1e-5) / (each[c] + 1e-5);
				const double a = (by_class ? class_weights[c] : 1) / share;
				dp[c] = -a * weight_of(weighted, v) * (2 * (v % K == c) - d) / (each[c] + 1e-5);
				mean += dp[c] * p[c][v];
			}
			for (int c = 0; c < K; c++)
				near((double)f->ps.grad[c * V + v], p[c][v] * (dp[c] - mean));
		}
	}
}

static void a_class_in_neither_counts_as_found(void **state)
{
	struct fixture *f = *state;
	const struct loss_sum l = parse("dice");
	const uint8_t label[V] = { 0 };
	double far[K * V];

	for (int i = 0; i < K * V; i++)
		far[i] = i < V ? 100 : -100;
	graph_reset(&f->g);
	const struct truth t = { .target = op_label(&f->g, label, 1, full, false) };
	struct node *z = op_constant(&f->g, far, K, V); /* the same memory as [1,K,1,4,4] */
	z->v.n = 1;
	z->v.c = K;
	z->v.h = z->v.w = 4;
	z->v.stride = K * V;
	near(graph_scalar(&f->g, loss_eval(&f->g, &l, z, &t)), 0);
}

static void soft_targets_are_hard_ones_when_they_are_one_hot(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		const struct loss_sum l = parse(i ? "ce" : "dice");
		const double hard = run(f, i ? "ce" : "dice", true, true);

		graph_reset(&f->g);
		struct node *z = logits(&f->g, &f->ps);
		struct truth t = truth(&f->g, true, true);
		t.target = op_onehot(&f->g, t.target, K);
		near(graph_scalar(&f->g, loss_eval(&f->g, &l, z, &t)), hard);
	}
}

static double deep(struct fixture *f, int mode, const double *weights, bool weighted)
{
	const struct loss_sum l = parse("dice");

	graph_reset(&f->g);
	struct node *z = logits(&f->g, &f->ps);
	struct node *out[2] = { z, op_resample(&f->g, z, (int64_t[]){ 1, 2, 2 }, RESAMPLE_AVERAGE) };
	const struct truth t = truth(&f->g, weighted, false);
	struct node *y = loss_deep(&f->g, &l, out, 2, &t, mode, weights);
	const double value = graph_scalar(&f->g, y);
	graph_backward(&f->g, y);
	return value;
}

/* Two samples of 4x4 whose logits are 2 sin 0.7 i. */
static double of_two(struct fixture *f, const char *text)
{
	const struct loss_sum l = parse(text);
	double z[2 * K * V];

	for (int i = 0; i < 2 * K * V; i++)
		z[i] = 2 * sin(0.7 * i);
	graph_reset(&f->g);
	struct node *x = op_constant(&f->g, z, 2, K * V); /* the same memory as [2,K,1,4,4] */
	x->v.c = K;
	x->v.h = x->v.w = 4;
	return graph_scalar(&f->g, loss_eval(&f->g, &l, x, &(struct truth){ 0 }));
}

/* Class 1 in the columns 1 to 3 of all rows; no pixel is of class 2. */
static double boxed(struct fixture *f, const char *text)
{
	const struct loss_sum l = parse(text);
	uint8_t label[V];

	for (int i = 0; i < V; i++)
		label[i] = i % 4 > 0;
	graph_reset(&f->g);
	struct node *z = logits(&f->g, &f->ps);
	const struct truth t = { .target = op_label(&f->g, label, 1, full, false) };
	return graph_scalar(&f->g, loss_eval(&f->g, &l, z, &t));
}

static double psi(double x) { return x <= -0.04 ? -log(-x) / 5 : 5 * x + 2 * log(5) / 5 + 0.2; }

static void boxes(void **state)
{
	struct fixture *f = *state;
	double p[K][V], all[K] = { 0 };

	softmax(p);
	for (int i = 0; i < K * V; i++)
		all[i / V] += p[i / V][i % V];
	near(boxed(f, "box:strip=1:tight=1:empty=0:size=0"), 12.41732374);
	near(boxed(f, "box:strip=2:tight=1:empty=0:size=0"), 8.10349953);
	near(boxed(f, "box:tight=0:empty=1:size=0"), 0.44912002 + psi(all[2]) / V);
	near(boxed(f, "box:tight=0:empty=0:size=1"), (psi(0.5 * 12 - all[1]) + psi(all[1] - 0.9 * 12)) / V);
}

static void shapes(void **state)
{
	struct fixture *f = *state;

	near(of_two(f, "size:low=0x6x0:high=0x8x0"), 0.16551905);
	near(of_two(f, "size:low=0x0x3:high=0x0x4"), 0.25266413);
	near(of_two(f, "size:low=0x6x0:high=0x8x0:penalty=barrier"), 1.09018276 / 2); /* the mean over samples here too */
	near(of_two(f, "compactness:classes=1"), 0.31320909);
}

static void deep_supervision(void **state)
{
	struct fixture *f = *state;

	near(deep(f, 0, NULL, false), 0.6530963);
	near(deep(f, 1, NULL, false), 0.6536111);
	near(deep(f, 2, NULL, false), 0.6536111);
	near(deep(f, 2, (double[]){ 1, 0.5 }, false), 0.6536111);
	near(deep(f, 2, (double[]){ 3, 0 }, false), 0.6455581);
	for (int mode = 0; mode < 3; mode++)
		assert_true(isfinite(deep(f, mode, NULL, true)));
}

/* At every size of the logits: the same as where a weight of 0 leaves them out. */
static void pixels_of_no_class_count_nothing(void **state)
{
	struct fixture *f = *state;
	static const char *const kinds[] = { "dice", "ce", "mse", "gce" };

	for (size_t k = 0; k < PM_COUNT(kinds); k++)
		for (int mode = 0; mode < 3; mode++) {
			const struct loss_sum l = parse(kinds[k]);
			real grad[2][K * V];
			double value[2];
			for (int by_weight = 0; by_weight < 2; by_weight++) {
				uint8_t label[V];
				float weight[V];
				for (int i = 0; i < V; i++) {
					const bool out = i / 8 == 1 && i % 4 < 2;
					label[i] = (uint8_t)(out && !by_weight ? 255 : i % K);
					weight[i] = !out;
				}
				graph_reset(&f->g);
				struct node *z = logits(&f->g, &f->ps);
				struct node *outs[2] = { z, op_resample(&f->g, z, (int64_t[]){ 1, 2, 2 }, RESAMPLE_AVERAGE) };
				struct truth t = { .target = op_label(&f->g, label, 1, full, false) };
				if (by_weight)
					t.weight = op_weight(&f->g, weight, 1, full, false);
				struct node *y = loss_deep(&f->g, &l, outs, 2, &t, mode, NULL);
				value[by_weight] = graph_scalar(&f->g, y);
				params_zero_grad(&f->ps);
				graph_backward(&f->g, y);
				memcpy(grad[by_weight], f->ps.grad, sizeof grad[0]);
			}
			near(value[0], value[1]);
			for (int i = 0; i < K * V; i++)
				near((double)grad[0][i], (double)grad[1][i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(golden_values, setup, teardown),
		cmocka_unit_test_setup_teardown(gradient_of_ce, setup, teardown),
		cmocka_unit_test_setup_teardown(gradient_of_dice, setup, teardown),
		cmocka_unit_test_setup_teardown(a_class_in_neither_counts_as_found, setup, teardown),
		cmocka_unit_test_setup_teardown(soft_targets_are_hard_ones_when_they_are_one_hot, setup, teardown),
		cmocka_unit_test_setup_teardown(shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(boxes, setup, teardown),
		cmocka_unit_test_setup_teardown(deep_supervision, setup, teardown),
		cmocka_unit_test_setup_teardown(pixels_of_no_class_count_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
