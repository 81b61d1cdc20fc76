/* optim.c: optimizers: SGD, Adam, AdamW. The arithmetic is the backend's, the state is flat like the parameters. */
#include "nn/optim.h"

/* What a step is told, in the backend's memory. */
union optim_rule {
	struct adam adam;
	struct sgd sgd;
};

struct optimizer {
	struct plugin p;
	int states;
	union optim_rule (*rule)(const struct optim *o, double lr);
	void (*step)(struct optim *o, struct params *ps);
};

struct sgd_conf {
	double momentum, decay;
	int nesterov;
};

static const struct opt sgd_opts[] = {
	OPT_NUMBER(struct sgd_conf, momentum, 0, "X", "0.9", 0, 1, "v = momentum v + g"),
	OPT_NUMBER(struct sgd_conf, decay, 0, "X", "0", 0, 1e3, "weight decay, added to the gradient"),
	OPT_NUMBER(struct sgd_conf, nesterov, 0, "0|1", "1", 0, 1, "look ahead by one momentum step"),
	OPT_END,
};

static union optim_rule sgd_rule(const struct optim *o, double lr)
{
	const struct sgd_conf *c = o->conf;

	return (union optim_rule){ .sgd = {
		.lr = lr, .momentum = c->momentum, .decay = c->decay,
		.nesterov = c->nesterov, .first = o->step == 1,
	} };
}

static void sgd_step(struct optim *o, struct params *ps)
{
	o->be->sgd(ps->value, ps->grad, o->state[0], o->n, &o->rule->sgd);
}

struct adam_conf {
	double beta1, beta2, eps, decay;
};

#define ADAM_OPTIONS(decay_default, decay_help) { \
	OPT_NUMBER(struct adam_conf, beta1, 0, "X", "0.9", 0, 0.9999999, "decay of the mean gradient"), \
	OPT_NUMBER(struct adam_conf, beta2, 0, "X", "0.999", 0, 0.9999999, "decay of the mean squared gradient"), \
	OPT_NUMBER(struct adam_conf, eps, 0, "X", "1e-8", 1e-30, 1, "added to the root of the mean square"), \
	OPT_NUMBER(struct adam_conf, decay, 0, "X", decay_default, 0, 1e3, decay_help), \
	OPT_END, \
}

static const struct opt adam_opts[] = ADAM_OPTIONS("0", "weight decay, added to the gradient");
static const struct opt adamw_opts[] = ADAM_OPTIONS("0.01", "weight decay: w = w - lr decay w in each step");

static struct adam adam_of(const struct optim *o, double lr, bool decoupled)
{
	const struct adam_conf *c = o->conf;

	return (struct adam){
		.lr = lr, .beta1 = c->beta1, .beta2 = c->beta2, .eps = c->eps, .decay = c->decay,
		.decoupled = decoupled, .step = o->step,
	};
}

static union optim_rule adam_rule(const struct optim *o, double lr) { return (union optim_rule){ .adam = adam_of(o, lr, false) }; }
static union optim_rule adamw_rule(const struct optim *o, double lr) { return (union optim_rule){ .adam = adam_of(o, lr, true) }; }

static void adam_step(struct optim *o, struct params *ps)
{
	o->be->adam(ps->value, ps->grad, o->state[0], o->state[1], o->n, &o->rule->adam);
}

static const struct optimizer sgd = {
	{ "sgd", "stochastic gradient descent with (Nesterov) momentum",
		"Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013",
		sgd_opts, sizeof(struct sgd_conf) }, 1, sgd_rule, sgd_step,
};
static const struct optimizer adam = {
	{ "adam", "adaptive moments",
		"Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015",
		adam_opts, sizeof(struct adam_conf) }, 2, adam_rule, adam_step,
};
static const struct optimizer adamw = {
	{ "adamw", "Adam with decoupled weight decay",
		"Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019",
		adamw_opts, sizeof(struct adam_conf) }, 2, adamw_rule, adam_step,
};

static const struct plugin *const optimizers[] = { &sgd.p, &adam.p, &adamw.p, NULL };

const struct kind optimizer_kind = { "optimizer", optimizers };

int optim_states(const struct plugin *kind) { return ((const struct optimizer *)kind)->states; }

static size_t bytes(const struct optim *o) { return (size_t)o->n * sizeof(real); }

void optim_init(struct optim *o, const struct plugin *kind, void *conf, const struct params *ps)
{
	const struct optimizer *op = (const struct optimizer *)kind;

	*o = (struct optim){ .kind = kind, .conf = conf, .be = ps->be, .n = ps->trainable };
	for (int i = 0; i < op->states; i++) {
		o->state[i] = o->be->alloc(bytes(o));
		o->be->zero(o->state[i], bytes(o));
	}
	o->rule = o->be->alloc(sizeof *o->rule);
	o->norm = o->be->alloc(sizeof *o->norm);
}

void optim_put(struct optim *o, double lr)
{
	const struct optimizer *op = (const struct optimizer *)o->kind;

	o->step++;
	const union optim_rule rule = op->rule(o, lr);
	o->be->put(o->rule, &rule, sizeof rule);
}

void optim_run(struct optim *o, struct params *ps, double max_norm)
{
	const struct optimizer *op = (const struct optimizer *)o->kind;

	if (max_norm > 0)
		o->be->clip(ps->grad, o->n, max_norm, o->norm);
	op->step(o, ps);
	params_touch(ps);
}

double optim_norm(const struct optim *o)
{
	double norm;

	o->be->get(&norm, o->norm, sizeof norm);
	return norm;
}

double optim_step(struct optim *o, struct params *ps, double lr, double max_norm)
{
	optim_put(o, lr);
	optim_run(o, ps, max_norm);
	return max_norm > 0 ? optim_norm(o) : 0;
}

void optim_fini(struct optim *o)
{
	for (int i = 0; i < 2; i++)
		if (o->state[i])
			o->be->free(o->state[i], bytes(o));
	o->be->free(o->rule, sizeof *o->rule);
	o->be->free(o->norm, sizeof *o->norm);
	*o = (struct optim){ .n = 0 };
}
