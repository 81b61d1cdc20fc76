/* mixup.c: supervised learning on mixtures of two labeled samples, whose labels both count, each by its share. */
#include "agent/semi.h"

#include "base/rng.h"
#include "loss/terms.h"

#include <math.h>

struct conf {
	double alpha;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, alpha, 0, "X", "0.2", 0.01, 100, "shares are drawn from Beta(X, X); 0.2: mostly near 0 or 1, 1: all alike"),
	OPT_END,
};

/* The larger share, of the first half of the samples, and the smaller one, of the second half. */
static int64_t tell(const struct run *r, float *out)
{
	const struct conf *c = r->conf;
	struct rng g;

	rng_init(&g, r->seed, "mixup", (uint64_t)r->iter, "", 0);
	const double b = rng_beta(&g, c->alpha);
	if (out) {
		out[0] = (float)fmax(b, 1 - b);
		out[1] = 1 - out[0];
	}
	return 2;
}

/* x = b x1 + (1 - b) x2: b L(z(x), y1) + (1 - b) L(z(x), y2). Of an odd number both halves have the one in the middle. */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	const int64_t n = (r->labeled + 1) / 2, second = r->labeled - n;
	struct truth y1 = truth_rows(r, 0, n), y2 = truth_rows(r, second, n);
	struct node *out[PM_OUTPUTS];

	still_begin(g);
	struct node *image = op_to_plain(g, r->image);
	struct node *x = op_to_maps(g, sum_of(g, weighted(r, op_part(g, image, 0, n), 0), weighted(r, op_part(g, image, second, n), 1)));
	still_end(g);
	y1.image = y2.image = x;
	const int outputs = forward_on(r, 0, x, out);
	struct node *l1 = branches_loss(r, 0, out, outputs, 0, &y1), *l2 = branches_loss(r, 0, out, outputs, 0, &y2);

	r->truth = y1; /* what the training Dice is of */
	r->labeled = n;
	return main_output(r, out[0], sum_of(g, weighted(r, l1, 0), weighted(r, l2, 1)));
}

const struct agent agent_mixup = {
	.p = { "mixup", "supervised on mixtures of two labeled samples, with the labels of both",
		"Zhang et al., mixup: beyond empirical risk minimization, ICLR 2018", opts, sizeof(struct conf) },
	.nets = 1,
	.tell = tell,
	.loss = loss,
};
