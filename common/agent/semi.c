/* semi.c: see semi.h. */
#include "agent/semi.h"

#include <math.h>

const struct opt ramped_opts[] = {
	OPT_NUMBER(struct ramped, weight, 0, "X", "0.1", 0, 1e6, "of what is learned beyond the labels, once it has grown"),
	OPT_NUMBER(struct ramped, ramp_start, 0, "N", "0", 0, 1e12, "iteration at which it begins to grow"),
	OPT_NUMBER(struct ramped, ramp_end, 0, "N", "0", 0, 1e12, "iteration at which it has grown; 0: the last"),
	OPT_END,
};

double ramp(const struct run *r, int64_t ramp_start, int64_t ramp_end)
{
	const double start = (double)ramp_start, end = (double)(ramp_end ? ramp_end : r->iters);

	return end > start ? fmin(1, fmax(0, ((double)r->iter - start) / (end - start))) : 1;
}

double ramped_weight(const struct run *r, const struct ramped *c)
{
	const double x = ramp(r, c->ramp_start, c->ramp_end);

	return c->weight * exp(-5 * (1 - x) * (1 - x));
}

int forward_all(struct run *r, int net, struct node *out[PM_OUTPUTS])
{
	return r->net->forward(r->g, r->net_conf, r->ps[net], r->image, r->classes, out);
}

static struct node *labeled(struct run *r, struct node *x) { return r->labeled < x->v.n ? op_part(r->g, x, 0, r->labeled) : x; }

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

struct node *supervised(struct run *r, struct node *const *out, int n)
{
	const int branches = net_branches(r->net, r->net_conf), scales = n < branches ? n : n / branches;
	struct node *sum = deep(r, out, scales);

	for (int i = scales; i < n; i += scales)
		sum = op_binary(r->g, B_ADD, sum, deep(r, out + i, scales));
	return scales < n ? op_unary(r->g, U_SCALE, (double)scales / n, sum) : sum;
}

struct node *unlabeled(struct run *r, struct node *x)
{
	return r->labeled < x->v.n ? op_part(r->g, x, r->labeled, x->v.n - r->labeled) : NULL;
}
