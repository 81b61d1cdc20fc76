/*
 * noisy_test.c: methods for wrong labels (and one for spoiled images) against golden values, and their gradients against
 * differences (in the build with real = double). Networks are their logits: z1 = 2 sin 0.7 i, z2 = 2 cos 0.5 i,
 * z3 = sin 0.3 i + cos 0.2 i as [2,3,1,4,4].
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/agent.h"

enum { N = 2, K = 3, V = 16, ALL = N * K * V, ARENA = 1 << 20 };

static int forward(struct graph *g, const void *conf, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	struct node *z = param(g, ps, "z", INIT_ZERO, 1, 1, (int64_t[]){ ALL });

	(void)conf, (void)x, (void)classes;
	z->v.n = z->g.n = N;
	z->v.c = z->g.c = K;
	z->v.h = z->g.h = z->v.w = z->g.w = 4;
	z->v.stride = z->g.stride = K * V;
	z->v.block = z->g.block = V;
	out[0] = z;
	return 1;
}

static const struct net made = { .forward = forward };

struct fixture {
	struct params ps[3];
	struct graph g;
	struct run r;
	const struct agent *agent;
	enum { ANNOTATED, WITHOUT_LABEL, WITHOUT_WEIGHT } second; /* image */
	bool classes_weigh;
};

static struct node *value(struct fixture *f, struct graph *g, bool weighted)
{
	static const float image[ALL];
	uint8_t label[N * V];
	float weight[N * V];
	const int64_t size[3] = { 1, 4, 4 };

	for (int i = 0; i < N * V; i++) {
		label[i] = i >= V && f->second == WITHOUT_LABEL ? K : (uint8_t)(i % K);
		weight[i] = i < V ? 1 : f->second == WITHOUT_WEIGHT ? 0 : 0.5f;
	}
	graph_reset(g);
	f->r.g = g;
	f->r.truth.target = op_label(g, label, N, size, false);
	f->r.truth.weight = weighted ? op_weight(g, weight, N, size, false) : NULL;
	f->r.truth.class_weight = f->classes_weigh ? op_constant(g, (double[]){ 0.5, 3, 1 }, 1, K) : NULL;
	f->r.image = op_image(g, image, N, 1, size, false);
	f->r.original = f->agent->error ? op_image(g, image, N, K, size, false) : NULL;
	for (int i = 0; i < f->agent->nets; i++)
		params_touch(&f->ps[i]);
	return f->agent->loss(&f->r);
}

static double at(int net, int i)
{
	return net == 0 ? 2 * sin(0.7 * i) : net == 1 ? 2 * cos(0.5 * i) : sin(0.3 * i) + cos(0.2 * i);
}

static void fixture_open(struct fixture *f, const char *spec)
{
	struct graph dry = { .grad = true, .training = true };
	struct err e;
	void *conf;

	*f = (struct fixture){ .agent = (const struct agent *)spec_parse(&agent_kind, spec, &conf, &e) };
	assert_non_null(f->agent);
	f->r = (struct run){ .arch = { { &made, NULL }, { &made, NULL }, { &made, NULL } }, .classes = K, .ps = { &f->ps[0], &f->ps[1], &f->ps[2] },
		.conf = conf, .iter = 10, .iters = 10, .labeled = N };
	graph_init(&dry, &backend_null, 0);
	value(f, &dry, false);
	graph_fini(&dry);
	for (int n = 0; n < f->agent->nets; n++) {
		params_freeze(&f->ps[n], &backend_cpu, 1);
		for (int i = 0; i < ALL; i++)
			f->ps[n].value[i] = (real)at(n, i);
	}
	f->g = (struct graph){ .grad = true, .training = true };
	graph_init(&f->g, &backend_cpu, ARENA);
}

static void fixture_close(struct fixture *f)
{
	for (int n = 0; n < f->agent->nets; n++)
		params_fini(&f->ps[n]);
	graph_fini(&f->g);
}

static void golden(const char *spec, double want)
{
	struct fixture f;

	fixture_open(&f, spec);
	const double got = graph_scalar(&f.g, value(&f, &f.g, false));
	if (!(fabs(got - want) < 1e-5))
		fail_msg("%s: %.9g, not %.9g", spec, got, want);
	fixture_close(&f);
}

static void golden_values(void **state)
{
	(void)state;
	golden("coteaching:keep=0.8", 3.50303757);
	golden("trinet:keep=0.8", 1.60721355);
}

static double value_at(const char *spec, int64_t iter)
{
	struct fixture f;

	fixture_open(&f, spec);
	f.r.iter = iter;
	const double got = graph_scalar(&f.g, value(&f, &f.g, false));
	fixture_close(&f);
	return got;
}

