/* psseg.c: scribbles: branches agree where their mean is sure, and their classes lie in the same places at all scales. */
#include "agent/methods.h"

struct conf {
	RAMPED;
	double ccac;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "8", "2000"),
	OPT_NUMBER(struct conf, ccac, 0, "X", "0.1", 0, 1e6, "of the agreement of the classes' places, likewise grown"),
	OPT_END,
};

static int64_t tell(const struct run *r, float *out) { return tell_weights(r, ((const struct conf *)r->conf)->ccac, out); }

static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *z[PM_OUTPUTS], *far = NULL;
	const int n = forward_all(r, 0, out), branches = arch_branches(&r->arch[0]), scales = n / branches;

	for (int s = scales - 1; s >= 0; s--) { /* the full size last: it stays in z */
		for (int i = 0; i < branches; i++)
			z[i] = out[i * scales + s];
		struct node *d = class_affinity(g, z, branches);
		far = far ? op_binary(g, B_ADD, far, d) : d;
	}
	far = weighted(r, op_unary(g, U_SCALE, 1. / scales, far), 1);
	struct node *sum = op_binary(g, B_ADD, beyond(r, supervised(r, 0, out, n), sure_consistency(g, z, branches)), far);
	return main_output(r, out[0], sum);
}

const struct agent agent_psseg = {
	.p = { "psseg", "scribbles, several branches: they agree where their mean is sure, and on where classes lie; for tdnet",
		"Han et al., PS-Seg, 2026",
		opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell,
	.branches = 2,
	.loss = loss,
};
