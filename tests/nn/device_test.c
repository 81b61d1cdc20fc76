/*
 * device_test.c: the GPU's backend against the processor's: every op, loss, agent and network, forward and backward, in f32
 * and bf16; and that a second run gives the same bytes. PYMIC_CUDA names the shared object: the twin (the same kernels as C)
 * in make check, the real one in make check-gpu. With an argument: does the table of that shared object lack no entry?
 */
#include "cases.h"

#include "cuda/device.h"
#include "net/cover.h"
#include "net/net.h"
#include "nn/augmentation.h"
#include "nn/optim.h"
#include "nn/recording.h"

#include <dlfcn.h>
#include <omp.h>

static const struct backend *device;
static enum ftype type;

/* What a case computes. */
struct result {
	double loss;
	int64_t n;
	real *grad;
	size_t peak;
};

static struct node *back(struct graph *g, struct node *loss)
{
	loss->keep = true;
	graph_backward(g, loss);
	return loss;
}

static struct params declared(function f, const void *arg, const struct backend *be, size_t *bytes)
{
	struct graph dry = { .grad = true, .training = true, .type = type };
	struct params ps = { 0 };

	graph_measure(&dry, be);
	back(&dry, f(&dry, &ps, arg));
	*bytes = graph_peak(&dry);
	graph_fini(&dry);
	return ps;
}

static struct result run(function f, const void *arg, const struct backend *be)
{
	struct graph g = { .grad = true, .training = true, .type = type, .seed = 5, .step = 3 };
	struct result r;
	size_t bytes;
	struct params ps = declared(f, arg, be, &bytes);

	params_freeze(&ps, be, 11);
	real *host = xmalloc((size_t)ps.total * sizeof *host);
	be->get(host, ps.value, (size_t)ps.total * sizeof *host);
	for (int64_t i = 0; i < ps.trainable; i++) /* scales and shifts away from one and zero */
		host[i] += (real)(0.05 * sin(1 + 3 * (double)i));
	be->put(ps.value, host, (size_t)ps.total * sizeof *host);
	free(host);
	graph_init(&g, be, bytes);
	back(&g, f(&g, &ps, arg));
	graph_reset(&g);
	params_zero_grad(&ps);
	params_touch(&ps);
	r.loss = graph_scalar(&g, back(&g, f(&g, &ps, arg)));
	r.n = ps.trainable;
	r.peak = graph_peak(&g);
	assert_int_equal(r.peak, bytes);
	r.grad = xmalloc((size_t)r.n * sizeof *r.grad);
	be->get(r.grad, ps.grad, (size_t)r.n * sizeof *r.grad);
	graph_fini(&g);
	params_fini(&ps);
	return r;
}

/* Distance of two gradients over the length of the second. */
static double distance(const struct result *a, const struct result *b)
{
	double d = 0, length = 0;

	assert_int_equal(a->n, b->n);
	for (int64_t i = 0; i < a->n; i++) {
		d += ((double)a->grad[i] - (double)b->grad[i]) * ((double)a->grad[i] - (double)b->grad[i]);
		length += (double)b->grad[i] * (double)b->grad[i];
	}
	return length > 1e-12 ? sqrt(d / length) : sqrt(d);
}

static double loss_distance(const struct result *a, const struct result *b) { return fabs(a->loss - b->loss) / (1 + fabs(b->loss)); }

/*
 * In f32 the processor is right to the last digits. bf16 runs through the same code and shows what goes wrong with the type
 * alone: a batch of few pixels rounds into gradients that are 0.1 to 0.2 away from those of f32, on any device. Those of
 * vox2vec, which tells like voxels apart, are 1 away, on any device alike: there both round, and a head of few channels is left out.
 * In f32 it is the other way round: of the thousand ReLUs of the large head some bend within the last digits.
 */
static void compare(const char *what, function f, const void *arg, int probes)
{
	const enum ftype wanted = type;
	double bound = 2e-4, loss_bound = 2e-4;

	(void)probes;
	if (!strcmp(what, wanted == F_BF16 ? "vox2vec, of few channels" : "vox2vec"))
		return;
	type = strcmp(what, "vox2vec") ? F_REAL : wanted;
	const struct result exact = run(f, arg, &backend_cpu);
	type = wanted;
	if (type == F_BF16) {
		bound = 0.4;
		loss_bound = 0.05;
	}
	const struct result first = run(f, arg, device), second = run(f, arg, device);
	const double far = distance(&first, &exact), loss_far = loss_distance(&first, &exact);
	if (!(far < bound && loss_far < loss_bound))
		fail_msg("%s: loss %.9g, not %.9g; gradients differ by %.1e, more than %.1e", what, first.loss, exact.loss, far, bound);
	assert_true(first.loss == second.loss && !memcmp(first.grad, second.grad, (size_t)first.n * sizeof *first.grad));
	free(exact.grad);
	free(first.grad);
	free(second.grad);
}

