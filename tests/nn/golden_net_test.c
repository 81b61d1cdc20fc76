/*
 * U-Nets against values computed elsewhere: those of PyMIC's own modules where a formula fills weights and input, and those
 * of PyTorch for its random initial weights (tests/golden/make_unet.py).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/stream.h"
#include "loss/loss.h"
#include "net/predict.h"
#include "nn/model.h"

/* A build with real = double must reproduce every printed digit; float what float can. */
static const bool exact = sizeof(real) == sizeof(double);

/* One forward pass, and what the loss is (NULL: none). */
struct pass {
	const struct net *net;
	const void *conf;
	int classes;
	int64_t n, channels, size[3];
	bool fold;
	const double *image;
	const uint8_t *label;
	const struct loss_sum *loss; /* NULL: the mean square of the first output */
	bool training, backward;
};

static struct node *pass_run(struct graph *g, const struct pass *p, struct params *ps, struct node *out[PM_OUTPUTS])
{
	const int64_t count = p->n * p->channels * p->size[0] * p->size[1] * p->size[2];
	float *rough = xmalloc((size_t)count * sizeof *rough);
	for (int64_t i = 0; i < count; i++)
		rough[i] = (float)p->image[i];
	struct node *x = op_image(g, rough, p->n, p->channels, p->size, p->fold);
	free(rough);
	if (g->be->runs && x->v.lanes == 1 && x->v.type == F_REAL && !(p->fold && p->channels > 1)) {
		real *fine = xmalloc((size_t)count * sizeof *fine);
		for (int64_t i = 0; i < count; i++)
			fine[i] = (real)p->image[i];
		g->be->put(x->v.data, fine, (size_t)count * sizeof *fine);
		free(fine);
	}
	p->net->forward(g, p->conf, ps, x, p->classes, out);
	if (!p->backward)
		return NULL;
	struct node *loss;
	if (p->loss) {
		const struct truth t = { .target = op_label(g, p->label, p->n, p->size, p->fold) };
		loss = loss_eval(g, p->loss, out[0], &t);
	} else {
		const struct fmap *z = &out[0]->v;
		struct node *total = op_total(g, op_unary(g, U_SQUARE, 0, out[0]));
		loss = op_unary(g, U_SCALE, 1.0 / (double)(z->n * z->c * fmap_space(z)), total);
	}
	loss->keep = true;
	graph_backward(g, loss);
	return loss;
}

/* Declares (where ps is not frozen) and measures on the null backend; then g is ready on be. */
static void pass_open(struct graph *g, const struct backend *be, const struct pass *p, struct params *ps)
{
	struct graph dry;
	struct node *out[PM_OUTPUTS];
	graph_init(&dry, &backend_null, 0);
	dry.type = F_REAL;
	dry.training = p->training;
	dry.grad = true;
	pass_run(&dry, p, ps, out);
	if (!ps->value)
		params_freeze(ps, be, 1);
	graph_init(g, be, graph_peak(&dry));
	g->type = F_REAL;
	g->training = p->training;
	g->grad = true;
	graph_fini(&dry);
}

static real *host_copy(const struct backend *be, const real *data, int64_t n)
{
	real *x = xmalloc((size_t)n * sizeof *x);
	be->get(x, data, (size_t)n * sizeof *x);
	return x;
}

/* s = sin(0.37 i + 0.5 k) of the k-th trainable tensor: 1.5 / sqrt(fan) s, 1 + 0.1 s in norms, 0.1 s in biases. */
static void fill_params(struct params *ps)
{
	int k = 0;
	real *w = host_copy(ps->be, ps->value, ps->total);
	for (int j = 0; j < ps->n; j++) {
		const struct param *p = ps->p[j];
		double fan = p->rank > 1 ? (double)(p->count / p->dim[0]) : 0;
		bool scale = !strcmp(p->name + strlen(p->name) - 6, "weight");
		for (int64_t i = 0; p->trainable && i < p->count; i++) {
			double s = sin(0.37 * (double)i + 0.5 * k);
			w[p->offset + i] = (real)(fan > 0 ? 1.5 / sqrt(fan) * s : scale ? 1 + 0.1 * s : 0.1 * s);
		}
		k += p->trainable;
	}
	ps->be->put(ps->value, w, (size_t)ps->total * sizeof *w);
	params_touch(ps);
	free(w);
}

