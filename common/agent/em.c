/* em.c: entropy minimisation: what has no label is to be decided about. */
#include "agent/semi.h"

/* L(labeled) + w H(all), H the entropy of each pixel over ln K. */
static struct node *loss(struct run *r)
{
	const struct truth none = { .target = NULL };
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];
	const int n = forward_all(r, 0, out);
	struct node *taught = supervised(r, out, n), *entropy = loss_entropy.eval(g, NULL, out[0], &none);

	r->logits = out[0];
	r->logits->keep = true;
	return op_binary(g, B_ADD, taught, weighted(r, entropy, 0));
}

const struct agent agent_em = {
	.p = { "em", "entropy minimisation: the loss of the labels plus the entropy of the prediction on all samples",
		"Grandvalet and Bengio, Semi-supervised learning by entropy minimization, NeurIPS 2004", ramped_opts, sizeof(struct ramped) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.loss = loss,
};
