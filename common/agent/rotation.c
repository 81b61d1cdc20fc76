/* rotation.c: what is predicted of a turned image is to be what is predicted of the image, turned. */
#include "agent/semi.h"
#include "base/rng.h"
#include "loss/terms.h"

/* The weight, then the quarter turns of each unlabeled sample. */
static int64_t tell(const struct run *r, float *out)
{
	const int64_t n = r->samples - r->labeled;
	struct rng draw;

	rng_init(&draw, r->seed, "rotation", (uint64_t)r->iter, "", 0);
	for (int64_t i = 0; out && i < n; i++)
		out[1 + i] = (float)rng_int(&draw, 0, 3);
	return n + tell_weight(r, out);
}

/*
 * L(labeled) + w mean (p(turned x) - turned p(x))^2 / 2. With each side once as the constant that the other learns, as it is
 * published, the gradient is the same.
 */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *turned[PM_OUTPUTS], *image = unlabeled(r, r->image), *gap = NULL;
	const int n = forward_all(r, 0, out);
	struct node *taught = supervised(r, 0, out, n);

	if (image) {
		struct node *quarters = told(r, 1, image->v.n);
		still_begin(g);
		image = op_to_maps(g, op_turn(g, op_to_plain(g, image), quarters));
		still_end(g);
		forward_on(r, 0, image, turned);
		gap = square_gap(g, op_softmax(g, turned[0]), op_turn(g, op_softmax(g, unlabeled(r, out[0])), quarters));
	}
	return main_output(r, out[0], beyond(r, taught, gap ? linear(g, 0.5, gap, 0) : NULL));
}

const struct agent agent_rotation = {
	.p = { "rotation", "rotation consistency: predictions on unlabeled samples turn with the image, by quarters; for square images",
		"Li et al., Transformation-consistent self-ensembling model for semisupervised medical image segmentation, IEEE TNNLS 2021", ramped_opts,
		sizeof(struct ramped) },
	.nets = 1,
	.fixed = true,
	.tell = tell,
	.loss = loss,
};