struct value {
	int out;
	double mean, std, first, middle, last;
};

struct gradient {
	const char *name;
	double l1;
};

struct golden {
	const char *spec;
	int64_t n, size[3], params;
	bool training;
	struct value value[4];
	struct gradient gradient[4];
};

static const struct golden golden[] = {
	{ "unet:up=linear:dims=2:multiscale=1", 2, { 1, 32, 32 }, 114416, false, {
		{ 0, -0.89099757, 2.13267337, 0.35681150, 0.28862211, -0.04147638 },
		{ 1, -0.23440087, 0.59658377, -0.15540900, -0.28702773, -0.10177466 },
		{ 2, 0.19729390, 0.11628632, 0.18308617, 0.16395594, 0.23066958 },
		{ 3, 0.31111913, 0.15947090, 0.52961699, 0.39965213, 0.13783824 } }, { { NULL, 0 } } },
	{ "unet:up=linear:dims=2:multiscale=1", 2, { 1, 32, 32 }, 114416, true, {
		{ 0, -0.45019886, 1.13764243, 0.19737044, -0.05758885, -1.51274732 } }, {
		{ "encoder.in_conv.conv_conv.0.weight", 1.17697396 },
		{ "encoder.down4.maxpool_conv.1.conv_conv.4.weight", 51.94918181 },
		{ "decoder.up1.conv1x1.weight", 5.46914940 },
		{ "decoder.out_conv.bias", 1.44017127 } } },
	{ "unet:up=conv:dims=2", 2, { 1, 32, 32 }, 122399, false, {
		{ 0, -0.47259857, 1.21964537, 0.08081799, 0.33061965, -0.04853822 } }, { { NULL, 0 } } },
	{ "unet:up=nearest:dims=2", 2, { 1, 32, 32 }, 114239, false, {
		{ 0, -0.89240969, 2.19475467, 0.17929496, 0.27875988, -0.04248268 } }, { { NULL, 0 } } },
	{ "unet:up=linear:dims=3:multiscale=1", 1, { 16, 32, 32 }, 335096, false, {
		{ 0, -0.33002211, 0.56139946, 0.18405741, -0.43555227, -0.34617166 },
		{ 1, -0.18580737, 0.40538170, -0.13739838, -0.01568099, -0.39270498 },
		{ 2, 0.20009307, 0.02168333, 0.16482344, 0.20314927, 0.21277762 },
		{ 3, 0.28204845, 0.09904463, 0.35937775, 0.34494389, 0.14104067 } }, { { NULL, 0 } } },
	{ "unet:up=linear:dims=3:multiscale=1", 1, { 16, 32, 32 }, 335096, true, {
		{ 0, -0.42127866, 0.86653111, 0.18692588, -0.21620567, -0.22994154 } }, {
		{ "encoder.in_conv.conv_conv.0.weight", 3.74213321 },
		{ "encoder.down4.maxpool_conv.1.conv_conv.4.weight", 0.06609231 },
		{ "decoder.up1.conv1x1.weight", 0.00273912 },
		{ "decoder.out_conv.bias", 1.35052392 } } },
	{ "unet:up=conv:dims=3", 1, { 16, 32, 32 }, 353959, false, {
		{ 0, -0.25404509, 0.42843765, 0.18072908, -0.34743120, -0.26689191 } }, { { NULL, 0 } } },
	/* PyTorch's InstanceNorm(affine) in the same U-Net; in inference it computes what it does in training. */
	{ "unet:norm=instance", 2, { 1, 32, 32 }, 114239, false, {
		{ 0, -0.45427679, 1.14681143, 0.14182657, -0.09614949, -1.15229516 } }, { { NULL, 0 } } },
	{ "unet:norm=instance", 2, { 1, 32, 32 }, 114239, true, {
		{ 0, -0.45427679, 1.14681143, 0.14182657, -0.09614949, -1.15229516 } }, {
		{ "encoder.in_conv.conv_conv.0.weight", 3.92866394 },
		{ "encoder.in_conv.conv_conv.1.weight", 0.80999706 },
		{ "encoder.down1.maxpool_conv.1.conv_conv.5.bias", 0.33788893 },
		{ "decoder.up1.conv1x1.weight", 3.22391401 } } },
	{ "unet:norm=instance:dims=3", 2, { 32, 32, 32 }, 334919, true, {
		{ 0, -0.40666178, 0.87923344, 0.24303778, 0.10032411, -0.37645913 } }, {
		{ "encoder.in_conv.conv_conv.0.weight", 6.66774779 },
		{ "encoder.in_conv.conv_conv.1.weight", 0.04097175 },
		{ "encoder.down4.maxpool_conv.1.conv_conv.4.weight", 0.11028288 },
		{ "decoder.up1.conv1x1.weight", 0.00072867 } } },
	{ "cctnet", 2, { 1, 32, 32 }, 273739, false, {
		{ 0, -0.89099757, 2.13267337, 0.35681150, 0.28862211, -0.04147638 } }, { { NULL, 0 } } },
	{ "dbnet", 2, { 1, 32, 32 }, 154114, false, {
		{ 0, -0.89099757, 2.13267337, 0.35681150, 0.28862211, -0.04147638 } }, { { NULL, 0 } } },
	{ "tdnet", 2, { 1, 32, 32 }, 194520, false, {
		{ 0, -0.89099757, 2.13267337, 0.35681150, 0.28862211, -0.04147638 } }, { { NULL, 0 } } },
	{ "mcnet", 2, { 1, 32, 32 }, 202149, false, { /* its first decoder is that of the U-Net with transposed convolutions */
		{ 0, -0.47259857, 1.21964537, 0.08081799, 0.33061965, -0.04853822 } }, { { NULL, 0 } } },
};

