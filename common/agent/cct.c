/* cct.c: cross-consistency training: decoders of perturbed features shall say what the main one says. */
#include "agent/methods.h"

#include <string.h>

struct conf {
	RAMPED;
	const char *distance;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"),
	OPT_CHOICE(struct conf, distance, 0, "mse|kl|js", "mse", "between an auxiliary prediction and the main one, which is the teacher"),
	OPT_END,
};

static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *sum = NULL, *z;
	const int n = forward_all(r, 0, out), branches = arch_branches(&r->arch[0]), scales = n / branches;
	const struct truth taught = truth_rows(r, 0, r->labeled);

	if ((z = unlabeled(r, out[0]))) {
		struct node *teacher = op_detach(g, op_softmax(g, z));
		for (int i = scales; i < n; i += scales) {
			struct node *d = consistency(g, c->distance, unlabeled(r, out[i]), teacher);
			sum = sum ? op_binary(g, B_ADD, sum, d) : d;
		}
		sum = op_unary(g, U_SCALE, 1 / (double)(branches - 1), sum);
	}
	return main_output(r, out[0], beyond(r, branch_loss(r, out, scales, 0, &taught), sum)); /* the auxiliary ones have that teacher alone */
}

const struct agent agent_cct = {
	.p = { "cct", "cross-consistency training: auxiliary decoders on perturbed features learn from the main one; for cctnet",
		"Ouali et al., Semi-supervised semantic segmentation with cross-consistency training, CVPR 2020", opts, sizeof(struct conf) },
	.nets = 1,
	.tell = tell_weight,
	.branches = 2,
	.loss = loss,
};
