/* semi.c: see semi.h. */
#include "agent/semi.h"

#include "loss/terms.h"

#include <math.h>
#include <string.h>

const struct opt ramped_opts[] = { RAMPED_OPTIONS(struct ramped, "0.1", "0"), OPT_END };

double grown(const struct run *r, int64_t first, int64_t last)
{
	const double start = (double)first, end = (double)(last ? last : r->iters);

	return end > start ? fmin(1, fmax(0, ((double)r->iter - start) / (end - start))) : 1;
}

double ramp(const struct run *r, const struct ramped *c)
{
	const double left = 1 - grown(r, c->ramp_start, c->ramp_end);

	return exp(-5 * left * left);
}

double ramped_weight(const struct run *r, const struct ramped *c) { return c->weight * ramp(r, c); }

int64_t tell_weight(const struct run *r, float *out)
{
	const struct ramped *c = r->conf;

	if (out)
		*out = (float)ramped_weight(r, c);
	return 1;
}

struct node *told(struct run *r, int64_t first, int64_t count) { return op_part(r->g, r->told, first, count); }

struct node *weighted(struct run *r, struct node *x, int64_t which) { return op_binary(r->g, B_MUL, x, told(r, which, 1)); }

struct node *beyond(struct run *r, struct node *taught, struct node *more) { return more ? sum_of(r->g, taught, weighted(r, more, 0)) : taught; }

struct node *main_output(struct run *r, struct node *logits, struct node *loss)
{
	r->logits = logits;
	r->logits->keep = true;
	return loss;
}

int forward_on(struct run *r, int net, struct node *image, struct node *out[PM_OUTPUTS])
{
	const struct arch *a = &r->arch[net];

	return a->net->forward(r->g, a->conf, r->ps[net], image, r->classes, out);
}

int forward_all(struct run *r, int net, struct node *out[PM_OUTPUTS]) { return forward_on(r, net, r->image, out); }

struct node *labeled(struct run *r, struct node *x) { return r->labeled < x->v.n ? op_part(r->g, x, 0, r->labeled) : x; }

int forward_labeled(struct run *r, int net, struct node *out[PM_OUTPUTS]) { return forward_on(r, net, labeled(r, r->image), out); }

static struct node *deep(struct run *r, struct node *const *out, int n)
{
	const double *weights = r->deep_weights && r->deep_weights->n ? r->deep_weights->v : NULL;
	struct node *part[PM_OUTPUTS];
	struct truth t = r->truth;

	t.image = labeled(r, r->image);
	if (weights && r->deep_weights->n != n && n > 1)
		die(PM_USAGE, "--deep-weights has %d numbers but the network has %d outputs", r->deep_weights->n, n);
	for (int i = 0; i < n; i++)
		part[i] = labeled(r, out[i]);
	return n == 1 ? loss_eval(r->g, &r->loss, part[0], &t) : loss_deep(r->g, &r->loss, part, n, &t, r->deep_mode, weights);
}

struct node *supervised(struct run *r, int net, struct node *const *out, int n)
{
	const int branches = arch_branches(&r->arch[net]), scales = n < branches ? n : n / branches;
	struct node *sum = deep(r, out, scales);

	for (int i = scales; i < n; i += scales)
		sum = op_binary(r->g, B_ADD, sum, deep(r, out + i, scales));
	return scales < n ? op_unary(r->g, U_SCALE, (double)scales / n, sum) : sum;
}

struct node *unlabeled(struct run *r, struct node *x)
{
	return r->labeled < x->v.n ? op_part(r->g, x, r->labeled, x->v.n - r->labeled) : NULL;
}

struct follow taught_follow(const void *conf)
{
	const struct taught *c = conf;

	return (struct follow){ c->decay, !strcmp(c->statistics, "average") };
}

struct node *still_logits(struct run *r, int set, struct node *image, bool dropout)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];

	still_begin(g);
	g->training = g->frozen = dropout;
	forward_on(r, set, image, out);
	g->training = true;
	g->frozen = false;
	still_end(g);
	return out[0];
}

struct node *still_probabilities(struct run *r, int set, struct node *image, bool dropout)
{
	struct node *z = still_logits(r, set, image, dropout);

	still_begin(r->g);
	struct node *p = op_softmax(r->g, z);
	still_end(r->g);
	return p;
}

struct node *noisy_image(struct run *r, struct node *image, double sigma)
{
	struct graph *g = r->g;

	still_begin(g);
	image = op_to_maps(g, op_noise(g, image, sigma, 2 * sigma));
	still_end(g);
	return image;
}

struct node *square_gap(struct graph *g, struct node *p, struct node *q)
{
	return mean_of(g, op_unary(g, U_SQUARE, 0, op_binary(g, B_SUB, p, q)));
}

struct node *sure_gap(struct graph *g, struct node *p, struct node *q, struct node *p_mean, struct node *threshold)
{
	still_begin(g);
	struct node *minus_u = op_sum(g, product_of(g, p_mean, op_unary(g, U_LOG, 0, linear(g, 1, p_mean, 1e-6))), 1);
	struct node *sure = op_unary(g, U_STEP, 0, sum_of(g, minus_u, threshold));
	still_end(g);
	struct node *gap = op_sum(g, op_unary(g, U_SQUARE, 0, op_binary(g, B_SUB, p, q)), 1);
	return ratio_of(g, op_total(g, product_of(g, gap, sure)), linear(g, 2, op_total(g, sure), 1e-16));
}

struct node *divergence(struct graph *g, struct node *p, struct node *q)
{
	struct node *both = product_of(g, op_binary(g, B_SUB, p, q), op_binary(g, B_SUB, surprise(g, q), surprise(g, p)));

	return linear(g, 0.5 * (double)p->v.c, mean_of(g, both), 0);
}

int64_t tell_sure(const struct run *r, float *out)
{
	if (out)
		out[1] = (float)((0.75 + 0.25 * ramp(r, r->conf)) * log(r->classes));
	return 1 + tell_weight(r, out);
}

struct node *sure_teacher(struct run *r, struct node *image, int passes, double sigma, struct node **p_mean)
{
	struct graph *g = r->g;
	struct node *q = still_probabilities(r, 1, noisy_image(r, image, sigma), false), *sum = NULL;

	for (int i = 0; i < passes; i++) {
		struct node *one = still_probabilities(r, 1, noisy_image(r, image, sigma), true);
		still_begin(g);
		sum = sum ? sum_of(g, sum, one) : one;
		still_end(g);
	}
	still_begin(g);
	*p_mean = linear(g, 1.0 / passes, sum, 0);
	still_end(g);
	return q;
}