/* The parameters of networks as they are used: K 4 and one channel. */
static void counts(void **state)
{
	static const struct {
		const char *spec;
		int64_t trainable;
	} known[] = {
		{ "unet:multiscale", 7245072 },
		{ "cctnet:chns=16x32x64x128x256", 4344404 }, { "cctnet", 17353876 },
		{ "dbnet:chns=16x32x64x128x256", 2446040 }, { "dbnet", 9770920 },
		{ "mcnet:chns=16x32x64x128x256", 3209388 }, { "mcnet", 12820812 },
		{ "tdnet", 3081552 }, { "tdnet:dims=3", 8961648 },
	};
	(void)state;

	for (size_t i = 0; i < PM_COUNT(known); i++) {
		struct params ps = { 0 };
		struct err e;
		void *conf;
		const struct net *net = (const struct net *)spec_parse(&net_kind, known[i].spec, &conf, &e);
		assert_non_null(net);
		predict_declare(&(struct arch){ net, conf }, 4, 1, &ps);
		if (ps.trainable != known[i].trainable)
			fail_msg("%s: %lld parameters, not %lld", known[i].spec, (long long)ps.trainable, (long long)known[i].trainable);
		params_fini(&ps);
	}
}

static void near(const char *what, double got, double expected, double tolerance)
{
	if (!(fabs(got - expected) <= tolerance))
		fail_msg("%s: %.9g, not %.9g (tolerance %.2g)", what, got, expected, tolerance);
}

static void check_value(const struct backend *be, const struct golden *c, const struct value *v, const struct node *out)
{
	const int64_t n = out->v.n * out->v.c * fmap_space(&out->v);
	real *z = host_copy(be, out->v.data, n);
	double sum = 0, square = 0, tolerance = exact ? 1e-8 : 1e-5 * (v->std > fabs(v->mean) ? v->std : fabs(v->mean));
	char what[128];
	for (int64_t i = 0; i < n; i++)
		sum += z[i], square += (double)z[i] * z[i];
	const double mean = sum / (double)n;
	const double got[5] = { mean, sqrt(square / (double)n - mean * mean), z[0], z[n / 2], z[n - 1] };
	const double expected[5] = { v->mean, v->std, v->first, v->middle, v->last };
	if (c->training && !exact)
		tolerance *= 10; /* batch statistics over a few voxels at the deepest level amplify rounding */
	for (int i = 0; i < 5; i++) {
		snprintf(what, sizeof what, "%s %s%s output %d value %d", be->name, c->spec, c->training ? " training" : "",
			v->out, i);
		near(what, got[i], expected[i], tolerance);
	}
	free(z);
}

