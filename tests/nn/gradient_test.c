/*
 * gradient_test.c: every op, loss and network against central differences, in the double build (float cannot tell a wrong
 * gradient from a kink). Each case is a function from parameters to a scalar; each parameter tensor is checked at a few
 * places, the error relative to the largest gradient of that tensor (but not less than 1 % of the largest of all: what
 * should be zero, as the bias before a norm, would be compared with the rounding of the differences).
 */
#include "cases.h"

#include <omp.h>

static double value(struct graph *g, struct params *ps, function f, const void *arg)
{
	graph_reset(g);
	params_touch(ps);
	return graph_scalar(g, f(g, ps, arg));
}

/* Sanitizers look at memory, and are slow: there a few tensors are enough. The numbers of all are what the build without them is for. */
#ifdef __SANITIZE_ADDRESS__
enum { TENSORS = 16 };
#else
enum { TENSORS = 1 };
#endif

static void check(const char *what, function f, const void *arg, int probes)
{
	struct graph dry = { .grad = true, .training = true }, g = { .grad = true, .training = true, .seed = 5, .step = 3 };
	struct params ps = { 0 };
	double worst = 0, largest_of_all = 0;

	graph_init(&dry, &backend_null, 0);
	struct node *s = f(&dry, &ps, arg);
	graph_backward(&dry, s);
	params_freeze(&ps, &backend_cpu, 11);
	for (int64_t i = 0; i < ps.trainable; i++) /* scales and shifts away from one and zero */
		ps.value[i] += 0.05 * sin(1 + 3 * (double)i);
	graph_init(&g, &backend_cpu, graph_peak(&dry));
	value(&g, &ps, f, arg);
	graph_reset(&g);
	params_zero_grad(&ps);
	graph_backward(&g, f(&g, &ps, arg));
	assert_int_equal(graph_peak(&g), graph_peak(&dry));
	real *grad = xmalloc((size_t)ps.trainable * sizeof *grad);
	memcpy(grad, ps.grad, (size_t)ps.trainable * sizeof *grad);
	for (int64_t k = 0; k < ps.trainable; k++)
		largest_of_all = fmax(largest_of_all, fabs((double)grad[k]));
	for (int i = 0; i < ps.n; i += TENSORS) {
		const struct param *p = ps.p[i];
		double largest = fmax(1e-2 * largest_of_all, 1e-9); /* flat functions have no gradient at all */
		if (!p->trainable)
			continue;
		for (int64_t k = 0; k < p->count; k++)
			largest = fmax(largest, fabs((double)grad[p->offset + k]));
		for (int64_t k = 0; k < p->count; k += p->count > probes ? p->count / probes : 1) {
			real *w = ps.value + p->offset + k, w0 = *w;
			double h = 1e-6, up, down;
			*w = w0 + h;
			up = value(&g, &ps, f, arg);
			*w = w0 - h;
			down = value(&g, &ps, f, arg);
			*w = w0;
			double error = fabs((up - down) / (2 * h) - (double)grad[p->offset + k]) / largest;
			if (error > 1e-6)
				print_message("# %s: %s[%lld]: %.9g, differences say %.9g\n", what, p->name, (long long)k,
					(double)grad[p->offset + k], (up - down) / (2 * h));
			worst = fmax(worst, error);
		}
	}
	print_message("# %-28s worst relative error %.1e over %d tensors\n", what, worst, ps.n);
	assert_true(worst < 1e-6);
	free(grad);
	params_fini(&ps);
	graph_fini(&g);
	graph_fini(&dry);
}

static void test_maps(void **state) { walk_maps(check), (void)state; }
static void test_plain(void **state) { walk_plain(check), (void)state; }
static void test_losses(void **state) { walk_losses(check), (void)state; }
/*
 * What networks teach themselves with softly, or play against, is a constant to the gradient, but not to differences; the head of
 * vox2vec has so many ReLUs that some bend within any difference. device_test runs those.
 */
static void check_agent(const char *what, function f, const void *arg, int probes)
{
	if (strcmp(what, "cct") && strcmp(what, "dmsps") && strcmp(what, "dct") && strcmp(what, "dan") && strcmp(what, "vox2vec"))
		check(what, f, arg, probes);
}

static void test_networks(void **state) { walk_networks(check_agent), (void)state; }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_maps), cmocka_unit_test(test_losses), cmocka_unit_test(test_networks),
	};

	if (sizeof(real) != sizeof(double)) {
		puts("1..1\nok 1 # skip gradients are checked in the double build (make REAL=double)");
		return 0;
	}
	omp_set_num_threads(1); /* the cases are tiny */
	return cmocka_run_group_tests_name("gradient", tests, NULL, NULL);
}