/* Windows of an image of which the ring holds 4 of 9 planes: cut and added on be. Rows are padded, beyond their end and back. */
static void tiles(const struct backend *be, bool flip_h, bool flip_w, real *cut, real *sums)
{
	enum { C = 3, K = 3, RING = 4, H = 7, W = 5, TILE = 4 * 8 * 12, IMAGE = C * RING * H * W };
	float image[IMAGE];
	struct cover c[3];
	real *tile = be->alloc(C * TILE * sizeof *tile), *planes = be->alloc(K * RING * H * W * sizeof *planes);
	float *on = be->alloc(sizeof image);

	for (int i = 0; i < IMAGE; i++)
		image[i] = (float)sin(1 + 0.7 * i);
	be->put(on, image, sizeof image);
	cover_init(&c[0], be, 9, 4, 2, 4);
	cover_init(&c[1], be, H, 4, 3, 8);
	cover_init(&c[2], be, W, 0, 0, 12);
	for (int d = 1; d < 3; d++) /* planes 2 to 5 and 4 to 7, in slots 2, 3, 0, 1 and 0 to 3 */
		for (int h = 0; h < c[1].count; h++) {
			const struct tile t = { { cover_window(&c[0], d, false), cover_window(&c[1], h, flip_h), cover_window(&c[2], 0, flip_w) }, RING };
			be->tile_cut(tile, on, C, &t);
			be->tile_add(planes, tile, K, &t, 0.25);
		}
	be->get(cut, tile, C * TILE * sizeof *tile);
	be->get(sums, planes, K * RING * H * W * sizeof *planes);
	for (int a = 0; a < 3; a++)
		cover_fini(&c[a]);
	be->free(tile, C * TILE * sizeof *tile);
	be->free(planes, K * RING * H * W * sizeof *planes);
	be->free(on, sizeof image);
}

static void test_tiles(void **state)
{
	enum { TILE = 3 * 4 * 8 * 12, SUMS = 3 * 4 * 7 * 5 };
	static real cut[2][TILE], sums[2][SUMS];
	(void)state;

	for (int flip = 0; flip < 4; flip++) {
		tiles(&backend_cpu, flip & 2, flip & 1, cut[0], sums[0]);
		tiles(device, flip & 2, flip & 1, cut[1], sums[1]);
		assert_memory_equal(cut[0], cut[1], sizeof cut[0]);
		for (int i = 0; i < SUMS; i++)
			assert_true(sums[0][i] != 0 && fabs((double)sums[0][i] - (double)sums[1][i]) < 1e-6);
	}
}

static void all(enum ftype t)
{
	type = t;
	walk_maps(compare);
	walk_networks(compare);
	if (t == F_BF16) /* what follows is f32 in any case */
		return;
	walk_plain(compare);
	walk_losses(compare);
}

static void test_f32(void **state) { all(F_REAL), (void)state; }
static void test_bf16(void **state) { all(F_BF16), (void)state; }

static void *device_copy(const void *host, size_t bytes)
{
	void *p = device->alloc(bytes);
	device->put(p, host, bytes);
	return p;
}

/* n numbers on the device. */
static real *on_device(const real *host, int64_t n) { return device_copy(host, (size_t)n * sizeof *host); }

static void near_all(const real *on, const real *host, int64_t n)
{
	real *got = xmalloc((size_t)n * sizeof *got);

	device->get(got, on, (size_t)n * sizeof *got);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)got[i] - (double)host[i]) <= 1e-5 * (1 + fabs((double)host[i]))))
			fail_msg("element %lld: %.9g, not %.9g", (long long)i, (double)got[i], (double)host[i]);
	free(got);
}

/* Of numbers with that norm: first too short to be clipped, then not. */
static void test_clip(real *host, real *on, int64_t n, double length)
{
	double *norm = device->alloc(sizeof *norm), want, got;

	for (double most = 2 * length; most > length / 3; most /= 4) {
		backend_cpu.clip(host, n, most, &want);
		device->clip(on, n, most, norm);
		device->get(&got, norm, sizeof got);
		assert_true(fabs(got - length) < 1e-5 * length && fabs(want - length) < 1e-5 * length);
		near_all(on, host, n);
	}
	device->free(norm, sizeof *norm);
}