static void formula_filled_networks(void **state)
{
	const struct backend *be = *state;
	for (size_t k = 0; k < PM_COUNT(golden); k++) {
		const struct golden *c = &golden[k];
		struct params ps = { 0 };
		struct graph g;
		struct node *out[PM_OUTPUTS];
		struct err e;
		void *conf;
		char spec[128];
		snprintf(spec, sizeof spec, "%s:dropout=0:chns=4x8x16x32x64", c->spec);
		const struct plugin *net = spec_parse(&net_kind, spec, &conf, &e);
		if (!net)
			fail_msg("%s", e.msg);
		struct pass p = { .net = (const struct net *)net, .conf = conf, .classes = 3, .n = c->n, .channels = 1,
			.training = c->training, .backward = c->training };
		memcpy(p.size, c->size, sizeof p.size);
		const int64_t voxels = c->n * c->size[0] * c->size[1] * c->size[2];
		double *image = xmalloc((size_t)voxels * sizeof *image);
		for (int64_t i = 0; i < voxels; i++)
			image[i] = sin(0.05 * (double)i) + 0.3 * cos(0.013 * (double)i);
		p.image = image;
		pass_open(&g, be, &p, &ps);
		assert_int_equal(ps.trainable, c->params);
		fill_params(&ps);
		/* Values are read before backward frees them: a first pass without it. */
		p.backward = false;
		graph_reset(&g);
		pass_run(&g, &p, &ps, out);
		for (int i = 0; i < 4 && c->value[i].std > 0; i++)
			check_value(be, c, &c->value[i], out[c->value[i].out]);
		if (c->training) {
			p.backward = true;
			params_zero_grad(&ps);
			graph_reset(&g);
			pass_run(&g, &p, &ps, out);
			real *grad = host_copy(be, ps.grad, ps.trainable);
			for (int i = 0; i < 4; i++) {
				const struct param *w = params_find(&ps, c->gradient[i].name);
				double l1 = 0;
				for (int64_t j = 0; j < w->count; j++)
					l1 += fabs(grad[w->offset + j]);
				/* In float a network with batch norm moves early gradients by a percent for a rounding of its input. */
				double expected = c->gradient[i].l1;
				near(w->name, l1, expected, exact ? 1e-8 * fmax(1, expected) : 2e-2 * expected);
			}
			free(grad);
		}
		graph_fini(&g);
		params_fini(&ps);
		free(image);
	}
}

/* --- PyTorch's own initial weights --- */

struct torch_case {
	struct record r;
	struct pass pass;
	double *image;
	struct params ps;
	struct loss_sum loss;
};

