/*
 * dan.c: deep adversarial network: a critic learns to tell predictions on labeled samples from those on others; the network,
 * to be taken for what it predicts on labeled ones.
 */
#include "agent/semi.h"
#include "loss/terms.h"
#include "net/critic.h"

#include <stdlib.h>

struct conf {
	RAMPED;
	double critic_lr;
	struct numbers critic;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"),
	OPT_NUMBER(struct conf, critic_lr, 0, "X", "1e-4", 0, 1e6, "learning rate of the critic, by Adam"),
	OPT_NUMBER(struct conf, critic, 0, "LIST", "64,128,256,512", 1, 65536, "channels of the critic's levels"),
	OPT_END,
};

static struct stepping stepping(const void *conf)
{
	return (struct stepping){ "adam:beta2=0.99", ((const struct conf *)conf)->critic_lr };
}

/* Cross entropy of the critic's judgement; the truth: the first `labeled` samples are labeled ones. */
static struct node *judged(struct run *r, struct node *p, struct node *image, int64_t labeled_ones)
{
	const struct conf *c = r->conf;
	const struct critic critic = { arch_dims(r->arch), &c->critic };
	struct node *z = critic_forward(r->g, &critic, r->ps[1], p, image);
	double *is = xcalloc((size_t)(2 * z->v.n), sizeof *is);

	for (int64_t i = 0; i < z->v.n; i++)
		is[2 * i + (i < labeled_ones)] = 1;
	const struct truth t = { .target = op_constant(r->g, is, z->v.n, 2) };
	free(is);
	return loss_ce.eval(r->g, NULL, z, &t);
}

/*
 * L(labeled) + w CE(D(p_u), labeled) + CE(D(p), what each is): to the second term the critic's parameters are constants and
 * nothing in it drops out, to the last one p is. Labeled samples and others pass the network in batches of their own, as
 * published, so that its normalisation cannot tell one by the others. Both players move after the same pass; published is a
 * pass of its own for the critic, behind the step of the network.
 */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *others[PM_OUTPUTS], *deceived = NULL, *image = unlabeled(r, r->image);
	const int n = forward_labeled(r, 0, out);
	struct node *taught = supervised(r, 0, out, n), *p = op_detach(g, op_softmax(g, out[0]));

	if (image) {
		forward_on(r, 0, image, others);
		struct node *u = op_softmax(g, others[0]);
		g->aside = true;
		deceived = judged(r, u, image, u->v.n);
		g->aside = false;
		p = op_join(g, p, op_detach(g, u));
	}
	return main_output(r, out[0], sum_of(g, beyond(r, taught, deceived), judged(r, p, r->image, r->labeled)));
}

const struct agent agent_dan = {
	.p = { "dan", "deep adversarial network: predictions on unlabeled samples pass for those on labeled ones before a critic",
		"Zhang et al., Deep adversarial networks for biomedical image segmentation utilizing unannotated images, MICCAI 2017", opts,
		sizeof(struct conf) },
	.nets = 1,
	.maps = true,
	.critics = 1,
	.fixed = true,
	.stepping = stepping,
	.tell = tell_weight,
	.loss = loss,
};
