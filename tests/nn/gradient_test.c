/*
 * gradient_test.c: every op, loss and network against central differences, in the double build (float cannot tell a wrong
 * gradient from a kink). Each case is a function from parameters to a scalar; each parameter tensor is checked at a few
 * places, the error relative to the largest gradient of that tensor (but not less than 1 % of the largest of all: what
 * should be zero, as the bias before a norm, would be compared with the rounding of the differences).
 */
#include "cases.h"

#include "nn/tape.h"

#include <omp.h>

/*
 * What a network is taught by its own predictions, or plays against, is a constant to the gradient, but not to differences. The
 * linker puts these functions in the way of all who declare such constants (--wrap, see the Makefile): their values are recorded
 * as the gradient is taken and put in place again for each difference.
 */
static struct {
	enum { LOOK_ON, RECORD, REPLAY } mode;
	real **value;
	int64_t *count;
	int n, cap, at;
} constants;

static void constants_begin(int mode)
{
	constants.mode = mode;
	constants.at = 0;
	if (mode != REPLAY) {
		for (int i = 0; i < constants.n; i++)
			free(constants.value[i]);
		constants.n = 0;
	}
}

/* The next value, of so many elements: to be written as it is recorded, then to be read. */
static real *next_constant(int64_t count)
{
	if (constants.mode == RECORD) {
		if (constants.n == constants.cap) {
			constants.cap = constants.cap ? 2 * constants.cap : 64;
			constants.value = xresize(constants.value, (size_t)constants.cap, sizeof *constants.value);
			constants.count = xresize(constants.count, (size_t)constants.cap, sizeof *constants.count);
		}
		constants.value[constants.n] = xcalloc((size_t)count, sizeof(real));
		constants.count[constants.n++] = count;
	}
	assert_true(constants.at < constants.n && constants.count[constants.at] == count);
	return constants.value[constants.at++];
}

/* Records what v holds, or puts what was recorded there, whatever v's layout. */
static void hold(struct graph *g, struct fmap *v)
{
	struct fmap plain = fmap_make(g, F_REAL, 1, v->n, v->c, v->d, v->h, v->w);

	assert_true(v->type == F_REAL && !v->act);
	plain.data = next_constant(fmap_count(v));
	if (constants.mode == RECORD)
		g->be->relayout(&plain, v, false);
	else
		g->be->relayout(v, &plain, false);
}

struct node *__real_op_detach(struct graph *g, struct node *x);
struct node *__wrap_op_detach(struct graph *g, struct node *x);
struct node *__wrap_op_detach(struct graph *g, struct node *x)
{
	if (constants.mode != REPLAY) {
		struct node *y = __real_op_detach(g, x);
		if (constants.mode == RECORD)
			hold(g, &y->v);
		return y;
	}
	struct node *y = node_new(g, NULL, NULL); /* not in place: others read x too */
	node_value(g, y, x->v.type, x->v.lanes, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w);
	hold(g, &y->v);
	return y;
}

struct node *__real_graph_slope(struct graph *g, struct node *scalar, struct node *x);
struct node *__wrap_graph_slope(struct graph *g, struct node *scalar, struct node *x);
struct node *__wrap_graph_slope(struct graph *g, struct node *scalar, struct node *x)
{
	struct node *y = __real_graph_slope(g, scalar, x);

	if (constants.mode != LOOK_ON)
		hold(g, &y->v);
	return y;
}

struct node *__real_param(struct graph *g, struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim);
struct node *__wrap_param(struct graph *g, struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim);
struct node *__wrap_param(struct graph *g, struct params *ps, const char *name, enum init init, int64_t fan_in, int rank, const int64_t *dim)
{
	struct node *y = __real_param(g, ps, name, init, fan_in, rank, dim);

	if (constants.mode != LOOK_ON && g->aside) {
		real *held = next_constant(y->param->count);
		if (constants.mode == RECORD)
			memcpy(held, y->v.data, (size_t)y->param->count * sizeof *held);
		y->v.data = held;
	}
	return y;
}

static struct node *run(struct graph *g, struct params *ps, function f, const void *arg, int mode)
{
	constants_begin(mode);
	graph_reset(g);
	params_touch(ps);
	struct node *y = f(g, ps, arg);
	assert_int_equal(constants.at, constants.n);
	return y;
}

/* (f(w + h) - f(w - h)) / 2h */
static double difference(struct graph *g, struct params *ps, function f, const void *arg, real *w, double h)
{
	const real at = *w;
	double side[2];

	for (int i = 0; i < 2; i++) {
		*w = i ? at + h : at - h;
		side[i] = graph_scalar(g, run(g, ps, f, arg, REPLAY));
	}
	*w = at;
	return (side[1] - side[0]) / (2 * h);
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
	struct node *s = run(&dry, &ps, f, arg, LOOK_ON);
	graph_backward(&dry, s);
	params_freeze(&ps, &backend_cpu, 11);
	for (int64_t i = 0; i < ps.trainable; i++) /* scales and shifts away from one and zero */
		ps.value[i] += 0.05 * sin(1 + 3 * (double)i);
	graph_init(&g, &backend_cpu, 2 * graph_peak(&dry)); /* constants that are put in place take room of their own */
	run(&g, &ps, f, arg, LOOK_ON);
	params_zero_grad(&ps);
	graph_backward(&g, run(&g, &ps, f, arg, RECORD));
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
			const double said = (double)grad[p->offset + k];
			double seen = 0, error = 1;
			for (double h = 1e-6; h > 1e-9 && error > 1e-6; h /= 10) { /* a ReLU that bends within a difference does so less in a smaller one */
				seen = difference(&g, &ps, f, arg, ps.value + p->offset + k, h);
				error = fabs(seen - said) / largest;
			}
			if (error > 1e-6)
				print_message("# %s: %s[%lld]: %.9g, differences say %.9g\n", what, p->name, (long long)k, said, seen);
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
static void test_networks(void **state) { walk_networks(check), (void)state; }

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