static void test_optimizers(void **state)
{
	enum { N = 1000, STEPS = 4 };
	(void)state;

	for (int how = 0; how < 8; how++) {
		real host[4][N], *on[4];
		for (int k = 0; k < 4; k++) {
			for (int i = 0; i < N; i++)
				host[k][i] = k > 1 ? 0 : (real)sin(k + 0.7 * i); /* values, gradients, two states */
			on[k] = on_device(host[k], N);
		}
		for (int step = 1; step <= STEPS; step++) {
			const struct adam a = { 1e-2, 0.9, 0.999, 1e-8, 0.1, how & 2, step };
			const struct sgd s = { 1e-2, how & 2 ? 0.9 : 0, 0.01, how & 4, step == 1 };
			if (how & 1) {
				backend_cpu.adam(host[0], host[1], host[2], host[3], N, &a);
				device->adam(on[0], on[1], on[2], on[3], N, device_copy(&a, sizeof a));
			} else {
				backend_cpu.sgd(host[0], host[1], host[2], N, &s);
				device->sgd(on[0], on[1], on[2], N, device_copy(&s, sizeof s));
			}
		}
		for (int k = 0; k < 4; k++)
			near_all(on[k], host[k], N);
		const double keep = 0.9, *kept = device_copy(&keep, sizeof keep);
		backend_cpu.ema(host[1], host[0], N, &keep);
		device->ema(on[1], on[0], N, kept);
		near_all(on[1], host[1], N);
		const double squares = backend_cpu.sum_squares(host[0], N);
		assert_true(fabs(device->sum_squares(on[0], N) - squares) < 1e-5 * squares);
		test_clip(host[0], on[0], N, sqrt(squares));
		for (int k = 0; k < 4; k++)
			device->free(on[k], N * sizeof(real));
	}
}

static void test_finite(void **state)
{
	enum { N = 5000 };
	static real x[N];
	const real bad[3] = { (real)NAN, (real)INFINITY, (real)-INFINITY };
	(void)state;

	for (int i = 0; i < N; i++)
		x[i] = (real)(i % 2 ? 3e38 : -1e-40);
	real *on = on_device(x, N);
	assert_true(device->all_finite(on, N));
	for (int i = 0; i < 3; i++) {
		device->put(on + i * 2499, &bad[i], sizeof *bad);
		assert_false(device->all_finite(on, N));
		device->put(on + i * 2499, &x[i * 2499], sizeof *bad);
	}
	device->free(on, N * sizeof *on);
}

static void test_argmax(void **state)
{
	enum { K = 5, V = 600, IMAGES = 2, N = IMAGES * K * V };
	static real host[N];
	static uint8_t want[IMAGES * V], got[IMAGES * V];
	(void)state;

	for (int i = 0; i < N; i++)
		host[i] = (real)((i * 7919) % 13); /* with ties */
	real *z = on_device(host, N);
	uint8_t *y = device->alloc(sizeof got);
	backend_cpu.argmax(want, host, IMAGES, K, V);
	device->argmax(y, z, IMAGES, K, V);
	device->get(got, y, sizeof got);
	assert_memory_equal(got, want, sizeof got);
	device->free(z, N * sizeof(real));
	device->free(y, sizeof got);
}

static void test_smallest(void **state)
{
	enum { N = 40000 };
	static const double share[] = { 0, 1e-9, 1e-4, 0.3, 0.77, 1 };
	static real host[N], some[N], want[N], got[N];
	(void)state;

	for (int ties = 0; ties < 2; ties++) {
		for (int i = 0; i < N; i++)
			host[i] = (real)(ties ? i * 7919 % 13 - 6 : sin(i) * exp(i % 40 - 20));
		for (int i = 0; i < N; i++)
			some[i] = (real)(i % 7 < 3 ? 0 : 0.5);
		real *x = on_device(host, N), *among = on_device(some, N), *mask = on_device(host, N);
		for (size_t s = 0; s < 2 * PM_COUNT(share); s++) {
			backend_cpu.smallest(want, host, s % 2 ? some : NULL, N, share[s / 2]);
			device->smallest(mask, x, s % 2 ? among : NULL, N, share[s / 2]);
			device->get(got, mask, sizeof got);
			assert_memory_equal(got, want, sizeof got);
		}
		device->free(x, sizeof host);
		device->free(among, sizeof host);
		device->free(mask, sizeof host);
	}
}

