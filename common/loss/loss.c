/* loss.c: the table of losses, their weighted sum, deep supervision. */
#include "loss/terms.h"

#include <assert.h>
#include <math.h>

#define LOSS(name) extern const struct loss loss_##name;
#include "loss/list.h"
#undef LOSS

const struct loss *const losses[] = {
#define LOSS(name) &loss_##name,
#include "loss/list.h"
#undef LOSS
	NULL,
};

static const struct plugin *const plugins[] = {
#define LOSS(name) &loss_##name.p,
#include "loss/list.h"
#undef LOSS
	NULL,
};

const struct kind loss_kind = { "loss", plugins };

static struct node *scaled(struct graph *g, struct node *x, double a)
{
	return a == 1 ? x : op_unary(g, U_SCALE, a, x);
}

static struct node *plus(struct graph *g, struct node *sum, struct node *x)
{
	return sum ? op_binary(g, B_ADD, sum, x) : x;
}

struct node *loss_eval(struct graph *g, const struct loss_sum *l, struct node *logits, const struct truth *t)
{
	struct node *sum = NULL;

	assert(l->n > 0);
	for (int i = 0; i < l->n; i++) {
		const struct loss *one = (const struct loss *)l->part[i].plugin;

		sum = plus(g, sum, scaled(g, one->eval(g, l->part[i].conf, logits, t), l->part[i].weight));
	}
	return sum;
}

struct node *loss_deep(struct graph *g, const struct loss_sum *l, struct node *const *out, int n, const struct truth *t,
	int mode, const double *weights)
{
	const enum resample how = mode == 2 ? RESAMPLE_AVERAGE : RESAMPLE_LINEAR;
	const struct fmap *full = &t->target->v;
	const int64_t size[3] = { full->d, full->h, full->w };
	struct node *target = t->target, *weight = t->weight, *sum = NULL;
	double total = 0;

	for (int i = 0; i < n; i++) {
		const struct fmap *v = &out[i]->v;
		const int64_t own[3] = { v->d, v->h, v->w };
		const double share = weights ? weights[i] : ldexp(1, -i);
		struct node *logits = out[i];
		struct truth at = *t;

		if (own[0] == size[0] && own[1] == size[1] && own[2] == size[2]) {
			/* equal sizes: nothing to resize */
		} else if (mode == 0) {
			logits = op_resample(g, logits, size, RESAMPLE_LINEAR);
		} else {
			if (target->v.type == F_U8) {
				target = truth_soft(g, t, v->c);
				weight = truth_weight(g, t, target);
			}
			at.target = op_resample(g, target, own, how);
			at.weight = weight ? op_resample(g, weight, own, how) : NULL;
			if (t->target->v.type == F_U8) /* of those pixels whose label is a class */
				at.target = ratio_of(g, at.target, op_spread(g, linear(g, 1, op_sum(g, at.target, 1), 1e-10), 1, v->c));
		}
		sum = plus(g, sum, scaled(g, loss_eval(g, l, logits, &at), share));
		total += share;
	}
	return scaled(g, sum, 1 / total);
}
