/* sup.c: supervised learning, with deep supervision where the network gives several outputs. */
#include "agent/semi.h"

static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];
	/* Samples without a label teach nothing here: they are not even looked at. */
	struct node *image = r->labeled < r->image->v.n ? op_part(g, r->image, 0, r->labeled) : r->image;
	int n = r->net->forward(g, r->net_conf, r->ps[0], image, r->classes, out);

	r->logits = out[0];
	r->logits->keep = true;
	return supervised(r, out, n);
}

const struct agent agent_sup = {
	.p = { "sup", "supervised: the loss on the labeled samples, others are ignored; deep supervision where the network has several "
		"outputs", NULL, NULL, 0 },
	.nets = 1,
	.fixed = true,
	.loss = loss,
};
