/* semi.c: see semi.h. */
#include "agent/semi.h"

#include "loss/terms.h"

#include <math.h>

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

int64_t tell_weights(const struct run *r, double second, float *out)
{
	if (out)
		out[1] = (float)(second * ramp(r, r->conf));
	return 1 + tell_weight(r, out);
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

void remember(struct run *r, struct node *x)
{
	r->remember = x;
	x->keep = true;
}

int forward_on(struct run *r, int net, struct node *image, struct node *out[PM_OUTPUTS])
{
	const struct arch *a = &r->arch[net];

	return a->net->forward(r->g, a->conf, r->ps[net], image, r->classes, out);
}

int forward_both(struct run *r, int net, struct node *image, struct node *out[PM_OUTPUTS])
{
	r->g->first = r->apart && r->labeled < image->v.n ? r->labeled : 0;
	r->g->both = image->v.n;
	const int n = forward_on(r, net, image, out);
	r->g->first = 0;
	return n;
}

int forward_all(struct run *r, int net, struct node *out[PM_OUTPUTS]) { return forward_both(r, net, r->image, out); }

static struct node *rows(struct run *r, struct node *x, int64_t first, int64_t count)
{
	return x && count < x->v.n ? op_part(r->g, x, first, count) : x;
}

struct node *labeled(struct run *r, struct node *x) { return rows(r, x, 0, r->labeled); }

int forward_labeled(struct run *r, int net, struct node *out[PM_OUTPUTS]) { return forward_on(r, net, labeled(r, r->image), out); }

struct truth truth_rows(struct run *r, int64_t first, int64_t count)
{
	return (struct truth){ rows(r, r->truth.target, first, count), rows(r, r->truth.weight, first, count), r->truth.class_weight,
		rows(r, r->image, first, count) };
}

struct node *branch_loss(struct run *r, struct node *const *out, int n, int64_t first, const struct truth *t)
{
	const double *weights = r->deep_weights && r->deep_weights->n ? r->deep_weights->v : NULL;
	struct node *part[PM_OUTPUTS];

	if (weights && r->deep_weights->n != n && n > 1)
		die(PM_USAGE, "--deep-weights has %d numbers but the network has %d outputs", r->deep_weights->n, n);
	for (int i = 0; i < n; i++)
		part[i] = rows(r, out[i], first, t->target->v.n);
	return n == 1 ? loss_eval(r->g, &r->loss, part[0], t) : loss_deep(r->g, &r->loss, part, n, t, r->deep_mode, weights);
}

struct node *branches_loss(struct run *r, int net, struct node *const *out, int n, int64_t first, const struct truth *t)
{
	const int branches = arch_branches(&r->arch[net]), scales = n < branches ? n : n / branches;
	struct node *sum = branch_loss(r, out, scales, first, t);

	for (int i = scales; i < n; i += scales)
		sum = op_binary(r->g, B_ADD, sum, branch_loss(r, out + i, scales, first, t));
	return scales < n ? op_unary(r->g, U_SCALE, (double)scales / n, sum) : sum;
}

struct node *supervised(struct run *r, int net, struct node *const *out, int n)
{
	const struct truth t = truth_rows(r, 0, r->labeled);

	return branches_loss(r, net, out, n, 0, &t);
}

struct node *unlabeled(struct run *r, struct node *x)
{
	return r->labeled < x->v.n ? op_part(r->g, x, r->labeled, x->v.n - r->labeled) : NULL;
}

struct node *pasted(struct graph *g, struct node *mask, struct node *a, struct node *b)
{
	still_begin(g);
	struct node *y = sum_of(g, by_pixel(g, a, mask), by_pixel(g, b, linear(g, -1, mask, 1)));
	still_end(g);
	return y;
}

/* Half a vote for class k, which is none: it wins where no other class has its whole one. */
struct node *labels_where(struct graph *g, struct node *label, int64_t k, struct node *mask)
{
	const struct fmap v = label->v;
	double none[UINT8_MAX + 1] = { 0 };

	none[k] = 0.5;
	still_begin(g);
	struct node *rest = op_spread(g, op_spread(g, op_spread(g, op_constant(g, none, 1, k + 1), 4, v.w), 3, v.h), 2, v.d);
	struct node *y = op_argmax(g, sum_of(g, by_pixel(g, op_onehot(g, label, k + 1), mask), op_spread(g, rest, 0, v.n)));
	still_end(g);
	return y;
}

struct node *square_gap(struct graph *g, struct node *p, struct node *q)
{
	return mean_of(g, op_unary(g, U_SQUARE, 0, op_binary(g, B_SUB, p, q)));
}

struct node *divergence(struct graph *g, struct node *p, struct node *q)
{
	struct node *both = product_of(g, op_binary(g, B_SUB, p, q), op_binary(g, B_SUB, surprise(g, q), surprise(g, p)));

	return linear(g, 0.5 * (double)p->v.c, mean_of(g, both), 0);
}
