/*
 * unimatch.c: FixMatch with two strong views and a third of features: the encoder's of the weak view, without some channels. Or,
 * as UniMatch V2 does, the strong views lack channels, each those that the other has.
 */
#include "agent/taught.h"
#include "agent/views.h"

#include "loss/terms.h"

#include <string.h>

struct conf {
	VIEWED;
	FOLLOWED;
	struct numbers weights;
	double feature_dropout;
	bool complementary_dropout;
	const char *teacher;
};

static const struct opt opts[] = {
	VIEWED_OPTIONS(struct conf, "dice"),
	OPT_NUMBER(struct conf, weights, 0, "LIST", "1x0.25x0.25x0.5", 0, 1e6,
		"of the labels, of the first strong view, of the second one, of the perturbed features: the loss is the weighted mean"),
	OPT_NUMBER(struct conf, feature_dropout, 0, "P", "0.5", 0.01, 0.99, "probability that a channel vanishes, at each level of the encoder"),
	OPT_SWITCH(struct conf, complementary_dropout, 0, "of each level of the encoder one strong view has half of the channels, the other the others"),
	OPT_CHOICE(struct conf, teacher, 0, "self|ema", "self", "who says the classes: the network, or the average of its weights"),
	FOLLOWED_OPTIONS(struct conf),
	OPT_END,
};

static bool alone(const void *conf) { return strcmp(((const struct conf *)conf)->teacher, "ema"); }

static struct follow follow(const void *conf)
{
	const struct conf *c = conf;

	return following(c->decay, c->statistics);
}

static int64_t tell(const struct run *r, float *out) { return tell_views(r, r->conf, 2, out); }

static double total_weight(const struct conf *c)
{
	double sum = 0;

	for (int i = 0; i < c->weights.n; i++)
		sum += c->weights.v[i];
	if (c->weights.n != 4 || sum <= 0)
		die(PM_USAGE, "--agent unimatch: weights wants four numbers, not all of them 0, as weights=1x0.25x0.25x0.5");
	return sum;
}

/* [x_l; w] and, of the unlabeled w, behind them the same with perturbed features. */
static int forward_perturbed(struct run *r, double drop, struct node *out[PM_OUTPUTS])
{
	r->g->drop = drop;
	const int n = forward_all(r, 0, out);
	r->g->drop = 0;
	return n;
}

/*
 * The weighted mean of L(labeled), of confident(z_1, q_1) and confident(z_2, q_2) of the strong views, and of confident(z_f, q) of
 * the perturbed features. q: softmax of the weak view as it is trained, in CutMix boxes as it is at rest; or the teacher's.
 */
static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	const double *w = c->weights.v, total = total_weight(c);
	const bool ema = !alone(c);
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *seen[PM_OUTPUTS], *view[2], *image = unlabeled(r, r->image);

	if (!r->arch[0].net->features)
		die(PM_USAGE, "--agent unimatch: --net %s has no encoder whose features could be perturbed; take unet", r->arch[0].net->p.name);
	if (!image) {
		const int n = forward_all(r, 0, out);
		return main_output(r, out[0], supervised(r, 0, out, n));
	}
	const int64_t m = image->v.n;
	struct node *partners = still_probabilities(r, ema, image, false), *q = partners;
	for (int i = 0; i < 2; i++)
		view[i] = strong_view(r, i, image);
	const int n = w[3] > 0 ? forward_perturbed(r, c->feature_dropout, out) : forward_all(r, 0, out);
	g->halves = c->complementary_dropout;
	forward_on(r, 0, op_to_maps(g, op_join(g, view[0], view[1])), seen);
	g->halves = false;
	if (!ema) {
		still_begin(g);
		q = op_softmax(g, op_part(g, out[0], r->labeled, m));
		still_end(g);
	}
	struct node *sum = linear(g, w[0], supervised(r, 0, out, n), 0);
	for (int i = 0; i < 2; i++) {
		struct node *taught = confident(g, r->conf, op_part(g, seen[0], i * m, m), strong_view_of(r, i, q, partners));
		sum = sum_of(g, sum, linear(g, w[1 + i], taught, 0));
	}
	if (w[3] > 0)
		sum = sum_of(g, sum, linear(g, w[3], confident(g, r->conf, op_part(g, out[0], r->samples + r->labeled, m), q), 0));
	return main_output(r, out[0], linear(g, 1 / total, sum, 0));
}

const struct agent agent_unimatch = {
	.p = { "unimatch", "UniMatch: the classes that are sure of unlabeled samples teach the network two changed views and features that lack channels",
		"Yang et al., Revisiting weak-to-strong consistency in semi-supervised semantic segmentation, CVPR 2023; UniMatch V2, "
		"IEEE TPAMI 2025", opts, sizeof(struct conf) },
	.nets = 1,
	.teachers = 1,
	.fixed = true,
	.follow = follow,
	.alone = alone,
	.tell = tell,
	.loss = loss,
};
