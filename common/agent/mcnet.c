/* mcnet.c: mutual consistency: each decoder shall come near the sharpened predictions of the others, on all samples. */
#include "agent/methods.h"

struct conf {
	RAMPED;
	double temperature;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"),
	OPT_NUMBER(struct conf, temperature, 0, "X", "0.1", 0.02, 1, "of the sharpening"),
	OPT_END,
};

static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct node *out[PM_OUTPUTS], *z[PM_OUTPUTS];
	const int n = forward_all(r, 0, out), branches = arch_branches(&r->arch[0]), scales = n / branches;

	for (int i = 0; i < branches; i++)
		z[i] = out[i * scales];
	struct node *taught = op_unary(r->g, U_SCALE, branches, supervised(r, 0, out, n)); /* the sum over decoders */
	return main_output(r, out[0], beyond(r, taught, mutual_consistency(r->g, z, branches, c->temperature)));
}

const struct agent agent_mcnet = {
	.p = { "mcnet", "mutual consistency: decoders learn from each other's sharpened predictions; for mcnet and others with several decoders",
		"Wu et al., Mutual consistency learning for semi-supervised medical image segmentation, Medical Image Analysis 2022",
		opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.branches = 2,
	.loss = loss,
};
