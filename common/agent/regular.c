/*
 * regular.c: partial supervision and a regulariser: what has no label is to be decided about, smooth, or of one class where it
 * looks alike. Fits scribbles as well as unlabeled samples.
 */
#include "agent/semi.h"

/* Room for the settings of a regulariser that --loss does not name. */
enum { SETTINGS = 512 };

/*
 * L(labeled) + w R(all). R is the regulariser, with the settings and the weight of the part of --loss of that name where there
 * is one, and the other parts of --loss that look at no label; L is what is left.
 */
static struct node *regularised(struct run *r, const struct loss *own)
{
	struct graph *g = r->g;
	struct run learn = *r;
	struct loss_sum rest = { .n = 0 };
	const struct truth none = { .image = r->image };
	struct node *out[PM_OUTPUTS];
	_Alignas(16) char settings[SETTINGS];
	bool named = false;

	learn.loss.n = 0;
	for (int i = 0; i < r->loss.n; i++) {
		const struct loss *l = (const struct loss *)r->loss.part[i].plugin;
		struct loss_sum *to = l->unsupervised ? &rest : &learn.loss;
		to->part[to->n++] = r->loss.part[i];
		named |= l == own;
	}
	if (!learn.loss.n)
		die(PM_USAGE, "--loss: no part of it looks at the labels");
	if (!named && rest.n == (int)PM_COUNT(rest.part))
		die(PM_USAGE, "--loss: too many parts");
	if (!named) {
		if (own->p.conf_size > sizeof settings)
			die(PM_FAIL, "bug: the settings of %s are too large", own->p.name);
		opt_defaults(own->p.opts, settings);
		rest.part[rest.n++] = (struct spec){ &own->p, settings, 1 };
	}
	const int n = forward_all(r, 0, out);
	struct node *taught = supervised(&learn, 0, out, n), *regular = loss_eval(g, &rest, out[0], &none);

	return main_output(r, out[0], beyond(r, taught, regular));
}

#define REGULAR(word, own, summary, cite) \
	static struct node *word(struct run *r) { return regularised(r, &own); } \
	const struct agent agent_##word = { .p = { #word, summary, cite, ramped_opts, sizeof(struct ramped) }, \
		.nets = 1, .fixed = true, .tell = tell_weight, .loss = word };

REGULAR(em, loss_entropy, "entropy minimisation: the loss of the labels plus the entropy of the prediction on all samples",
	"Grandvalet and Bengio, Semi-supervised learning by entropy minimization, NeurIPS 2004")
REGULAR(tv, loss_tv, "the loss of the labels plus the total variation of the prediction on all samples", NULL)
REGULAR(ms, loss_mumford_shah, "the loss of the labels plus the Mumford-Shah functional on all samples",
	"Kim and Ye, Mumford-Shah loss functional for image segmentation with deep learning, IEEE TIP 2019")
REGULAR(gatedcrf, loss_gated_crf, "the loss of the labels plus a gated CRF on all samples: neighbours that look alike are of one class",
	"Obukhov et al., Gated CRF loss for weakly supervised semantic image segmentation, NeurIPS workshop 2019")
