/* sup.c: supervised learning, with deep supervision where the network gives several outputs. */
#include "agent/semi.h"

static struct node *loss(struct run *r)
{
	struct node *out[PM_OUTPUTS];
	const int n = forward_labeled(r, 0, out); /* others teach nothing here: they are not even looked at */

	return main_output(r, out[0], supervised(r, 0, out, n));
}

const struct agent agent_sup = {
	.p = { "sup", "supervised: the loss on the labeled samples, others are ignored; deep supervision where the network has several "
		"outputs", NULL, NULL, 0 },
	.nets = 1,
	.fixed = true,
	.loss = loss,
};
