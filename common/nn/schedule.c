/*
 * schedule.c: learning rates. All but plateau are closed forms of the number of finished iterations, so that a resumed run
 * cannot differ from an undisturbed one.
 */
#include "nn/optim.h"

#include <math.h>

struct rule {
	struct plugin p;
	double (*rate)(const struct schedule *s, int64_t iter); /* NULL: follows the metric */
};

/* The share of the run that is behind. */
static double share(const struct schedule *s, int64_t iter) { return fmin((double)iter / (double)s->iters, 1); }

static double constant(const struct schedule *s, int64_t iter)
{
	(void)iter;
	return s->lr0;
}

struct plateau {
	double gamma;
	int64_t patience;
};

static const struct opt plateau_opts[] = {
	OPT_NUMBER(struct plateau, gamma, 0, "X", "0.5", 0, 1, "factor of the learning rate"),
	OPT_NUMBER(struct plateau, patience, 0, "N", "2000", 0, 1e12, "iterations without a better validation"),
	OPT_END,
};

struct multistep {
	double gamma;
	struct numbers at;
};

static const struct opt multistep_opts[] = {
	OPT_NUMBER(struct multistep, gamma, 0, "X", "0.1", 0, 1, "factor of the learning rate"),
	OPT_NUMBER(struct multistep, at, 0, "NxN...", "", 0, 1e12, "iterations at which it applies"),
	OPT_END,
};

static double multistep(const struct schedule *s, int64_t iter)
{
	const struct multistep *c = s->conf;
	int passed = 0;

	for (int i = 0; i < c->at.n; i++)
		passed += c->at.v[i] <= (double)iter;
	return s->lr0 * pow(c->gamma, passed);
}

struct step {
	double gamma;
	int64_t every;
};

static const struct opt step_opts[] = {
	OPT_NUMBER(struct step, gamma, 0, "X", "0.5", 0, 1, "factor of the learning rate"),
	OPT_NUMBER(struct step, every, 0, "N", "1000", 1, 1e12, "iterations from one reduction to the next"),
	OPT_END,
};

static double step(const struct schedule *s, int64_t iter)
{
	const struct step *c = s->conf;

	return s->lr0 * pow(c->gamma, (double)(iter / c->every));
}

struct cosine {
	double min;
};

static const struct opt cosine_opts[] = {
	OPT_NUMBER(struct cosine, min, 0, "X", "0", 0, 1e3, "learning rate at the end"),
	OPT_END,
};

static double cosine(const struct schedule *s, int64_t iter)
{
	const struct cosine *c = s->conf;

	return c->min + (s->lr0 - c->min) * (1 + cos(M_PI * share(s, iter))) / 2;
}

struct poly {
	double power;
};

static const struct opt poly_opts[] = {
	OPT_NUMBER(struct poly, power, 0, "X", "0.9", 0, 100, "exponent"),
	OPT_END,
};

static double poly(const struct schedule *s, int64_t iter)
{
	const struct poly *c = s->conf;

	return iter < s->iters ? s->lr0 * pow(1 - share(s, iter), c->power) : 0;
}

static const struct rule constant_rule = {
	{ "constant", "the same learning rate throughout", NULL, NULL, 0 }, constant,
};
static const struct rule plateau_rule = {
	{ "plateau", "lower after `patience` iterations without a better validation Dice (by 1e-4, relative)", NULL,
		plateau_opts, sizeof(struct plateau) }, NULL,
};
static const struct rule multistep_rule = {
	{ "multistep", "lower at given iterations", NULL, multistep_opts, sizeof(struct multistep) }, multistep,
};
static const struct rule step_rule = {
	{ "step", "lower at equal distances", NULL, step_opts, sizeof(struct step) }, step,
};
static const struct rule cosine_rule = {
	{ "cosine", "half a cosine from the start to the end",
		"Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017",
		cosine_opts, sizeof(struct cosine) }, cosine,
};
static const struct rule poly_rule = {
	{ "poly", "(1 - t/T)^power of the T iterations of a run", NULL, poly_opts, sizeof(struct poly) }, poly,
};

static const struct plugin *const rules[] = {
	&constant_rule.p, &plateau_rule.p, &multistep_rule.p, &step_rule.p, &cosine_rule.p, &poly_rule.p, NULL,
};

const struct kind schedule_kind = { "schedule", rules };

void schedule_init(struct schedule *s, const struct plugin *kind, void *conf, double lr0, int64_t iters, int64_t every)
{
	*s = (struct schedule){
		.kind = kind, .conf = conf, .lr0 = lr0, .lr = lr0, .iters = iters, .every = every, .best = -INFINITY,
	};
}

double schedule_rate(const struct schedule *s, int64_t iter)
{
	const struct rule *rule = (const struct rule *)s->kind;

	return rule->rate ? rule->rate(s, iter) : s->lr;
}

void schedule_judge(struct schedule *s, double metric)
{
	const struct plateau *c = s->conf;

	if (s->kind != &plateau_rule.p)
		return;
	/* A metric that grows, threshold 1e-4 relative; no cool-down, no lower limit. */
	bool better = !isfinite(s->best) || metric > s->best * (1 + 1e-4);

	if (better) {
		s->best = metric;
		s->bad = 0;
	} else {
		s->bad++;
	}
	if ((double)s->bad > (double)c->patience / (double)s->every) {
		s->lr *= c->gamma;
		s->bad = 0;
	}
}
