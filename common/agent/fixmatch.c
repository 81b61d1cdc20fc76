/* fixmatch.c: what the network is sure of where it sees unlabeled samples as they are, it learns where they are changed. */
#include "agent/views.h"

#include "loss/terms.h"

struct conf {
	VIEWED;
	double weight;
};

static const struct opt opts[] = {
	VIEWED_OPTIONS(struct conf, "ce"),
	OPT_NUMBER(struct conf, weight, 0, "X", "1", 0, 1e6, "of what is learned beyond the labels, from the first iteration on"),
	OPT_END,
};

static int64_t tell(const struct run *r, float *out) { return tell_views(r, r->conf, 1, out); }

/* L(labeled) + weight confident(z of the strong view, softmax z of the weak one). */
static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *seen[PM_OUTPUTS], *image = unlabeled(r, r->image);
	const int n = forward_all(r, 0, out);
	struct node *sum = supervised(r, 0, out, n);

	if (image) {
		still_begin(g);
		struct node *q = op_softmax(g, unlabeled(r, out[0]));
		still_end(g);
		q = strong_view_of(r, 0, q, q);
		forward_on(r, 0, op_to_maps(g, strong_view(r, 0, image)), seen);
		sum = sum_of(g, sum, linear(g, c->weight, confident(g, r->conf, seen[0], q), 0));
	}
	return main_output(r, out[0], sum);
}

const struct agent agent_fixmatch = {
	.p = { "fixmatch", "FixMatch: the classes that are sure of unlabeled samples teach the network where these look different",
		"Sohn et al., FixMatch: simplifying semi-supervised learning with consistency and confidence, NeurIPS 2020", opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell,
	.loss = loss,
};