/* --- steps that are recorded: the same bytes as steps that are not --- */

enum { NET_STEPS = 6, SIZE = 16, CLASSES = 3, PIXELS = 2 * SIZE * SIZE };

/* What a step of training is made of, at the least. */
struct student {
	struct graph g;
	struct params ps;
	struct optim optim;
	struct recording recording;
	const struct net *net;
	void *conf;
	double *sum;
	float image[PIXELS], weight[PIXELS];
	uint8_t label[PIXELS];
};

static struct node *student_loss(struct student *s, struct graph *g)
{
	const int64_t size[3] = { 1, SIZE, SIZE };
	struct node *label = op_label(g, s->label, 2, size, false), *weight = op_weight(g, s->weight, 2, size, false);
	struct node *share = op_constant(g, (double[]){ 1, 2, 3 }, 1, CLASSES), *image = op_image(g, s->image, 2, 1, size, false), *out[PM_OUTPUTS];

	s->net->forward(g, s->conf, &s->ps, image, CLASSES, out);
	struct node *loss = op_part(g, op_ce(g, out[0], label, weight, share), 0, 1);
	if (g->be->runs)
		g->be->score(s->sum, loss->v.data, out[0]->v.data, label->v.data, 2, CLASSES, SIZE * SIZE);
	return loss;
}

static void student_step(void *arg)
{
	struct student *s = arg;

	graph_reset(&s->g);
	struct node *loss = student_loss(s, &s->g);
	params_zero_grad(&s->ps);
	graph_backward(&s->g, loss);
	optim_run(&s->optim, &s->ps, 1);
}

static void student_open(struct student *s, const char *optimizer)
{
	struct graph dry = { .grad = true, .training = true, .type = type };
	const struct plugin *p;
	void *conf;
	struct err e;

	memset(s, 0, sizeof *s);
	s->net = (const struct net *)spec_parse(&net_kind, "unet:chns=8,16,32:dropout=0.3", &s->conf, &e);
	assert_non_null(s->net);
	p = spec_parse(&optimizer_kind, optimizer, &conf, &e);
	assert_non_null(p);
	graph_measure(&dry, device);
	graph_backward(&dry, student_loss(s, &dry));
	s->g = (struct graph){ .grad = true, .training = true, .type = type, .seed = 5 };
	graph_init(&s->g, device, graph_plan(&dry));
	graph_follow(&s->g, &dry);
	graph_fini(&dry);
	params_freeze(&s->ps, device, 11);
	optim_init(&s->optim, p, conf, &s->ps);
	s->recording.g = &s->g;
	s->sum = device->alloc((1 + CLASSES) * sizeof *s->sum);
}

/* All weights and sums after some steps, each with a batch, a rate and a mask of its own. */
static size_t student_learn(struct student *s, bool record, char **result)
{
	const size_t values = (size_t)s->ps.total * sizeof(real), sums = (1 + CLASSES) * sizeof *s->sum;

	for (int step = 0; step < NET_STEPS; step++) {
		for (int i = 0; i < PIXELS; i++) {
			s->label[i] = (uint8_t)((i / 7 + step) % CLASSES);
			s->image[i] = (float)(s->label[i] + sin(i + 3 * step));
			s->weight[i] = (float)(1 + (i + step) % 2);
		}
		s->g.step = (uint64_t)step;
		optim_put(&s->optim, 0.01 / (1 + step));
		if (record)
			recording_run(&s->recording, student_step, s, (const void *const[]){ s->label, s->weight, s->image });
		else
			student_step(s);
		if (step == 3) /* what was recorded may have used it */
			device->free(device->alloc(64), 64);
		params_touch(&s->ps);
		assert_true((s->recording.held != NULL) == (record && step != 0 && step != 4));
	}
	*result = xmalloc(values + sums);
	device->get(*result, s->ps.value, values);
	device->get(*result + values, s->sum, sums);
	return values + sums;
}

static void student_close(struct student *s)
{
	recording_drop(&s->recording);
	device->free(s->sum, (1 + CLASSES) * sizeof *s->sum);
	optim_fini(&s->optim);
	params_fini(&s->ps);
	graph_fini(&s->g);
}

static void test_recording(void **state)
{
	static const char *const optimizers[] = { "adam", "adamw", "sgd:momentum=0.9" };
	static struct student s;
	char *result[2];
	(void)state;

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < PM_COUNT(optimizers); i++) {
			size_t bytes = 0;
			type = t ? F_BF16 : F_REAL;
			for (int record = 0; record < 2; record++) {
				student_open(&s, optimizers[i]);
				bytes = student_learn(&s, record, &result[record]);
				student_close(&s);
			}
			assert_memory_equal(result[0], result[1], bytes);
			free(result[0]);
			free(result[1]);
		}
}