static void torch_open(struct torch_case *t, const struct backend *be, const char *name)
{
	char path[256], spec[256];
	struct err e;
	struct meta about = { 0 };
	struct params *ps = &t->ps;
	void *conf;
	memset(t, 0, sizeof *t);
	const char *folder = getenv("GOLDEN"); /* tests/units.t says where */
	folder = folder ? folder : "tests/golden";
	snprintf(path, sizeof path, "%s/%s.pms", folder, name);
	struct istream *s = istream_open(path, &e);
	if (!s || istream_next(s, &t->r, &e) != 1)
		fail_msg("%s", e.msg);
	istream_close(s);
	snprintf(path, sizeof path, "%s/%s.pmm", folder, name);
	if (model_about(path, &about, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(meta_text(&about, "net", spec, sizeof spec), 0);
	const struct plugin *net = spec_parse(&net_kind, spec, &conf, &e);
	if (!net)
		fail_msg("%s", e.msg);
	const struct tensor *x = record_peek(&t->r, "image");
	t->pass = (struct pass){ .net = (const struct net *)net, .conf = conf,
		.classes = (int)meta_number(&about, "classes", 0), .n = x->dim[0], .channels = x->dim[1],
		.size = { x->dim[2], x->dim[3], x->dim[4] } };
	t->pass.fold = t->pass.net->dims(conf) == 2;
	t->image = xmalloc((size_t)tensor_count(x) * sizeof *t->image);
	convert(t->image, PM_F64, x->data, x->dtype, tensor_count(x));
	t->pass.image = t->image;
	t->pass.label = record_peek(&t->r, "label")->data;
	t->loss.n = spec_sum_parse(&loss_kind, "dice+ce", t->loss.part, (int)PM_COUNT(t->loss.part), &e);
	assert_int_equal(t->loss.n, 2);
	t->pass.loss = &t->loss;
	predict_declare(&(struct arch){ t->pass.net, conf }, t->pass.classes, t->pass.channels, ps);
	params_freeze(ps, be, 1);
	if (model_read(path, &ps, NULL, 1, &e))
		fail_msg("%s", e.msg);
	meta_fini(&about);
}

static void torch_close(struct torch_case *t)
{
	params_fini(&t->ps);
	free(t->image);
	record_fini(&t->r);
}

/* The logits that are expected, [classes,D,H,W]. */
struct logits {
	const char *name;
	const float *z;
	double tolerance;
};

static void near_slab(void *arg, const struct slab *s)
{
	const struct logits *l = arg;
	const real *got = s->logits;
	for (int64_t z = 0; z < s->planes; z++)
		for (int64_t c = 0; c < s->classes; c++)
			for (int64_t i = 0; i < s->plane; i++)
				near(l->name, (double)*got++, l->z[(c * s->depth + s->first + z) * s->plane + i], l->tolerance);
}

static void torch_forward(const struct backend *be, const char *name)
{
	struct torch_case t;
	struct predict_conf c = { .members = 1, .backend = be, .type = F_REAL };
	struct err e;
	torch_open(&t, be, name);
	c.arch[0] = (struct arch){ t.pass.net, t.pass.conf };
	c.classes = t.pass.classes;
	c.member[0] = &t.ps;
	const struct tensor *x = record_peek(&t.r, "image"), *z = record_peek(&t.r, "logits");
	const int64_t in = tensor_count(x) / t.pass.n, n = tensor_count(z) / t.pass.n;
	const float *expected = z->data;
	struct predictor *p = predictor_open(&c, &e);
	double top = 0;
	for (int64_t i = 0; i < t.pass.n * n; i++)
		top = fmax(top, fabs(expected[i]));
	for (int64_t b = 0; b < t.pass.n; b++) {
		struct logits l = { name, expected + b * n, 1e-5 * top };
		predictor_run(p, (const float *)x->data + b * in, t.pass.channels, t.pass.size, near_slab, &l);
	}
	predictor_close(p);
	torch_close(&t);
}

static void initial_weights_of_pytorch(void **state)
{
	torch_forward(*state, "unet2d");
	torch_forward(*state, "unet3d");
}

/* One loss at PyTorch's logits and its gradient there. */
static void torch_loss(const struct backend *be, struct torch_case *t, const char *name, const char *grad_name)
{
	const struct tensor *z = record_peek(&t->r, "logits"), *dz = record_peek(&t->r, grad_name);
	const int64_t n = tensor_count(z);
	const int64_t voxels = z->dim[2] * z->dim[3] * z->dim[4], size[3] = { z->dim[2], z->dim[3], z->dim[4] };
	struct loss_sum loss = { 0 };
	struct graph g[2];
	struct err e;
	double expected = meta_number(&t->r.meta, name, NAN), top = 0;
	const float *want = dz->data;
	loss.n = spec_sum_parse(&loss_kind, name, loss.part, 1, &e);
	assert_int_equal(loss.n, 1);
	assert_true(z->dim[1] <= 3); /* so that op_image keeps them plain */
	for (int i = 0; i < 2; i++) {
		graph_init(&g[i], i ? be : &backend_null, i ? graph_peak(&g[0]) : 0);
		g[i].type = F_REAL;
		g[i].training = g[i].grad = true;
		struct node *x = op_image(&g[i], z->data, z->dim[0], z->dim[1], size, false);
		const struct truth truth = { .target = op_label(&g[i], t->pass.label, z->dim[0], size, false) };
		x->need = x->keep = true;
		struct node *y = loss_eval(&g[i], &loss, x, &truth);
		y->keep = true;
		graph_backward(&g[i], y);
		if (!i)
			continue;
		near(name, graph_scalar(&g[i], y), expected, (exact ? 1e-12 : 1e-5) * fabs(expected));
		real *got = host_copy(be, x->g.data, n);
		for (int64_t k = 0; k < n; k++)
			top = fmax(top, fabs(want[k]));
		for (int64_t k = 0; k < n; k++)
			near(grad_name, got[k], want[k], (exact ? 1e-7 : 1e-5) * top);
		free(got);
	}
	assert_true(top > 1e-3 / (double)voxels);
	graph_fini(&g[1]);
	graph_fini(&g[0]);
}

/* Three steps of SGD: the losses on the way and the running statistics after it. */
static void torch_steps(const struct backend *be, struct torch_case *t)
{
	struct graph g;
	struct node *out[PM_OUTPUTS];
	struct optim o;
	struct err e;
	void *conf;
	double loss[3];
	const struct plugin *sgd = spec_parse(&optimizer_kind, "sgd:momentum=0.9:nesterov=0", &conf, &e);
	assert_non_null(sgd);
	assert_int_equal(meta_numbers(&t->r.meta, "steps", loss, 3), 3);
	t->pass.training = t->pass.backward = true;
	pass_open(&g, be, &t->pass, &t->ps);
	optim_init(&o, sgd, conf, &t->ps);
	for (int i = 0; i < 3; i++) {
		params_zero_grad(&t->ps);
		graph_reset(&g);
		struct node *y = pass_run(&g, &t->pass, &t->ps, out);
		near("loss in training", graph_scalar(&g, y), loss[i], 1e-5 * loss[i]);
		optim_step(&o, &t->ps, 0.01, 0);
	}
	real *value = host_copy(be, t->ps.value, t->ps.total);
	for (int j = 0; j < t->ps.n; j++) {
		const struct param *p = t->ps.p[j];
		double expected[32], top = 0;
		if (p->trainable)
			continue;
		assert_int_equal(meta_numbers(&t->r.meta, p->name, expected, 32), p->count);
		for (int64_t i = 0; i < p->count; i++)
			top = fmax(top, fabs(expected[i]));
		for (int64_t i = 0; i < p->count; i++)
			near(p->name, value[p->offset + i], expected[i], (exact ? 1e-7 : 1e-5) * top);
	}
	free(value);
	optim_fini(&o);
	graph_fini(&g);
}

static void losses_and_steps_of_pytorch(void **state)
{
	static const char *const name[2] = { "unet2d", "unet3d" };
	for (int i = 0; i < 2; i++) {
		struct torch_case t;
		torch_open(&t, *state, name[i]);
		torch_loss(*state, &t, "dice", "dice_grad");
		torch_loss(*state, &t, "ce", "ce_grad");
		torch_steps(*state, &t);
		torch_close(&t);
	}
}

int main(void)
{
	void *cpu = (void *)(uintptr_t)&backend_cpu, *plain = (void *)(uintptr_t)&backend_plain;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		{ "formula_filled_networks on cpu", formula_filled_networks, NULL, NULL, cpu },
		{ "formula_filled_networks on plain", formula_filled_networks, NULL, NULL, plain },
		{ "initial_weights_of_pytorch on cpu", initial_weights_of_pytorch, NULL, NULL, cpu },
		{ "initial_weights_of_pytorch on plain", initial_weights_of_pytorch, NULL, NULL, plain },
		{ "losses_and_steps_of_pytorch on cpu", losses_and_steps_of_pytorch, NULL, NULL, cpu },
		{ "losses_and_steps_of_pytorch on plain", losses_and_steps_of_pytorch, NULL, NULL, plain },
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
