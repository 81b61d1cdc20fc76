/*
 * dmpls.c: two branches learn from a few annotated pixels (the others have weight 0) and, on all pixels, from a random
 * mixture of their predictions: from its classes (DMPLS), or from the mixture itself (DMSPS).
 */
#include "agent/methods.h"

#include <string.h>

struct conf {
	RAMPED;
	const char *pseudo, *softmax;
};

static const struct opt hard_opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"),
	OPT_CHOICE(struct conf, pseudo, 0, "dice|ce", "dice", "loss on the mixture's classes"),
	OPT_END,
};

static const struct opt soft_opts[] = {
	RAMPED_OPTIONS(struct conf, "8", "0"),
	OPT_CHOICE(struct conf, pseudo, 0, "dice|ce", "ce", "loss on the mixture"),
	OPT_CHOICE(struct conf, softmax, 0, "once|twice", "twice", "twice: of the probabilities again, which the weight 8 was published for"),
	OPT_END,
};

static struct node *loss(struct run *r, bool soft)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *z[2];
	const int n = forward_all(r, 0, out), scales = n / arch_branches(&r->arch[0]);

	for (int i = 0; i < 2; i++)
		z[i] = out[i * scales];
	struct node *share = op_uniform(g, 1, 1, 1, 1, 1);
	struct node *mixed = mixed_pseudo_labels(g, z, share, soft, c->pseudo, soft && !strcmp(c->softmax, "twice"));
	return main_output(r, out[0], beyond(r, supervised(r, 0, out, n), mixed));
}

static struct node *hard_loss(struct run *r) { return loss(r, false); }
static struct node *soft_loss(struct run *r) { return loss(r, true); }

const struct agent agent_dmpls = {
	.p = { "dmpls", "scribbles, two branches: both learn the classes of their randomly mixed predictions; for dbnet",
		"Luo et al., Scribble-supervised medical image segmentation via dual-branch network and dynamically mixed pseudo labels supervision, "
		"MICCAI 2022", hard_opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.branches = 2,
	.loss = hard_loss,
};

const struct agent agent_dmsps = {
	.p = { "dmsps", "scribbles, two branches: both learn their randomly mixed predictions; for dbnet",
		"Han et al., DMSPS: dynamically mixed soft pseudo-label supervision for scribble-supervised medical image segmentation, "
		"Medical Image Analysis 2024", soft_opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell_weight,
	.branches = 2,
	.loss = soft_loss,
};
