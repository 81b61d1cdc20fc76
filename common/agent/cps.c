/* cps.c: cross pseudo supervision: two networks that begin differently teach each other where there are no labels. */
#include "agent/semi.h"

/* L(z1) + L(z2) on the labeled + w (l(z1, argmax z2) + l(z2, argmax z1)) on the unlabeled, l the same loss without weights. */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[2][PM_OUTPUTS], *sum = NULL, *free_of_labels[2];

	for (int i = 0; i < 2; i++) {
		const int n = forward_all(r, i, out[i]);
		struct node *taught = supervised(r, out[i], n);
		sum = sum ? op_binary(g, B_ADD, sum, taught) : taught;
		free_of_labels[i] = unlabeled(r, out[i][0]);
	}
	for (int i = 0; i < 2 && free_of_labels[0]; i++) {
		const struct truth pseudo = { .target = op_argmax(g, free_of_labels[1 - i]), .class_weight = r->truth.class_weight,
			.image = unlabeled(r, r->image) };
		sum = op_binary(g, B_ADD, sum, weighted(r, loss_eval(g, &r->loss, free_of_labels[i], &pseudo), 0));
	}
	return main_output(r, out[0][0], sum);
}

const struct agent agent_cps = {
	.p = { "cps", "cross pseudo supervision: two networks are each other's teachers on unlabeled samples",
		"Chen et al., Semi-supervised semantic segmentation with cross pseudo supervision, CVPR 2021", ramped_opts, sizeof(struct ramped) },
	.nets = 2,
	.fixed = true,
	.tell = tell_weight,
	.loss = loss,
};
