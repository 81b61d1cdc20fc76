/* sup.c: supervised learning, with deep supervision where the network gives several outputs. */
#include "agent/agent.h"

static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];
	/* Samples without a label teach nothing here: they are not even looked at. */
	struct node *image = r->labeled < r->image->v.n ? op_part(g, r->image, 0, r->labeled) : r->image;
	int n = r->net->forward(g, r->net_conf, r->ps[0], image, r->classes, out);
	const double *weights = r->deep_weights && r->deep_weights->n ? r->deep_weights->v : NULL;

	r->logits = out[0];
	r->logits->keep = true;
	if (n == 1)
		return loss_eval(g, &r->loss, out[0], &r->truth);
	if (weights && r->deep_weights->n != n)
		die(PM_USAGE, "--deep-weights has %d numbers but the network has %d outputs", r->deep_weights->n, n);
	return loss_deep(g, &r->loss, out, n, &r->truth, r->deep_mode, weights);
}

const struct agent agent_sup = {
	.p = { "sup", "supervised: the loss on the labeled samples, others are ignored; deep supervision where the network has several "
		"outputs", NULL, NULL, 0 },
	.nets = 1,
	.fixed = true,
	.loss = loss,
};
