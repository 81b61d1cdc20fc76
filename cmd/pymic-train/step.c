/* step.c: one training step. */
#include "train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The iteration from which on weights are averaged (--swa-start); after all of them where it does not. */
static int64_t swa_start(const struct conf *c) { return c->swa_start > 0 ? (int64_t)(c->swa_start * (double)c->iters) : INT64_MAX; }

double trainer_lr(const struct trainer *t, int64_t iter)
{
	const struct conf *c = t->conf;

	return iter < swa_start(c) ? schedule_rate(&t->schedule, iter) : c->swa_lr > 0 ? c->swa_lr : c->lr / 2;
}

/* All that the agent is told but what lies on the tape; returns how many numbers it tells. */
static int64_t introduce(struct trainer *t, const struct batch *b)
{
	struct run *r = &t->run;
	const int64_t slices = t->fold ? b->size[0] : 1;

	r->iter = t->state.iter;
	r->labeled = b->labeled * slices;
	r->clean = b->clean * slices;
	r->samples = b->n * slices;
	memcpy(r->size, b->size, sizeof r->size);
	r->size[0] = t->fold ? 1 : b->size[0];
	const char *why = t->agent->refuses ? t->agent->refuses(r) : NULL;
	if (why)
		die(PM_USAGE, "--agent %s: %s; this batch has %lld %s, %lld of them with a label", t->agent->p.name, why, (long long)r->samples,
			t->fold && slices > 1 ? "slices" : "samples", (long long)r->labeled);
	if (!t->agent->tell)
		return 0;
	const int64_t n = t->agent->tell(r, NULL);
	if (n > t->room_told) /* who feeds a recorded step holds it: it stays where it is */
		t->told = xresize(t->told, (size_t)(t->room_told = n), sizeof *t->told);
	return t->agent->tell(r, t->told);
}

/*
 * The running statistics of averaged weights are none of those that were averaged: they become those of the images that pass, as
 * in training.
 */
static void refresh(struct trainer *t, struct graph *g)
{
	struct node *out[PM_OUTPUTS];

	g->grad = false;
	for (int i = t->sets - t->agent->nets; i < t->sets; i++) {
		const struct arch *a = &t->run.arch[i - (t->sets - t->agent->nets)];
		a->net->forward(g, a->conf, &t->ps[i], t->run.image, t->run.classes, out);
	}
	g->grad = true;
}

/* Puts the batch on the tape, the image last, whose copy may leave room, and lets the agent make the loss. */
static struct node *forward(struct trainer *t, struct graph *g, const struct batch *b)
{
	struct run *r = &t->run;
	const struct numbers *a = &t->conf->class_weights;
	const int64_t told = introduce(t, b);

	g->type = t->type;
	g->training = true;
	g->grad = true;
	graph_reset(g);
	r->g = g;
	r->truth = (struct truth){ .target = NULL };
	if (t->agent->error)
		r->original = op_image(g, b->target, b->n, b->channels, b->size, t->fold);
	else if (!t->agent->from_images)
		r->truth.target = op_label(g, b->label, b->labeled, b->grid, t->fold);
	if (b->weight)
		r->truth.weight = op_weight(g, b->weight, b->labeled, b->grid, t->fold);
	if (a->n)
		r->truth.class_weight = op_constant(g, a->v, 1, a->n);
	r->told = told ? op_told(g, t->told, told) : NULL;
	r->memory = t->remembers ? op_held(g, t->memory, t->remembers) : NULL;
	r->image = op_image(g, b->image, b->n, b->channels, b->size, t->fold);
	r->logits = r->remember = NULL;
	if (r->iter >= swa_start(t->conf))
		refresh(t, g);
	struct node *loss = t->agent->loss(r);
	assert(r->logits && r->logits->keep);
	return loss;
}

