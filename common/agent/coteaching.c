/* coteaching.c: co-teaching: two networks choose for each other which pixels to learn from. */
#include "agent/noisy.h"
#include "agent/semi.h"
#include "loss/terms.h"

/* mean of l1 over the R n annotated pixels where l2 is smallest + the same the other way round; R = 1 - (1 - keep) exp(-5 (1 - r)^2). */
static struct node *loss(struct run *r)
{
	const struct kept *c = r->conf;
	const struct ramped lost = { 1 - c->keep, c->ramp_start, c->ramp_end };
	struct graph *g = r->g;
	struct node *e[2], *chosen[2], *counts = annotated(r);

	for (int i = 0; i < 2; i++) {
		struct node *logits = labeled_logits(r, i);
		if (!i)
			r->logits = logits;
		e[i] = pixel_losses(r, logits);
		chosen[i] = op_smallest(g, e[i], counts, 1 - ramped_weight(r, &lost));
	}
	r->logits->keep = true;
	return sum_of(g, mean_where(r, e[0], chosen[1]), mean_where(r, e[1], chosen[0]));
}

const struct agent agent_coteaching = {
	.p = { "coteaching", "two networks, each learns where the other finds the labels easy to believe; --loss is not used",
		"Han et al., Co-teaching: robust training of deep neural networks with extremely noisy labels, NeurIPS 2018", kept_opts,
		sizeof(struct kept) },
	.nets = 2,
	.loss = loss,
};
