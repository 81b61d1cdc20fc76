/* kd.c: knowledge distillation: a network learns what trained ones, perhaps larger or several, say of the same images. */
#include "agent/methods.h"
#include "agent/taught.h"
#include "loss/terms.h"

struct conf {
	struct texts teacher;
	double temperature, alpha;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, teacher, 0, "FILE", "", "model to learn from, of any network; several are averaged: teacher=A:teacher=B"),
	OPT_NUMBER(struct conf, temperature, 0, "X", "4", 0.1, 100, "divides the logits of both: above 1 they say more of unlikely classes"),
	OPT_NUMBER(struct conf, alpha, 0, "P", "0.5", 0, 1, "share of the teacher in the loss; the rest is of the labels"),
	OPT_END,
};

static const struct texts *models(const void *conf) { return &((const struct conf *)conf)->teacher; }

/* The mean over teachers of softmax(z / T), of all samples as the student sees them. */
static struct node *taught_by(struct run *r, double temperature)
{
	struct graph *g = r->g;
	struct node *sum = NULL;

	for (int i = 0; i < r->given; i++) {
		struct node *z = still_logits(r, 1 + i, r->image, false);
		still_begin(g);
		struct node *q = op_softmax(g, linear(g, 1 / temperature, z, 0));
		sum = sum ? sum_of(g, sum, q) : q;
		still_end(g);
	}
	still_begin(g);
	struct node *q = linear(g, 1.0 / r->given, sum, 0);
	still_end(g);
	return q;
}

/* (1 - alpha) L(labeled) + alpha T^2 mean over pixels of KL(q | softmax(z / T)), on all samples. */
static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *q = taught_by(r, c->temperature);
	const int n = forward_all(r, 0, out);
	struct node *labels = linear(g, 1 - c->alpha, supervised(r, 0, out, n), 0);

	return main_output(r, out[0], sum_of(g, labels, linear(g, c->alpha, distillation(g, out[0], q, c->temperature), 0)));
}

const struct agent agent_kd = {
	.p = { "kd", "knowledge distillation: a network learns from trained models what they say of all samples",
		"Hinton et al., Distilling the knowledge in a neural network, NeurIPS workshop 2014", opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.models = models,
	.loss = loss,
};
