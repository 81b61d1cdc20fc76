/* rdrop.c: two passes with different dropout masks are to agree. */
#include "agent/semi.h"
#include "loss/terms.h"

static const struct opt opts[] = { RAMPED_OPTIONS(struct ramped, "4", "0"), OPT_END };

/* L(z1) + L(z2) + w mean over pixels of (KL(p1|p2) + KL(p2|p1)) / 2, on all samples. */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[2][PM_OUTPUTS], *sum = NULL;

	for (int i = 0; i < 2; i++) {
		const int n = forward_all(r, 0, out[i]);
		struct node *taught = supervised(r, 0, out[i], n);
		sum = sum ? sum_of(g, sum, taught) : taught;
	}
	return main_output(r, out[0][0], beyond(r, sum, divergence(g, op_softmax(g, out[0][0]), op_softmax(g, out[1][0]))));
}

const struct agent agent_rdrop = {
	.p = { "rdrop", "R-Drop: two passes with different dropout agree on all samples; the network needs dropout",
		"Liang et al., R-Drop: regularized dropout for neural networks, NeurIPS 2021", opts, sizeof(struct ramped) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.loss = loss,
};
