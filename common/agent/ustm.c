/* ustm.c: mean teacher for scribbles: the student is to say of an image what a teacher who is sure says of the turned one. */
#include "agent/taught.h"
#include "base/rng.h"
#include "loss/terms.h"

/* Weight, threshold, and the quarter turns of this batch. */
static int64_t tell(const struct run *r, float *out)
{
	const int64_t n = tell_sure(r, out);
	struct rng rng;

	if (out) {
		rng_init(&rng, r->seed, "ustm", (uint64_t)r->iter, "", 0);
		out[n] = (float)rng_int(&rng, 0, 3);
	}
	return n + 1;
}

/* L(labeled) + w sum M (turn softmax z - q)^2 / 2 sum M, z of the image with noise, q the teacher's of the turned image with other noise. */
static struct node *loss(struct run *r)
{
	const struct unsure *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *p_mean, *quarters = op_spread(g, told(r, 2, 1), 0, r->image->v.n);

	still_begin(g);
	struct node *turned = op_turn(g, op_to_plain(g, r->image), quarters);
	still_end(g);
	struct node *q = sure_teacher(r, turned, c->passes, c->noise, &p_mean);
	const int n = forward_both(r, 0, noisy_image(r, r->image, c->noise), out);
	struct node *taught = supervised(r, 0, out, n), *p = op_turn(g, op_softmax(g, out[0]), quarters);

	return main_output(r, out[0], beyond(r, taught, sure_gap(g, p, q, p_mean, told(r, 1, 1))));
}

const struct agent agent_ustm = {
	.p = { "ustm", "scribbles, uncertainty-aware self-ensembling: agreement with a sure teacher that sees the image turned",
		"Liu et al., Weakly supervised segmentation of COVID19 infection with scribble annotation on CT images, Pattern Recognition 2022",
		unsure_opts, sizeof(struct unsure) },
	.nets = 1,
	.teachers = 1,
	.fixed = true,
	.follow = taught_follow,
	.tell = tell,
	.loss = loss,
};
