/* trinet.c: three networks; each learns where the two others agree on what is easy to believe. */
#include "agent/noisy.h"
#include "agent/semi.h"
#include "loss/terms.h"

enum { NETS = 3 };

/* The mean over i of sum m_j m_k l_i / sum m_j m_k, m the R n annotated pixels of smallest loss; R = 1 - (1 - keep) r falls on a line. */
static struct node *loss(struct run *r)
{
	const struct kept *c = r->conf;
	struct graph *g = r->g;
	struct node *e[NETS], *chosen[NETS], *counts = annotated(r), *sum = NULL;

	for (int i = 0; i < NETS; i++) {
		struct node *logits = labeled_logits(r, i);
		if (!i)
			r->logits = logits;
		e[i] = pixel_losses(r, logits);
		chosen[i] = op_smallest(g, e[i], counts, 1 - (1 - c->keep) * grown(r, c->ramp_start, c->ramp_end));
	}
	r->logits->keep = true;
	for (int i = 0; i < NETS; i++) {
		struct node *one = mean_where(r, e[i], product_of(g, chosen[(i + 1) % NETS], chosen[(i + 2) % NETS]));
		sum = sum ? sum_of(g, sum, one) : one;
	}
	return linear(g, 1. / NETS, sum, 0);
}

const struct agent agent_trinet = {
	.p = { "trinet", "three networks, each learns where the two others find the labels easy to believe; --loss is not used",
		"Zhang et al., Robust medical image segmentation from non-expert annotations with tri-network, MICCAI 2020", kept_opts,
		sizeof(struct kept) },
	.nets = NETS,
	.loss = loss,
};
