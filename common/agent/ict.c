/* ict.c: interpolation consistency: at a mixture of two samples the network is to predict the mixture of what its teacher predicts. */
#include "agent/taught.h"

#include "base/rng.h"
#include "loss/terms.h"

struct conf {
	RAMPED;
	FOLLOWED;
	double alpha;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"), FOLLOWED_OPTIONS(struct conf),
	OPT_NUMBER(struct conf, alpha, 0, "X", "0.2", 0.01, 100, "shares are drawn from Beta(X, X); 0.2: mostly near 0 or 1, 1: all alike"),
	OPT_END,
};

/* The first half of the unlabeled samples and the second one; of an odd number both have the one in the middle. */
static int64_t pairs(const struct run *r) { return (r->samples - r->labeled + 1) / 2; }

static int64_t tell(const struct run *r, float *out)
{
	const struct conf *c = r->conf;
	const int64_t n = pairs(r);
	struct rng g;

	rng_init(&g, r->seed, "ict", (uint64_t)r->iter, "", 0);
	for (int64_t i = 0; i < n && out; i++)
		out[1 + i] = (float)rng_beta(&g, c->alpha);
	return n + tell_weight(r, out);
}

/* (1 - b) first half + b second half. */
static struct node *mixed(struct run *r, struct node *x)
{
	struct graph *g = r->g;
	const int64_t n = pairs(r);
	struct node *a = op_part(g, x, 0, n), *b = op_part(g, x, x->v.n - n, n);

	return sum_of(g, a, by_pixel(g, op_binary(g, B_SUB, b, a), to_space(g, told(r, 1, n), &a->v)));
}

/* L(labeled) + w mean (softmax z_mixed - mixed softmax teacher(x_u))^2. */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *image = unlabeled(r, r->image), *seen = r->image, *q = NULL;

	if (image) {
		q = still_probabilities(r, 1, image, false);
		still_begin(g);
		q = mixed(r, q);
		seen = op_to_maps(g, op_join(g, labeled(r, r->image), mixed(r, op_to_plain(g, image))));
		still_end(g);
	}
	const int n = forward_both(r, 0, seen, out);
	struct node *taught = supervised(r, 0, out, n);

	return main_output(r, out[0], beyond(r, taught, q ? square_gap(g, op_softmax(g, unlabeled(r, out[0])), q) : NULL));
}

const struct agent agent_ict = {
	.p = { "ict", "interpolation consistency: the prediction at a mixture of unlabeled samples is the mixture of the averaged weights' predictions",
		"Verma et al., Interpolation consistency training for semi-supervised learning, IJCAI 2019", opts, sizeof(struct conf) },
	.nets = 1,
	.teachers = 1,
	.fixed = true,
	.follow = taught_follow,
	.tell = tell,
	.loss = loss,
};
