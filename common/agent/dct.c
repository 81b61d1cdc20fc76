/*
 * dct.c: deep co-training: two networks agree on unlabeled samples, and stay different, as each learns to withstand images
 * that are made to mislead the other.
 */
#include "agent/methods.h"
#include "loss/terms.h"

struct conf {
	RAMPED;
	double diversity, eps;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "1", "0"),
	OPT_NUMBER(struct conf, diversity, 0, "X", "0.5", 0, 1e6, "of what is learned from misleading images, likewise grown"),
	OPT_NUMBER(struct conf, eps, 0, "X", "0.02", 0, 1e6, "how far their pixels are moved"),
	OPT_END,
};

static int64_t tell(const struct run *r, float *out) { return tell_weights(r, ((const struct conf *)r->conf)->diversity, out); }

/* L(z1) + L(z2) + w JSD(p1, p2) of the unlabeled + v (CE(p1, z2(g1)) + CE(p2, z1(g2))), g_i misleads network i, p constant. */
static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *x[2], *out[2][PM_OUTPUTS], *p[2], *sum = NULL, *apart[2];

	for (int i = 0; i < 2; i++)
		x[i] = misleading_image(r, i, c->eps);
	for (int i = 0; i < 2; i++) {
		const int n = forward_all(r, i, out[i]);
		struct node *taught = supervised(r, i, out[i], n);
		sum = sum ? sum_of(g, sum, taught) : taught;
		p[i] = op_softmax(g, out[i][0]);
	}
	for (int i = 0; i < 2; i++) {
		const struct truth t = { .target = op_detach(g, p[i]) };
		struct node *moved[PM_OUTPUTS];
		forward_both(r, 1 - i, x[i], moved);
		apart[i] = loss_ce.eval(g, NULL, moved[0], &t);
	}
	sum = sum_of(g, sum, weighted(r, sum_of(g, apart[0], apart[1]), 1));
	struct node *free_of_labels = unlabeled(r, p[0]);
	return main_output(r, out[0][0], beyond(r, sum, free_of_labels ? jensen_shannon(g, free_of_labels, unlabeled(r, p[1])) : NULL));
}

const struct agent agent_dct = {
	.p = { "dct", "deep co-training: two networks agree on unlabeled samples, and each withstands images that mislead the other",
		"Qiao et al., Deep co-training for semi-supervised image recognition, ECCV 2018; Peng et al., Deep co-training for "
		"semi-supervised image segmentation, Pattern Recognition 2020", opts, sizeof(struct conf) },
	.nets = 2,
	.fixed = true,
	.tell = tell,
	.loss = loss,
};
