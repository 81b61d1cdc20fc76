/* noisy.c: see noisy.h. */
#include "agent/noisy.h"

#include "agent/semi.h"
#include "loss/terms.h"

const struct opt kept_opts[] = {
	OPT_NUMBER(struct kept, keep, 0, "P", "0.8", 0.01, 1, "share of the pixels to learn from in the end: 1 less that of wrong labels"),
	OPT_NUMBER(struct kept, ramp_start, 0, "N", "0", 0, 1e12, "iteration at which the share begins to fall"),
	OPT_NUMBER(struct kept, ramp_end, 0, "N", "0", 0, 1e12, "iteration at which it has fallen; 0: the last"),
	OPT_END,
};

struct node *labeled_logits(struct run *r, int net)
{
	struct node *out[PM_OUTPUTS];

	forward_labeled(r, net, out);
	return out[0];
}

struct node *pixel_losses(struct run *r, struct node *logits)
{
	struct graph *g = r->g;
	struct node *y = truth_soft(g, &r->truth, r->classes), *p = squeezed(g, op_softmax(g, logits));

	return linear(g, -1, op_sum(g, product_of(g, y, op_unary(g, U_LOG, 0, p)), 1), 0);
}

struct node *annotated(struct run *r) { return truth_weight(r->g, &r->truth, truth_soft(r->g, &r->truth, r->classes)); }

struct node *mean_where(struct run *r, struct node *e, struct node *mask)
{
	if (r->truth.class_weight) /* not before: a pixel is no harder to believe because its class counts more */
		e = product_of(r->g, e, op_sum(r->g, by_class(r->g, truth_soft(r->g, &r->truth, r->classes), r->truth.class_weight), 1));
	return pixel_mean(r->g, e, r->truth.weight ? product_of(r->g, mask, r->truth.weight) : mask);
}
