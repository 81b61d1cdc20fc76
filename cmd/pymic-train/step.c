/* step.c: one training step. */
#include "train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Puts the batch on the tape and lets the agent make the loss. */
static struct node *forward(struct trainer *t, struct graph *g, const struct batch *b)
{
	struct run *r = &t->run;
	const struct numbers *a = &t->conf->class_weights;
	const int64_t slices = t->fold ? b->size[0] : 1;

	g->type = t->type;
	g->training = true;
	g->grad = true;
	g->seed = (uint64_t)t->conf->seed;
	g->step = (uint64_t)t->state.iter;
	graph_reset(g);
	r->g = g;
	r->iter = t->state.iter;
	r->labeled = b->labeled * slices;
	r->image = op_image(g, b->image, b->n, b->channels, b->size, t->fold);
	r->truth = (struct truth){ .target = op_label(g, b->label, b->labeled, b->size, t->fold) };
	if (b->weight)
		r->truth.weight = op_weight(g, b->weight, b->labeled, b->size, t->fold);
	if (a->n)
		r->truth.class_weight = op_constant(g, a->v, 1, a->n);
	r->logits = NULL;
	struct node *loss = t->agent->loss(r);
	assert(r->logits && r->logits->keep);
	return loss;
}

/* A dry step, planned; returns the bytes it takes. */
static size_t measure(struct trainer *t, const struct batch *b, struct graph *dry)
{
	graph_measure(dry, t->be);
	graph_backward(dry, forward(t, dry, b));
	return graph_plan(dry);
}

size_t trainer_measure(struct trainer *t, const struct batch *b)
{
	struct graph dry = { .be = NULL };
	const size_t bytes = measure(t, b, &dry);

	graph_fini(&dry);
	return bytes;
}

/* The smallest batch shows all parameters. */
void trainer_declare(struct trainer *t, int64_t channels)
{
	struct batch b = { .n = 1, .labeled = 1, .channels = channels };

	t->net->multiple(t->net_conf, b.size);
	t->channels = channels;
	trainer_measure(t, &b);
}

struct feed_conf trainer_feed(const struct trainer *t)
{
	struct feed_conf f = {
		.batch = t->conf->batch, .classes = t->conf->classes, .from = t->state.position, .skipped = t->conf->skipped,
	};

	t->net->multiple(t->net_conf, f.multiple);
	return f;
}

void trainer_freeze(struct trainer *t)
{
	for (int i = 0; i < t->agent->nets; i++) {
		params_freeze(&t->ps[i], t->be, (uint64_t)t->conf->seed + (uint64_t)i);
		optim_init(&t->optim[i], t->optim[i].kind, t->optim[i].conf, &t->ps[i]);
	}
}

/* A batch of another shape needs another amount of memory: the arena grows when it must. */
static void fit(struct trainer *t, const struct batch *b)
{
	const int64_t shape[6] = { b->n, b->labeled, b->size[0], b->size[1], b->size[2], b->weight != NULL };

	if (!memcmp(shape, t->shape, sizeof shape))
		return;
	memcpy(t->shape, shape, sizeof shape);
	struct graph dry = { .be = NULL };
	const size_t bytes = measure(t, b, &dry);
	if (bytes > t->bytes) {
		graph_fini(&t->g);
		graph_init(&t->g, t->be, t->bytes = bytes);
		for (int i = 0; i < t->agent->nets; i++)
			params_touch(&t->ps[i]); /* what convolutions packed went with the old graph */
	}
	graph_follow(&t->g, &dry);
	graph_fini(&dry);
}

/* Hard Dice of the labeled part of the batch. */
static void training_dice(struct trainer *t, const struct batch *b, double *dice)
{
	const struct fmap *z = &t->run.logits->v;
	const int64_t n = t->run.labeled, v = z->d * z->h * z->w, k = t->run.classes;
	int64_t *count = xcalloc((size_t)(k * k), sizeof *count);

	if ((size_t)(n * v) > t->pred_bytes) {
		if (t->pred)
			t->be->free(t->pred, t->pred_bytes);
		t->pred_bytes = (size_t)(n * v);
		t->pred = t->be->alloc(t->pred_bytes);
		t->pred_host = xresize(t->pred_host, t->pred_bytes, 1);
	}
	t->be->argmax(t->pred, z->data, n, k, v);
	t->be->get(t->pred_host, t->pred, (size_t)(n * v));
	confusion_add(count, (int)k, b->label, t->pred_host, n * v);
	confusion_dice(count, (int)k, dice);
	free(count);
}

static _Noreturn void not_finite(const struct trainer *t, const struct batch *b, const char *what, double value)
{
	char ids[300];

	batch_ids(b, ids, sizeof ids);
	die(PM_FAIL, "the %s of iteration %lld is %g (cases: %s): look at their values, or lower --lr; the last good model "
		"is %s", what, (long long)t->state.iter + 1, value, ids, in_folder(t->conf, "last.pmm"));
}

void trainer_step(struct trainer *t, const struct batch *b)
{
	struct state *s = &t->state;
	double dice[MAX_CLASSES];

	if (b->channels != t->channels) {
		char ids[300];
		batch_ids(b, ids, sizeof ids);
		die(PM_FAIL, "%s: %lld channels, but the network takes %lld: every image needs the same channels", ids,
			(long long)b->channels, (long long)t->channels);
	}
	if (!b->labeled) {
		char ids[300];
		batch_ids(b, ids, sizeof ids);
		die(PM_FAIL, "none of the cases of a batch has a label (%s): mix labeled ones into each batch (pymic-load --mix); or "
			"has the list no column 'label'?", ids);
	}
	fit(t, b);
	struct node *loss = forward(t, &t->g, b);
	const double value = graph_scalar(&t->g, loss);
	if (!isfinite(value))
		not_finite(t, b, "loss", value);
	training_dice(t, b, dice);
	for (int i = 0; i < t->agent->nets; i++)
		params_zero_grad(&t->ps[i]);
	graph_backward(&t->g, loss);
	for (int i = 0; i < t->agent->nets; i++) {
		const double norm = optim_step(&t->optim[i], &t->ps[i], t->schedule.lr, t->conf->clip);
		if (!isfinite(norm))
			not_finite(t, b, "gradient", norm);
	}
	if (t->agent->after)
		t->agent->after(&t->run);
	s->iter++;
	s->cycle_iters++;
	s->cycle_loss += value;
	for (int c = 0; c < t->run.classes; c++)
		s->cycle_dice[c] += dice[c];
	s->position = b->after;
}

bool trainer_finite(const struct trainer *t)
{
	for (int i = 0; i < t->agent->nets; i++)
		if (!isfinite(t->be->sum_squares(t->ps[i].value, t->ps[i].total)))
			return false;
	return true;
}
