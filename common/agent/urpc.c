/* urpc.c: uncertainty rectified pyramid consistency: the scales of a network shall agree where they are sure. */
#include "agent/methods.h"

static struct node *loss(struct run *r)
{
	struct node *out[PM_OUTPUTS], *part[PM_OUTPUTS];
	const int n = forward_all(r, 0, out), scales = n / arch_branches(&r->arch[0]);

	for (int i = 0; i < scales; i++)
		part[i] = unlabeled(r, out[i]);
	return main_output(r, out[0], beyond(r, supervised(r, 0, out, n), part[0] ? pyramid_consistency(r->g, part, scales) : NULL));
}

const struct agent agent_urpc = {
	.p = { "urpc", "uncertainty rectified pyramid consistency: outputs at several scales agree on unlabeled samples; for unet:multiscale",
		"Luo et al., Semi-supervised medical image segmentation via uncertainty rectified pyramid consistency, Medical Image Analysis 2022",
		ramped_opts, sizeof(struct ramped) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.scales = 2,
	.loss = loss,
};
