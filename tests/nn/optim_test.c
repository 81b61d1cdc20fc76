/* optim_test.c: optimizers against their formulas in double, clipping against a rescaled gradient. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nn/optim.h"

enum { N = 1003, STEPS = 5 };

static void declare(struct params *ps)
{
	struct graph dry = { .grad = true };
	const int64_t n = N;

	memset(ps, 0, sizeof *ps);
	graph_init(&dry, &backend_null, 0);
	param(&dry, ps, "w", INIT_FAN_IN, 4, 1, &n);
	running(&dry, ps, "mean", INIT_ONE, 3);
	graph_fini(&dry);
	params_freeze(ps, &backend_cpu, 1);
}

/* Gradient i of step t: of different sizes, some of them zero. */
static double gradient(int i, int t) { return i % 10 ? sin(0.3 * i + t) * pow(10, i % 4 - 2) : 0; }

static struct optim open_optim(const char *spec, const struct params *ps)
{
	struct optim o;
	struct err e;
	void *conf;
	const struct plugin *p = spec_parse(&optimizer_kind, spec, &conf, &e);

	assert_non_null(p);
	optim_init(&o, p, conf, ps);
	return o;
}

struct expected {
	double w, m, v;
};

typedef void (*formula)(struct expected *x, double g, double lr, int t);

static void sgd(struct expected *x, double g, double lr, int t)
{
	g += 0.01 * x->w;
	x->m = t == 1 ? g : 0.9 * x->m + g;
	x->w -= lr * x->m;
}

static void nesterov(struct expected *x, double g, double lr, int t)
{
	g += 0.01 * x->w;
	x->m = t == 1 ? g : 0.9 * x->m + g;
	x->w -= lr * (g + 0.9 * x->m);
}

static void plain(struct expected *x, double g, double lr, int t)
{
	(void)t;
	x->w -= lr * g;
}

static void moments(struct expected *x, double g, double lr, int t)
{
	x->m = 0.9 * x->m + 0.1 * g;
	x->v = 0.999 * x->v + 0.001 * g * g;
	x->w -= lr * x->m / (1 - pow(0.9, t)) / (sqrt(x->v / (1 - pow(0.999, t))) + 1e-8);
}

static void adam(struct expected *x, double g, double lr, int t) { moments(x, g + 0.01 * x->w, lr, t); }

static void adamw(struct expected *x, double g, double lr, int t)
{
	x->w -= lr * 0.05 * x->w;
	moments(x, g, lr, t);
}

static void follows(const char *spec, formula f)
{
	struct params ps;
	struct expected x[N];

	declare(&ps);
	struct optim o = open_optim(spec, &ps);
	for (int i = 0; i < N; i++)
		x[i] = (struct expected){ .w = (double)ps.value[i] };
	for (int t = 1; t <= STEPS; t++) {
		const double lr = 0.01 / t;
		const uint64_t version = ps.version;

		for (int i = 0; i < N; i++) {
			ps.grad[i] = (real)gradient(i, t);
			f(&x[i], gradient(i, t), lr, t);
		}
		assert_true(optim_step(&o, &ps, lr, 0) == 0);
		assert_true(ps.version > version); /* convolutions pack their weights anew */
	}
	for (int i = 0; i < N; i++)
		if (!(fabs((double)ps.value[i] - x[i].w) <= 2e-6 * fmax(1, fabs(x[i].w))))
			fail_msg("%s: weight %d is %.9g, not %.9g", spec, i, (double)ps.value[i], x[i].w);
	for (int i = N; i < N + 3; i++)
		assert_true(ps.value[i] == 1); /* running statistics are not trained */
	assert_int_equal(o.step, STEPS);
	optim_fini(&o);
	params_fini(&ps);
}

static void formulas(void **state)
{
	(void)state;
	follows("sgd:nesterov=0:decay=0.01", sgd);
	follows("sgd:decay=0.01", nesterov);
	follows("sgd:momentum=0:nesterov=0", plain);
	follows("adam", moments);
	follows("adam:decay=0.01", adam);
	follows("adamw:decay=0.05", adamw);
}

static void clipping_rescales_the_whole_gradient(void **state)
{
	struct params a, b;
	double norm = 0;

	(void)state;
	declare(&a);
	declare(&b);
	struct optim oa = open_optim("sgd:momentum=0:nesterov=0", &a), ob = open_optim("sgd:momentum=0:nesterov=0", &b);
	for (int i = 0; i < N; i++)
		norm += gradient(i, 1) * gradient(i, 1);
	norm = sqrt(norm);
	for (int i = 0; i < N; i++) {
		a.grad[i] = (real)gradient(i, 1);
		b.grad[i] = (real)(gradient(i, 1) * 0.5 / norm);
	}
	assert_true(fabs(optim_step(&oa, &a, 0.1, 0.5) / norm - 1) < 1e-5);
	optim_step(&ob, &b, 0.1, 100 * norm);
	for (int i = 0; i < N; i++)
		assert_true(fabs((double)a.value[i] - (double)b.value[i]) < 1e-6);
	optim_fini(&oa);
	optim_fini(&ob);
	params_fini(&a);
	params_fini(&b);
}

static void a_gradient_that_is_no_number_is_reported(void **state)
{
	struct params ps;

	(void)state;
	declare(&ps);
	struct optim o = open_optim("adam", &ps);
	ps.grad[7] = (real)NAN;
	assert_true(isnan(optim_step(&o, &ps, 0.1, 1)));
	optim_fini(&o);
	params_fini(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formulas), cmocka_unit_test(clipping_rescales_the_whole_gradient),
		cmocka_unit_test(a_gradient_that_is_no_number_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
