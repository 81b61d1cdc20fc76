/* mt.c: mean teacher: on unlabeled samples the student is to predict what the average of its past selves predicts. */
#include "agent/taught.h"
#include "loss/terms.h"

static const struct opt opts[] = { RAMPED_OPTIONS(struct taught, "0.1", "0"), TAUGHT_OPTIONS(struct taught), OPT_END };

/* L(labeled) + w mean (softmax z_u - softmax teacher(x_u + noise))^2. */
static struct node *loss(struct run *r)
{
	const struct taught *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *image = unlabeled(r, r->image);
	/* The teacher first: what it needs is free again for the student. */
	struct node *q = image ? still_probabilities(r, 1, noisy_image(r, image, c->noise), false) : NULL;
	const int n = forward_all(r, 0, out);
	struct node *taught = supervised(r, 0, out, n);

	return main_output(r, out[0], beyond(r, taught, q ? square_gap(g, op_softmax(g, unlabeled(r, out[0])), q) : NULL));
}

const struct agent agent_mt = {
	.p = { "mt", "mean teacher: predictions on unlabeled samples agree with those of the averaged weights on noisy images",
		"Tarvainen and Valpola, Mean teachers are better role models, NeurIPS 2017", opts, sizeof(struct taught) },
	.nets = 1,
	.teachers = 1,
	.fixed = true,
	.follow = taught_follow,
	.tell = tell_weight,
	.loss = loss,
};