/* From all pixels to those kept: trinet's on a line, coteaching's on a curve that begins below 1. */
static void the_share_falls(void **state)
{
	(void)state;
	assert_true(value_at("trinet:keep=0.5", 0) == value_at("trinet:keep=1", 10));
	assert_true(value_at("trinet:keep=0.5", 5) == value_at("trinet:keep=0.75", 10));
	assert_true(value_at("trinet:keep=0.5:ramp-start=2:ramp-end=4", 3) == value_at("trinet:keep=0.75", 10));
	assert_true(value_at("coteaching:keep=0.5", 5) == value_at("coteaching:keep=0.857", 10));
	assert_true(value_at("coteaching:keep=0.5", 5) != value_at("coteaching:keep=0.5", 10));
}

/* Of the first image: the loss of each pixel, and which half of them a network believes. */
static void judge(int net, double e[V], bool believes[V])
{
	for (int v = 0; v < V; v++) {
		double sum = 0;
		for (int k = 0; k < K; k++)
			sum += exp(at(net, k * V + v));
		e[v] = -log(0.999 * exp(at(net, v % K * V + v)) / sum + 5e-4);
	}
	for (int v = 0; v < V; v++) {
		int before = 0;
		for (int w = 0; w < V; w++)
			before += e[w] < e[v];
		believes[v] = before < V / 2;
	}
}

static double mean_of_believed(const double *e, const bool *a, const bool *b, bool weigh)
{
	static const double weight[K] = { 0.5, 3, 1 };
	double sum = 0, n = 0;

	for (int v = 0; v < V; v++)
		if (a[v] && b[v]) {
			sum += e[v] * (weigh ? weight[v % K] : 1);
			n++;
		}
	return sum / n;
}

/* Pixels without a label have no loss, so that they would be the first to be believed; those of classes that weigh little, the next. */
static void only_annotated_pixels_are_believed(void **state)
{
	double e[3][V];
	bool b[3][V];
	(void)state;

	for (int net = 0; net < 3; net++)
		judge(net, e[net], b[net]);
	for (int how = WITHOUT_LABEL; how <= WITHOUT_WEIGHT; how++)
		for (int i = 0; i < 4; i++) {
			const bool three = i % 2, weigh = i / 2;
			const double two = mean_of_believed(e[0], b[1], b[1], weigh) + mean_of_believed(e[1], b[0], b[0], weigh);
			const double want = !three ? two : (mean_of_believed(e[0], b[1], b[2], weigh) + mean_of_believed(e[1], b[2], b[0], weigh)
				+ mean_of_believed(e[2], b[0], b[1], weigh)) / 3;
			struct fixture f;
			fixture_open(&f, three ? "trinet:keep=0.5" : "coteaching:keep=0.5");
			f.second = how;
			f.classes_weigh = weigh;
			const double got = graph_scalar(&f.g, value(&f, &f.g, how == WITHOUT_WEIGHT));
			if (!(fabs(got - want) < 1e-5))
				fail_msg("%s: %.9g, not %.9g", f.agent->p.name, got, want);
			fixture_close(&f);
		}
}

/* A training that has come to nothing is seen by its loss, though its outputs are bounded. */
static void a_nan_stays_one(void **state)
{
	struct fixture f;
	(void)state;

	fixture_open(&f, "reconstruct");
	assert_true(isfinite(graph_scalar(&f.g, value(&f, &f.g, false))));
	f.ps[0].value[5] = (real)NAN;
	assert_true(isnan(graph_scalar(&f.g, value(&f, &f.g, false))));
	fixture_close(&f);
}

static void gradient(const char *spec, bool weighted)
{
	const double h = 1e-6;
	struct fixture f;

	fixture_open(&f, spec);
	for (int n = 0; n < f.agent->nets; n++)
		params_zero_grad(&f.ps[n]);
	graph_backward(&f.g, value(&f, &f.g, weighted));
	for (int n = 0; n < f.agent->nets; n++)
		for (int i = 0; i < ALL; i++) {
			real *z = &f.ps[n].value[i], z0 = *z;
			*z = z0 + (real)h;
			const double up = graph_scalar(&f.g, value(&f, &f.g, weighted));
			*z = z0 - (real)h;
			const double down = graph_scalar(&f.g, value(&f, &f.g, weighted));
			*z = z0;
			if (!(fabs((up - down) / (2 * h) - (double)f.ps[n].grad[i]) < 1e-8))
				fail_msg("%s: net %d, logit %d: %.9g, differences say %.9g", spec, n, i, (double)f.ps[n].grad[i], (up - down) / (2 * h));
		}
	fixture_close(&f);
}

static void gradients(void **state)
{
	(void)state;
	if (sizeof(real) != sizeof(double))
		skip();
	for (int weighted = 0; weighted < 2; weighted++) {
		gradient("coteaching:keep=0.7", weighted);
		gradient("trinet:keep=0.7", weighted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_values), cmocka_unit_test(the_share_falls),
		cmocka_unit_test(only_annotated_pixels_are_believed), cmocka_unit_test(a_nan_stays_one), cmocka_unit_test(gradients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
