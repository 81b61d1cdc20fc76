/*
 * cases.h: every op, loss, agent and network as a function from parameters to a scalar. gradient_test.c holds their gradients
 * against differences, device_test.c one backend against another.
 */
#ifndef PM_CASES_H
#define PM_CASES_H

#include "agent/methods.h"
#include "base/rng.h"
#include "net/critic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct node *(*function)(struct graph *g, struct params *ps, const void *arg);

/* What is done with each case. probes: parameters of each tensor to look at, about. */
typedef void (*checker)(const char *what, function f, const void *arg, int probes);

static float *random_image(int64_t n, uint32_t seed)
{
	struct rng r;
	float *x = xcalloc((size_t)n, sizeof *x);

	rng_init(&r, 7, "image", 0, "", seed);
	for (int64_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(&r);
	return x;
}

static struct node *image(struct graph *g, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	float *x = random_image(n * c * d * h * w, (uint32_t)(c + 10 * d));
	struct node *y = op_image(g, x, n, c, (int64_t[]){ d, h, w }, false);

	free(x);
	return y;
}

/* A scalar that every element of x moves differently: the sum of x times fixed random numbers, squared and plain. */
static struct node *probe(struct graph *g, struct node *x)
{
	if (x->v.lanes != 1)
		x = op_plain(g, x);
	int64_t n = x->v.n * x->v.c * x->v.d * x->v.h * x->v.w;
	float *f = random_image(n, 99);
	double *d = xcalloc((size_t)n, sizeof *d);
	for (int64_t i = 0; i < n; i++)
		d[i] = (double)f[i];
	struct node *k = op_constant(g, d, 1, n);
	free(f);
	free(d);
	return op_total(g, op_binary(g, B_MUL, op_binary(g, B_ADD, x, op_unary(g, U_SCALE, 0.3, op_unary(g, U_SQUARE, 0, x))), k));
}

/* --- feature maps --- */

static struct node *case_conv(struct graph *g, struct params *ps, const void *arg)
{
	int dims = *(const int *)arg;
	struct node *x = image(g, 2, 2, dims == 3 ? 4 : 1, 6, 5);

	x = conv(g, ps, x, "a", dims, 5, 3, CONV_TO_MAPS);
	x = conv(g, ps, x, "b", dims, 18, 3, CONV_TO_MAPS);
	return probe(g, conv(g, ps, x, "c", dims, 3, 1, CONV_TO_LOGITS));
}

static struct node *case_dilated(struct graph *g, struct params *ps, const void *arg)
{
	struct node *x = conv(g, ps, image(g, 1, 1, 1, 9, 8), "a", 2, 4, 3, CONV_TO_MAPS);
	struct node *w = param(g, ps, "w", INIT_FAN_IN, 36, 4, (int64_t[]){ 4, 4, 3, 3 });
	struct node *b = param(g, ps, "b", INIT_FAN_IN, 36, 1, (int64_t[]){ 4 });

	(void)arg;
	return probe(g, op_conv(g, x, w, b, 2, CONV_TO_MAPS));
}

static struct node *case_many_channels(struct graph *g, struct params *ps, const void *arg)
{
	(void)arg;
	return probe(g, conv(g, ps, image(g, 1, 5, 1, 6, 6), "a", 2, 4, 3, CONV_TO_MAPS));
}

/* Kernels of 1 on both halves of a concatenation, and on one that lies between the other's pixels. */
static struct node *case_pointwise(struct graph *g, struct params *ps, const void *arg)
{
	const int dims = *(const int *)arg;
	struct block b = { dims, 5, 0, dims, 7, false, 1, INIT_FAN_IN, false };
	struct node *low, *skip = conv_block(g, ps, image(g, 2, 1, dims == 3 ? 4 : 1, 6, 8), "a", &b, &low);
	struct node *up = op_up(g, conv(g, ps, low, "b", dims, 7, 1, CONV_TO_MAPS), dims, UP_NEAREST, skip), *both = op_cat(g, skip, up);

	both = conv(g, ps, both, "c", dims, 18, 1, CONV_TO_MAPS);
	return op_binary(g, B_ADD, probe(g, both), probe(g, conv(g, ps, skip, "d", dims, 3, 1, CONV_TO_MAPS)));
}

static struct node *case_twice_read(struct graph *g, struct params *ps, const void *arg)
{
	struct node *x = conv(g, ps, image(g, 2, 1, 1, 6, 6), "a", 2, 7, 3, CONV_TO_MAPS);
	struct node *u = conv(g, ps, x, "b", 2, 4, 3, CONV_TO_MAPS), *v = conv(g, ps, x, "c", 2, 4, 1, CONV_TO_MAPS);

	(void)arg;
	return op_binary(g, B_ADD, probe(g, u), op_binary(g, B_ADD, probe(g, v), probe(g, x)));
}

struct norm_case {
	int dims, pool;
	double drop;
	bool instance;
};

static struct node *case_norm(struct graph *g, struct params *ps, const void *arg)
{
	const struct norm_case *n = arg;
	struct block b = { n->dims, 5, n->drop, n->pool, 0, false, 1, INIT_FAN_IN, n->instance };
	struct node *pooled = NULL, *x = image(g, 2, 1, n->dims == 3 ? 4 : 1, 6, 8);
	struct node *y = conv_block(g, ps, x, "a", &b, &pooled), *s = probe(g, y);

	return pooled ? op_binary(g, B_ADD, s, probe(g, pooled)) : s;
}

static struct node *case_only_pooled(struct graph *g, struct params *ps, const void *arg)
{
	struct block b = { 2, 5, 0, 2, 0, false, 1, INIT_FAN_IN, false };
	struct node *pooled;

	(void)arg;
	conv_block(g, ps, image(g, 2, 1, 1, 6, 8), "a", &b, &pooled);
	return probe(g, pooled);
}

/* What the last normalisation defers is read twice, by a convolution of each kernel. */
static struct node *case_deferred(struct graph *g, struct params *ps, const void *arg)
{
	struct block b = { 2, 5, 0, 0, 0, true, 1, INIT_FAN_IN, false };
	struct node *x = conv_block(g, ps, image(g, 2, 1, 1, 6, 8), "a", &b, NULL);

	(void)arg;
	return op_binary(g, B_ADD, probe(g, conv(g, ps, x, "b", 2, 4, 1, CONV_TO_MAPS)), probe(g, conv(g, ps, x, "c", 2, 3, 3, CONV_TO_LOGITS)));
}

struct up_case {
	int dims;
	enum up mode;
	bool beside;
};

static struct node *case_up(struct graph *g, struct params *ps, const void *arg)
{
	const struct up_case *u = arg;
	struct block b = { u->dims, 5, 0, u->dims, u->beside ? 7 : 0, false, 1, INIT_FAN_IN, false };
	struct node *low, *x = image(g, 2, 1, u->dims == 3 ? 4 : 1, 8, 6), *up;
	struct node *skip = conv_block(g, ps, x, "a", &b, &low), *beside = u->beside ? skip : NULL;

	low = conv(g, ps, low, "b", u->dims, 7, 3, CONV_TO_MAPS);
	if (u->mode == UP_CONV)
		up = conv_up(g, ps, low, "up", u->dims, 7, beside);
	else
		up = op_up(g, low, u->dims, u->mode, beside);
	x = op_cat(g, skip, up);
	assert_true((x->vbuf == skip->vbuf) == u->beside); /* room: nothing was copied */
	return op_binary(g, B_ADD, probe(g, conv(g, ps, x, "c", u->dims, 3, 3, CONV_TO_LOGITS)), probe(g, low));
}

/* --- plain maps --- */

static struct node *logits(struct graph *g, struct params *ps, int64_t k)
{
	return op_plain(g, conv(g, ps, image(g, 2, 1, 1, 6, 5), "z", 2, k, 3, CONV_TO_LOGITS));
}

static struct node *case_unary(struct graph *g, struct params *ps, const void *arg)
{
	enum unary f = *(const enum unary *)arg;
	struct node *x = logits(g, ps, 3);

	if (f == U_LOG || f == U_SQRT || f == U_POWER) /* away from zero */
		x = op_unary(g, U_OFFSET, 0.5, op_unary(g, U_SQUARE, 0, x));
	return probe(g, op_unary(g, f, 1.7, x));
}

static struct node *case_binary(struct graph *g, struct params *ps, const void *arg)
{
	struct node *a = logits(g, ps, 3), *b = op_unary(g, U_OFFSET, 2, op_unary(g, U_SQUARE, 0, a));
	struct node *y = op_binary(g, *(const enum binary *)arg, a, b);

	return probe(g, op_binary(g, *(const enum binary *)arg, y, op_unary(g, U_OFFSET, 3, op_total(g, op_unary(g, U_EXP, 0, a)))));
}

static struct node *case_sum(struct graph *g, struct params *ps, const void *arg)
{
	return probe(g, op_sum(g, logits(g, ps, 3), *(const int *)arg));
}

static struct node *case_part(struct graph *g, struct params *ps, const void *arg)
{
	struct node *x = logits(g, ps, 3);

	(void)arg;
	return op_binary(g, B_ADD, probe(g, op_part(g, x, 1, 1)), op_unary(g, U_SCALE, 0.1, probe(g, op_part(g, x, 0, 2))));
}

/* Each sample turned by a number of quarters of its own, then as a batch of both. */
static struct node *case_turn(struct graph *g, struct params *ps, const void *arg)
{
	struct node *x = op_resample(g, logits(g, ps, 3), (int64_t[]){ 1, 5, 5 }, RESAMPLE_LINEAR);
	const int k = *(const int *)arg;
	struct node *t = op_turn(g, x, op_constant(g, (double[]){ k, (k + 2) % 4 }, 2, 1));

	return probe(g, op_join(g, t, op_unary(g, U_SQUARE, 0, op_part(g, x, 1, 1))));
}

/* Weights that pass no gradient on: the softmax of one with, one without. */
static struct node *case_still(struct graph *g, struct params *ps, const void *arg)
{
	const double taps[6] = { 0.2, 0.5, 0.3, 0.1, 0.6, 0.3 };
	const double box[12] = { 0, 1, 1, 1, 4, 3, 0, 0, 2, 1, 6, 4 };
	struct node *x = image(g, 2, 1, 1, 6, 5), *w = op_constant(g, taps, 2, 3);

	(void)arg;
	g->grad = false;
	struct node *seen = op_blur(g, op_blur(g, op_noise(g, x, 0.3, 0.6), w, 3), w, 4);
	struct node *in = op_box(g, op_constant(g, box, 2, 6), (int64_t[]){ 1, 6, 5 });
	g->grad = true;
	struct node *p = op_softmax(g, op_plain(g, conv(g, ps, op_to_maps(g, seen), "z", 2, 3, 3, CONV_TO_LOGITS)));
	return probe(g, op_binary(g, B_MUL, p, op_spread(g, in, 1, 3)));
}

/* The voxels of a box of the maps, some of them twice, also in maps of half the size; then all with all. */
static struct node *case_points(struct graph *g, struct params *ps, const void *arg)
{
	const double from[6] = { 0, 1, 0, 0, 0, 1 };
	double at[2][9][3];

	for (int i = 0; i < 2 * 9; i++)
		for (int a = 0; a < 3; a++)
			at[i / 9][i % 9][a] = a ? (i * (a + 2) + i / 4) % 4 : 0;
	(void)arg;
	struct node *box = op_crop(g, image(g, 1, 2, 1, 6, 5), op_constant(g, from, 2, 3), (int64_t[]){ 1, 4, 4 });
	struct node *x = op_plain(g, conv(g, ps, op_to_maps(g, box), "z", 2, 3, 3, CONV_TO_LOGITS));
	struct node *level[2] = { x, op_resample(g, op_unary(g, U_SQUARE, 0, x), (int64_t[]){ 1, 2, 2 }, RESAMPLE_AVERAGE) };
	struct node *v = op_gather(g, level, 2, op_constant(g, at[0][0], 2, 27)), *part = op_sum(g, v, 0);
	struct node *few = op_gather(g, &x, 1, op_constant(g, at[0][3], 2, 15)), *many = op_gather(g, &level[0], 1, op_constant(g, at[0][0], 2, 27));

	return op_binary(g, B_ADD, probe(g, op_products(g, few, many)), op_binary(g, B_ADD, probe(g, part), probe(g, op_products(g, v, v))));
}

static struct node *case_softmax(struct graph *g, struct params *ps, const void *arg)
{
	(void)arg;
	return probe(g, op_softmax(g, logits(g, ps, 3)));
}

static struct node *case_resample(struct graph *g, struct params *ps, const void *arg)
{
	return probe(g, op_resample(g, logits(g, ps, 3), (int64_t[]){ 1, 9, 3 }, *(const enum resample *)arg));
}

/* The teacher is a constant. */
static struct node *case_consistency(struct graph *g, struct params *ps, const void *arg)
{
	return consistency(g, arg, logits(g, ps, 3), op_softmax(g, image(g, 2, 3, 1, 6, 5)));
}

/* What branches and labels vote for is a constant. */
static struct node *case_votes(struct graph *g, struct params *ps, const void *arg)
{
	struct node *z[2] = { logits(g, ps, 3), image(g, 2, 3, 1, 6, 5) }, *e[2];
	const struct truth t = { .target = op_argmax(g, image(g, 2, 3, 1, 6, 5)) };

	(void)arg;
	g->grad = false;
	struct node *sharp = sharpened_votes(g, z, &t);
	doubted_errors(g, z, &t, e);
	struct node *rank = newest_rank(g, op_join(g, e[0], e[1]), op_constant(g, (double[]){ 2 }, 1, 1));
	g->grad = true;
	struct node *far = op_unary(g, U_ABS, 0, op_binary(g, B_SUB, op_softmax(g, z[0]), sharp));
	return op_binary(g, B_MUL, op_total(g, far), op_unary(g, U_OFFSET, 3, rank));
}

/* --- losses, agents and networks: walks over the tables --- */

struct loss_case {
	const struct plugin *loss;
	bool soft, weighted, classes;
};

static struct truth truth_for(struct graph *g, int64_t n, int64_t k, const int64_t size[3], const struct loss_case *l)
{
	int64_t voxels = n * size[0] * size[1] * size[2];
	uint8_t *y = xmalloc((size_t)voxels);
	float *w = xmalloc((size_t)voxels * sizeof *w);
	struct truth t = { 0 };

	for (int64_t i = 0; i < voxels; i++) {
		y[i] = (uint8_t)((i * i + i / 3) % k);
		w[i] = (float)(i % 4) / 2;
	}
	t.target = op_label(g, y, n, size, false);
	if (l->soft)
		t.target = op_resample(g, op_onehot(g, t.target, k), size, RESAMPLE_AVERAGE);
	if (l->weighted)
		t.weight = op_weight(g, w, n, size, false);
	if (size[0] == 1) /* as plain logits have it */
		t.image = image(g, n, 1, size[0], size[1], size[2]);
	if (l->classes)
		t.class_weight = op_constant(g, (double[]){ 1, 2, 3 }, 1, k);
	free(y);
	free(w);
	return t;
}

static struct loss_sum the_loss(const struct plugin *p)
{
	struct loss_sum s = { .n = 1 };

	s.part[0].plugin = p;
	s.part[0].weight = 1;
	s.part[0].conf = xcalloc(1, p->conf_size ? p->conf_size : 1);
	if (p->opts)
		opt_defaults(p->opts, s.part[0].conf);
	return s;
}

static struct node *case_loss(struct graph *g, struct params *ps, const void *arg)
{
	const struct loss_case *l = arg;
	struct loss_sum s = the_loss(l->loss);
	struct node *z = logits(g, ps, 3);
	struct truth t = truth_for(g, 2, 3, (int64_t[]){ 1, 6, 5 }, l);
	struct node *y = loss_eval(g, &s, z, &t);

	free(s.part[0].conf);
	return y;
}

/* Settings that are not the defaults, on volumes. */
static struct node *case_region(struct graph *g, struct params *ps, const void *arg)
{
	struct loss_sum s = { .n = 0 };
	struct err e;
	struct node *z = op_plain(g, conv(g, ps, image(g, 2, 1, 3, 6, 5), "z", 3, 3, 3, CONV_TO_LOGITS));
	struct truth t = truth_for(g, 2, 3, (int64_t[]){ 3, 6, 5 }, &(struct loss_case){ 0 });

	t.image = image(g, 2, 5, 3, 6, 5);
	s.n = spec_sum_parse(&loss_kind, arg, s.part, 1, &e);
	assert_int_equal(s.n, 1);
	return loss_eval(g, &s, z, &t);
}

struct net_case {
	const char *net, *agent;
	int mode;
	bool apart; /* --norm-apart */
};

/* A teacher of ps: what it was when it first ran on a backend, so that gradients do not go through it. */
static struct params *teacher_of(const struct params *ps)
{
	static struct params teacher;

	if (!ps->value)
		params_fini(&teacher); /* another case begins, dry */
	else if (!teacher.value)
		params_clone(&teacher, ps);
	return &teacher;
}

/* A critic of a prediction: of its gradient networks learn too. */
static struct node *case_critic(struct graph *g, struct params *ps, const void *arg)
{
	const struct numbers chns = { 3, { 5, 18, 7 } };
	const struct critic c = { *(const int *)arg, &chns };
	const int64_t depth = c.dims == 3 ? 4 : 1;
	struct node *z = op_plain(g, conv(g, ps, image(g, 2, 1, depth, 6, 5), "z", c.dims, 3, 3, CONV_TO_LOGITS));

	return probe(g, critic_forward(g, &c, ps, op_softmax(g, z), image(g, 2, 2, depth, 6, 5)));
}

/* An agent on a network: the batch, the loss, the whole way down. */
static struct node *case_net(struct graph *g, struct params *ps, const void *arg)
{
	const struct net_case *c = arg;
	struct err e;
	void *agent_conf;
	const struct agent *agent = (const struct agent *)spec_parse(&agent_kind, c->agent, &agent_conf, &e);
	struct numbers none = { 0 };
	struct arch arch;
	int64_t size[3];

	assert_non_null(agent);
	assert_int_equal(archs_parse(c->net, &arch, 1, &e), 1);
	archs_multiple(&arch, 1, size); /* the smallest that has more than one voxel at the deepest level */
	for (int i = 0; i < 3; i++)
		size[i] *= size[i] > 1 && size[i] < 16 ? 2 : 1;
	struct params *teacher = teacher_of(ps);
	struct run r = { .g = g, .given = agent->models ? 1 : 0, .classes = 3, .deep_mode = c->mode, .deep_weights = &none,
		.apart = c->apart, .iter = 5, .iters = 10, .samples = 2, .labeled = 1, .clean = 1 };
	const int networks = agent->nets + agent_teachers(agent, agent_conf) + r.given;
	for (int i = 0; i < networks + agent->critics; i++) {
		r.arch[i] = arch;
		r.ps[i] = i < agent->nets || i >= networks ? ps : teacher;
	}
	r.loss = the_loss(losses[0]->p.name ? &losses[0]->p : NULL);
	r.conf = agent_conf;
	if (agent->refuses && agent->refuses(&r)) { /* of two samples one with a label */
		r.samples = 4;
		r.labeled = 2;
		assert_null(agent->refuses(&r));
	}
	memcpy(r.size, size, sizeof size);
	float *numbers = xcalloc(agent->tell ? (size_t)agent->tell(&r, NULL) : 1, sizeof *numbers);
	if (agent->tell)
		r.told = op_told(g, numbers, agent->tell(&r, numbers));
	free(numbers);
	double past[64] = { 0 }; /* two full queues of errors: in the first all were larger than this step's will be, in the second smaller */
	const int64_t remembered = agent->remembers ? agent->remembers(agent_conf) : 0, queue = remembered / 2;
	assert_true(remembered <= (int64_t)PM_COUNT(past));
	for (int64_t i = 0; i < queue; i++)
		past[i] = 1e3;
	past[2 * queue] = (double)queue;
	r.memory = remembered ? op_constant(g, past, remembered, 1) : NULL;
	r.image = image(g, r.samples, 1, size[0], size[1], size[2]);
	if (agent->error)
		r.original = image(g, 2, 3, size[0], size[1], size[2]);
	else
		r.truth = truth_for(g, r.labeled, 3, arch_whole(&arch) ? (int64_t[]){ 1, 1, 1 } : size, &(struct loss_case){ 0 });
	struct node *y = agent->loss(&r);
	free(r.loss.part[0].conf);
	return y;
}

/* --- walks over the cases --- */

static void walk_maps(checker check)
{
	for (int dims = 2; dims <= 3; dims++) {
		check("conv", case_conv, &dims, 12);
		check("conv, kernels of 1", case_pointwise, &dims, 12);
		for (int how = 0; how < 8; how++)
			check("norm_act", case_norm, &(struct norm_case){ dims, how & 1 ? dims : 0, how & 2 ? 0.4 : 0, how & 4 }, 12);
		for (enum up mode = UP_CONV; mode <= UP_LINEAR; mode++)
			for (int beside = 0; beside < 2; beside++)
				check("up", case_up, &(struct up_case){ dims, mode, beside }, 12);
	}
	check("conv, dilated", case_dilated, NULL, 12);
	check("conv, 5 input channels", case_many_channels, NULL, 12);
	check("conv, read three times", case_twice_read, NULL, 12);
	check("norm_act, only pooled", case_only_pooled, NULL, 12);
	check("norm_act, deferred to convolutions", case_deferred, NULL, 12);
}

static void walk_plain(checker check)
{
	for (enum unary f = U_SCALE; f <= U_POWER; f++)
		check("unary", case_unary, &f, 12);
	for (enum binary f = B_ADD; f <= B_DIV; f++)
		check("binary", case_binary, &f, 12);
	for (int axis = 0; axis < 5; axis++)
		check("sum", case_sum, &axis, 12);
	for (enum resample how = RESAMPLE_NEAREST; how <= RESAMPLE_AVERAGE; how++)
		check("resample", case_resample, &how, 12);
	check("part", case_part, NULL, 12);
	for (int k = 0; k < 4; k++)
		check("turn, join", case_turn, &k, 12);
	check("noise, blur, box", case_still, NULL, 12);
	check("crop, gather, products", case_points, NULL, 12);
	check("softmax", case_softmax, NULL, 12);
	check("votes", case_votes, NULL, 12);
	check("consistency", case_consistency, "mse", 12);
	check("consistency", case_consistency, "kl", 12);
	check("consistency", case_consistency, "js", 12);
}

static void walk_losses(checker check)
{
	for (int i = 0; losses[i]; i++)
		for (int k = 0; k < 8; k++)
			check(losses[i]->p.name, case_loss, &(struct loss_case){ &losses[i]->p, k & 1, k & 2, k & 4 }, 12);
	static const char *const regions[] = { "dice:square", "tv", "mumford-shah:penalty=l2", "gated-crf:radius=7:rgb=2", "compactness:classes=1x2",
		"size:low=10x60x10:high=20x70x0", "size:tags:high=0x5x5", "box:strip=2:tight=1:t=2", "size:low=10x60x10:high=20x70x0:penalty=barrier:t=2" };
	for (size_t i = 0; i < PM_COUNT(regions); i++)
		check(regions[i], case_region, regions[i], 12);
}

/* A network with supervised training, which comes first, and with the agents that need so many branches or scales. */
static void case_agents(checker check, const char *spec, int mode, int branches, int scales)
{
	for (int i = 0; agents[i]; i++) {
		const bool wants = agents[i]->branches > 1 || agents[i]->scales > 1;
		if (!i || (wants && agents[i]->branches <= branches && agents[i]->scales <= scales))
			check(agents[i]->p.name, case_net, &(struct net_case){ spec, agents[i]->p.name, mode, false }, 3);
	}
}

/* Settings under which a network that has just begun is sure somewhere. */
static void case_sure(checker check)
{
	static const char *const agent[] = { "fixmatch:threshold=0.4:cutmix=1", "fixmatch:threshold=0.4:loss=dice:gamma=0.7x1.5",
		"unimatch:threshold=0.4:teacher=ema:cutmix=1", "unimatch:threshold=0.4:loss=ce:denominator=kept:cutmix=0",
		"unimatch:threshold=0.4:teacher=ema:complementary_dropout:weights=1x0.5x0.5x0" };

	for (size_t i = 0; i < PM_COUNT(agent); i++)
		for (int dims = 2; dims <= 3; dims++)
			check(agent[i], case_net, &(struct net_case){ dims == 2 ? "unet:chns=3,4,5:dropout=0.1" : "unet:dims=3:chns=3,4,5:dropout=0.2",
				agent[i], 2, false }, 3);
	for (int dims = 2; dims <= 3; dims++)
		check("unimatch, of classes", case_net,
			&(struct net_case){ dims == 2 ? "encoder:chns=3,4,5:dropout=0.1" : "encoder:dims=3:chns=3,4,5:dropout=0.2",
			"unimatch:threshold=0.4:complementary_dropout:cutmix=0", 2, false }, 3);
	check(agent[2], case_net, &(struct net_case){ "mcnet:chns=3,4,5:dropout=0.1", agent[2], 2, false }, 3);
}

static void walk_networks(checker check)
{
	for (int dims = 2; dims <= 3; dims++)
		check("critic", case_critic, &dims, 12);
	for (int i = 0; agents[i]; i++)
		if (agents[i]->branches <= 1 && agents[i]->scales <= 1)
			check(agents[i]->p.name, case_net, &(struct net_case){ "unet:chns=3,4,5:dropout=0.1,0.2,0.3", agents[i]->p.name, 2, false }, 3);
	case_sure(check);
	static const struct net_case apart[] = { /* in 3-D: eight voxels at the deepest level are enough for statistics in bf16 */
		{ "unet:dims=3:chns=3,4,5:dropout=0.2", "mt", 2, true }, { "unet:dims=3:chns=3,4,5:dropout=0.2", "cps", 2, true },
		{ "unet:dims=3:chns=3,4,5:dropout=0.2", "unimatch:threshold=0.4:teacher=ema:cutmix=1", 2, true },
		{ "mcnet:dims=3:chns=3,4,5:decoders=2:dropout=0.1", "mcnet", 2, true },
	};
	for (size_t i = 0; i < PM_COUNT(apart); i++)
		check("normalised apart", case_net, &apart[i], 3);
	static const struct net_case few[] = {
		{ "unet:chns=3,4,5:dropout=0.1", "vox2vec:size=1x4x4:overlap=1x3x3:voxels=7:hidden=6:project=5", 2, false },
		{ "unet:dims=3:chns=3,4:dropout=0", "vox2vec:size=2x4x2:overlap=1x3x2:hidden=6:project=5", 2, false },
	};
	for (size_t i = 0; i < PM_COUNT(few); i++)
		check("vox2vec, of few channels", case_net, &few[i], 12);
	case_agents(check, "unet:chns=3,4,5,6:dropout=0,0.2,0.3,0.4", 2, 1, 1);
	case_agents(check, "unet:chns=3,4,5:dropout=0.1:up=conv", 2, 1, 1);
	case_agents(check, "unet:dims=3:chns=3,4,5:dropout=0.2", 2, 1, 1);
	case_agents(check, "unet:dims=3:chns=3,4,5:dropout=0.2:norm=instance", 2, 1, 1);
	for (int mode = 0; mode < 3; mode++)
		case_agents(check, "unet:chns=3,4,5,6:dropout=0:up=nearest:multiscale", mode, 1, 3);
	case_agents(check, "mcnet:chns=3,4,5:dropout=0.1", 2, 3, 1);
	case_agents(check, "mcnet:dims=3:chns=3,4,5:decoders=2:dropout=0.1", 2, 2, 1);
	case_agents(check, "dbnet:chns=3,4,5:dropout=0.1", 2, 2, 1);
	case_agents(check, "tdnet:chns=3,4,5:dropout=0.1:dilation=1,1,2", 2, 3, 2);
	case_agents(check, "encoder:chns=3,4,5:dropout=0.1", 2, 1, 1);
	case_agents(check, "encoder:dims=3:chns=3,4,5:dropout=0.2", 2, 1, 1);
	case_agents(check, "cctnet:chns=3,4,5:dropout=0.1", 2, 5, 1);
}

#endif
