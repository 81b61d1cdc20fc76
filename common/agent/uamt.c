/* uamt.c: mean teacher, where the teacher is sure: where the mean of several predictions with dropout has a low entropy. */
#include "agent/taught.h"
#include "loss/terms.h"

/* L(labeled) + w sum M (softmax z_u - q)^2 / 2 sum M. */
static struct node *loss(struct run *r)
{
	const struct unsure *c = r->conf;
	struct node *out[PM_OUTPUTS], *image = unlabeled(r, r->image), *p_mean;
	struct node *q = image ? sure_teacher(r, image, c->passes, c->noise, &p_mean) : NULL;
	const int n = forward_all(r, 0, out);
	struct node *taught = supervised(r, 0, out, n);
	struct node *gap = q ? sure_gap(r->g, op_softmax(r->g, unlabeled(r, out[0])), q, p_mean, told(r, 1, 1)) : NULL;

	return main_output(r, out[0], beyond(r, taught, gap));
}

const struct agent agent_uamt = {
	.p = { "uamt", "uncertainty-aware mean teacher: agreement only where the teacher is sure",
		"Yu et al., Uncertainty-aware self-ensembling model for semi-supervised 3D left atrium segmentation, MICCAI 2019",
		unsure_opts, sizeof(struct unsure) },
	.nets = 1,
	.teachers = 1,
	.fixed = true,
	.follow = taught_follow,
	.tell = tell_sure,
	.loss = loss,
};