/* A dry step, planned, once its lifetimes are known from another; returns the bytes it takes. */
static size_t measure(struct trainer *t, const struct batch *b, struct graph *dry)
{
	graph_measure(dry, t->be);
	graph_backward(dry, forward(t, dry, b));
	graph_lifetimes(dry, dry);
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

static int teachers(const struct trainer *t) { return agent_teachers(t->agent, t->run.conf); }

static bool is_teacher(const struct trainer *t, int i) { return i >= t->trained && i < t->trained + teachers(t); }

/* What set i, which is not trained, is the average of. */
static const struct params *followed(const struct trainer *t, int i)
{
	return &t->ps[i - t->trained - (is_teacher(t, i) ? 0 : teachers(t))];
}

size_t trainer_weights(const struct trainer *t)
{
	const int copies = t->be->available ? 3 : 2; /* gradients and packed weights; a GPU's libraries have gradients in their own order */
	int64_t n = 0;

	for (int i = 0; i < t->trained; i++)
		n += t->ps[i].total + t->ps[i].trainable * (copies + optim_states(t->optim[i].kind));
	for (int i = t->trained; i < t->sets; i++)
		n += followed(t, i)->total + followed(t, i)->trainable;
	for (int i = 0; i < t->given.nets; i++)
		n += t->given.ps[i].total + t->given.ps[i].trainable;
	for (int i = 0; i < t->members && t->ahead; i++)
		n += t->ps[i].total + t->ps[i].trainable; /* kept */
	return (size_t)n * sizeof(real);
}

/* Is so much of the GPU's memory free? It says so before anything is taken. */
static void room(const struct trainer *t, const struct batch *b, size_t weights, size_t maps)
{
	const size_t augmented = b->drawn ? augmenter_more(t->augmenter, b) : 0;
	const size_t own = t->be->overhead();
	const double mib = 1 << 20, all = (double)(own + weights + maps + augmented) / mib;
	const double free_mib = (double)(t->be->available() + own + t->bytes) / mib;
	if (all > free_mib)
		die(PM_FAIL, "%.1f MiB of the GPU's memory are needed, %.1f are free: CUDA and copies %.1f, weights and moments %.1f, samples that "
			"are augmented %.1f, feature maps of a batch of %lldx%lldx%lldx%lldx%lld %.1f; a smaller --batch or crop, or --precision bf16, "
			"needs less", all, free_mib, (double)own / mib, (double)weights / mib, (double)augmented / mib, (long long)b->n,
			(long long)b->channels, (long long)b->size[0], (long long)b->size[1], (long long)b->size[2], (double)maps / mib);
}

/* A small batch shows all parameters. */
void trainer_declare(struct trainer *t, int64_t channels)
{
	struct batch b = { .n = 2, .labeled = 2, .clean = 1, .channels = channels };
	const struct labels l = trainer_labels(t);

	archs_multiple(t->run.arch, t->networks, b.size);
	labels_grid(&l, &b);
	t->channels = channels;
	given_declare(&t->given, channels);
	if (t->agent->error && channels != t->conf->classes)
		die(PM_USAGE, "--agent %s makes images of --classes %d channels, but these have %lld: give --classes %lld", t->agent->p.name,
			t->conf->classes, (long long)channels, (long long)channels);
	struct graph dry = { .be = NULL };
	graph_measure(&dry, t->be);
	forward(t, &dry, &b);
	graph_fini(&dry);
}

struct labels trainer_labels(const struct trainer *t)
{
	return (struct labels){ t->conf->classes, t->conf->ignore_label, arch_whole(t->run.arch) };
}

struct feed_conf trainer_feed(const struct trainer *t)
{
	struct feed_conf f = {
		.batch = t->conf->batch, .labels = trainer_labels(t), .from = t->state.position, .skipped = t->conf->skipped,
		.originals = t->agent->error != NULL, .from_images = t->agent->from_images, .chain = &t->chain, .draw = t->chain.n && t->be->augmentation,
		.flat = t->fold && arch_whole(t->run.arch) && !t->agent->from_images,
	};

	archs_multiple(t->run.arch, t->networks, f.multiple);
	return f;
}

void trainer_freeze(struct trainer *t, const struct batch *b)
{
	if (b && t->be->available)
		room(t, b, trainer_weights(t), trainer_measure(t, b));
	t->recording.g = &t->g;
	given_read(&t->given, t->be);
	for (int i = 0; i < t->trained; i++) {
		params_freeze(&t->ps[i], t->be, (uint64_t)t->conf->seed + (uint64_t)i);
		optim_init(&t->optim[i], t->optim[i].kind, t->optim[i].conf, &t->ps[i]);
	}
	if (t->remembers && !t->memory)
		t->memory = t->be->alloc((size_t)t->remembers * sizeof *t->memory);
	for (int i = t->trained; i < t->sets; i++) {
		const struct follow mean = { .start = swa_start(t->conf), .every = t->conf->swa_every };
		const struct follow ema = { .decay = t->conf->ema, .statistics = true };
		const struct follow how = is_teacher(t, i) ? t->agent->follow(t->run.conf) : t->conf->swa_start > 0 ? mean : ema;
		average_init(&t->average[i], &t->ps[i], followed(t, i), &how);
	}
	for (int i = 0; i < t->members && t->ahead; i++)
		params_clone(&t->kept[i], &t->ps[t->first + i]);
}

struct params *trainer_judged(struct trainer *t, int member) { return t->ahead ? &t->kept[member] : &t->ps[t->first + member]; }

void trainer_follow(struct trainer *t)
{
	for (int i = t->trained; i < t->sets; i++)
		params_copy(t->average[i].ps, t->average[i].of);
}

/* A batch of another shape needs another amount of memory: the arena grows when it must. */
static void fit(struct trainer *t, const struct batch *b)
{
	const int64_t shape[8] = { b->n, b->labeled, b->clean, b->size[0], b->size[1], b->size[2], b->weight != NULL,
		t->state.iter >= swa_start(t->conf) };

	if (!memcmp(shape, t->shape, sizeof shape))
		return;
	memcpy(t->shape, shape, sizeof shape);
	recording_drop(&t->recording);
	struct graph dry = { .be = NULL };
	const size_t bytes = measure(t, b, &dry);
	if (bytes > t->bytes) {
		if (t->be->available)
			room(t, b, 0, bytes);
		graph_fini(&t->g);
		graph_init(&t->g, t->be, t->bytes = bytes);
		for (int i = 0; i < t->sets; i++)
			params_touch(&t->ps[i]); /* what convolutions packed went with the old graph */
		for (int i = 0; i < t->given.nets; i++)
			params_touch(&t->given.ps[i]);
	}
	graph_lifetimes(&t->g, &dry);
	graph_follow(&t->g, &dry);
	graph_fini(&dry);
}

static size_t tally_bytes(const struct trainer *t) { return (size_t)(1 + t->run.classes) * sizeof *t->tally; }

/* At the start of a cycle, or of its rest where a run is resumed. */
static void tally_put(struct trainer *t)
{
	double sum[1 + MAX_CLASSES] = { t->state.cycle_loss };

	memcpy(sum + 1, t->state.cycle_dice, sizeof t->state.cycle_dice);
	if (!t->tally)
		t->tally = t->be->alloc(tally_bytes(t));
	t->be->put(t->tally, sum, tally_bytes(t));
}

/* b: the last batch, or NULL where it is gone. */
static _Noreturn void not_finite(const struct trainer *t, const struct batch *b, const char *what, double value)
{
	const long long last = (long long)t->state.iter;
	const char *saved = in_folder(t->conf, "last.pmm");
	char ids[300];

	if (!b || t->pending > 1)
		die(PM_FAIL, "the %s is %g since one of the iterations %lld to %lld: look at the values of their cases, or lower --lr; the last "
			"good model is %s", what, value, last - t->pending + 1, last, saved);
	batch_ids(b, ids, sizeof ids);
	die(PM_FAIL, "the %s of iteration %lld is %g (cases: %s): look at their values, or lower --lr; the last good model "
		"is %s", what, last, value, ids, saved);
}

static void collect(struct trainer *t, const struct batch *b)
{
	struct state *s = &t->state;
	double sum[1 + MAX_CLASSES], norm = 0;

	if (!t->pending)
		return;
	t->be->get(sum, t->tally, tally_bytes(t));
	if (!isfinite(sum[0])) /* what a sum has become through one that is not */
		not_finite(t, b, "loss", sum[0]);
	for (int i = 0; i < t->trained && t->conf->clip > 0; i++)
		if (!isfinite(norm = optim_norm(&t->optim[i])))
			not_finite(t, b, "gradient", norm);
	s->cycle_loss = sum[0];
	memcpy(s->cycle_dice, sum + 1, (size_t)t->run.classes * sizeof *sum);
	t->pending = 0;
}

void trainer_collect(struct trainer *t) { collect(t, NULL); }

double trainer_loss(const struct trainer *t) { return t->state.cycle_loss / (double)(t->state.cycle_iters - t->pending); }

/* The processor makes nobody wait. The first iteration is looked at for whom sees the progress, and because most fail there. */
static bool look_due(const struct trainer *t)
{
	enum { EVERY = 16 };

	return t->be == &backend_cpu || t->state.cycle_iters == 1 || t->pending == EVERY;
}

static void check(const struct trainer *t, const struct batch *b)
{
	char ids[300];

	batch_ids(b, ids, sizeof ids);
	if (b->channels != t->channels)
		die(PM_FAIL, "%s: %lld channels, but the network takes %lld: every image needs the same channels", ids,
			(long long)b->channels, (long long)t->channels);
	if (!b->labeled && !t->agent->error && !t->agent->from_images)
		die(PM_FAIL, "none of the cases of a batch has a label (%s): mix labeled ones into each batch (pymic-load --mix); or "
			"has the list no column 'label'?", ids);
}

struct job {
	struct trainer *t;
	const struct batch *b;
};

/* All that the backend does in a step. */
static void compute(void *arg)
{
	const struct job *j = arg;
	struct trainer *t = j->t;
	struct node *loss = forward(t, &t->g, j->b);
	const struct run *r = &t->run;
	const struct fmap *z = &r->logits->v;

	if (r->truth.target)
		t->be->score(t->tally, loss->v.data, z->data, r->truth.target->v.data, r->labeled, r->classes, fmap_space(z));
	else
		t->be->score(t->tally, loss->v.data, z->data, NULL, 0, 0, fmap_space(z)); /* the loss alone */
	for (int i = 0; i < t->trained; i++)
		params_zero_grad(&t->ps[i]);
	graph_backward(&t->g, loss);
	for (int i = 0; i < t->trained; i++)
		optim_run(&t->optim[i], &t->ps[i], t->conf->clip);
	for (int i = t->trained; i < t->sets; i++)
		average_run(&t->average[i]);
	if (r->remember)
		t->be->unary(U_SCALE, 1, t->memory, r->remember->v.data, t->remembers, false);
}

static void run(struct trainer *t, const struct batch *b)
{
	struct job j = { t, b };
	const void *host[4];
	int n = 0;

	t->g.here = b->drawn != NULL;
	t->g.seed = (uint64_t)t->conf->seed;
	t->g.step = (uint64_t)t->state.iter;
	for (int i = 0; i < t->trained; i++)
		optim_put(&t->optim[i], i < t->agent->nets ? trainer_lr(t, t->state.iter) : t->agent->stepping(t->run.conf).lr);
	for (int i = t->trained; i < t->sets; i++)
		average_put(&t->average[i], t->state.iter);
	const int64_t told = introduce(t, b);
	if (!t->agent->from_images)
		host[n++] = b->target ? (const void *)b->target : b->label;
	if (b->weight)
		host[n++] = b->weight;
	if (told)
		host[n++] = t->told;
	host[n++] = b->image;
	if (t->agent->fixed)
		recording_run(&t->recording, compute, &j, host);
	else
		compute(&j);
	for (int i = 0; i < t->sets; i++)
		params_touch(&t->ps[i]); /* as optim_run does, but where it is replayed */
}

void trainer_step(struct trainer *t, struct batch *b)
{
	struct state *s = &t->state;

	check(t, b);
	if (!t->tally || !s->cycle_iters)
		tally_put(t);
	fit(t, b);
	if (b->drawn)
		augmenter_run(t->augmenter, b);
	run(t, b);
	s->iter++;
	s->cycle_iters++;
	s->position = b->after;
	t->pending++;
	if (look_due(t))
		collect(t, b);
}