static void test_score(void **state)
{
	enum { K = 5, V = 3000, IMAGES = 2, N = IMAGES * K * V };
	static real host[N];
	static uint8_t label[IMAGES * V];
	double want[1 + K] = { 1, 2, 3, 4, 5, 6 }, got[1 + K];
	const real loss = 0.25;
	(void)state;

	for (int i = 0; i < N; i++)
		host[i] = (real)((i * 7919) % 13);
	for (int i = 0; i < IMAGES * V; i++)
		label[i] = (uint8_t)(i % 7 ? i * 31 % (K - 1) : 255); /* the last class is not there; some are no class */
	double *sum = device_copy(want, sizeof want);
	real *z = on_device(host, N), *l = on_device(&loss, 1);
	uint8_t *y = device_copy(label, sizeof label);
	backend_cpu.score(want, &loss, host, label, IMAGES, K, V);
	device->score(sum, l, z, y, IMAGES, K, V);
	device->get(got, sum, sizeof got);
	assert_memory_equal(got, want, sizeof got);
	assert_true(want[0] == 1.25 && want[1] > 2 && want[K] < 6.01);
	double count[2][3 * K] = { { 7 }, { 7 } }, *counts = device_copy(count[0], sizeof count[0]);
	backend_cpu.count(count[0], host, label, IMAGES, K, V);
	device->count(counts, z, y, IMAGES, K, V);
	device->get(count[1], counts, sizeof count[1]);
	assert_memory_equal(count[1], count[0], sizeof count[1]);
	assert_true(count[0][0] > 7 && count[0][1] > V / 3 && !count[0][3 * K - 2]); /* the last class is in no truth */
	device->free(counts, sizeof count[0]);
	device->free(sum, sizeof want);
	device->free(z, N * sizeof(real));
	device->free(l, sizeof(real));
	device->free(y, sizeof label);
}

/* How many of the entries of a table of functions are missing: of all, if it is. */
static size_t lacking(const void *table, size_t bytes)
{
	size_t n = 0;

	for (size_t at = 0; at < bytes; at += sizeof(void *)) {
		void *entry = NULL;
		if (table)
			memcpy(&entry, (const char *)table + at, sizeof entry);
		n += !entry;
	}
	return n;
}

/* 0: the shared object loads without a GPU, and each entry of its table and of those that it names is there. */
static int table_check(const char *path)
{
	void *so = dlopen(path, RTLD_NOW);
	const struct backend *be = so ? dlsym(so, "pymic_table") : NULL;

	if (!be) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	const size_t own = sizeof *be - offsetof(struct backend, alloc);
	const size_t others = sizeof *be->draws + sizeof *be->views + sizeof *be->regions + sizeof *be->points + sizeof *be->recorder +
		sizeof *be->augmentation;
	const size_t n = lacking(&be->alloc, own) - (!be->acts && !be->norm_defer) + lacking(be->draws, sizeof *be->draws) +
		lacking(be->views, sizeof *be->views) + lacking(be->regions, sizeof *be->regions) + lacking(be->points, sizeof *be->points) +
		lacking(be->recorder, sizeof *be->recorder) + lacking(be->augmentation, sizeof *be->augmentation);
	printf("%zu entries, %zu lacking\n", (own + others) / sizeof be->alloc, n);
	return n > 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiles), cmocka_unit_test(test_finite),
		cmocka_unit_test(test_f32), cmocka_unit_test(test_bf16), cmocka_unit_test(test_optimizers), cmocka_unit_test(test_argmax),
		cmocka_unit_test(test_score), cmocka_unit_test(test_smallest), cmocka_unit_test(test_recording),
	};

	pm_tool = "device_test";
	if (argc > 1)
		return table_check(argv[1]);
	if (sizeof(real) == sizeof(double) || !getenv("PYMIC_CUDA")) {
		puts("1..1\nok 1 # skip PYMIC_CUDA names no backend to be compared");
		return 0;
	}
	device = device_choose(getenv("PYMIC_DEVICE") ? getenv("PYMIC_DEVICE") : "cuda", false, false);
	if (device == &backend_cpu) {
		puts("1..1\nok 1 # skip no GPU");
		return 0;
	}
	omp_set_num_threads(1); /* the cases are tiny */
	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
