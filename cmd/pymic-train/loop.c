/* loop.c: a run from first to last: cycles of iterations, each closed by a validation and a checkpoint. */
#include "checkpoint.h"
#include "log.h"

#include "base/progress.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct loop {
	struct trainer *t;
	struct valid *valid;
	struct predictor *predictor;
	struct pace pace;
	double began;      /* of this cycle, or of what has no row yet */
	bool open;         /* a cycle is closed whose validation is under way: */
	struct row row;
	double dice[MAX_CLASSES], valid_dice[MAX_CLASSES];
	int64_t share;     /* of the pieces of a validation, so many after each step */
	bool ready;        /* the network has its weights */
	int64_t saved;     /* iteration of the last checkpoint */
};

struct pace pace_parse(const char *text)
{
	struct pace p = { .last = now() };
	const size_t n = strlen(text);
	const bool seconds = n && text[n - 1] == 's';
	char number[64];
	double v = 0;

	snprintf(number, sizeof number, "%.*s", (int)(n - seconds), text);
	if (n && (parse_number(number, &v) || !(v >= 1 && v <= 1e12)))
		die(PM_USAGE, "--checkpoint-every %s: iterations (500) or seconds (600s) are expected", text);
	if (seconds)
		p.seconds = v;
	else
		p.iters = (int64_t)v;
	return p;
}

static bool pace_due(const struct pace *p, int64_t iter)
{
	return (p->iters && iter % p->iters == 0) || (p->seconds > 0 && now() - p->last >= p->seconds);
}

/* The validation of the closed cycle comes to its end: the best model is kept, the log has its row. */
static void judge(struct loop *l)
{
	struct trainer *t = l->t;
	struct state *s = &t->state;
	const bool error = t->agent->error;

	if (!l->open)
		return;
	if (l->valid && error) {
		l->row.valid = valid_error(l->valid, l->predictor, t->agent, t->run.conf);
	} else if (l->valid) {
		l->row.valid = valid_end(l->valid, l->predictor, t->be, l->valid_dice);
		l->share = 1 + valid_pieces(l->valid) / t->conf->valid_every;
	}
	l->open = false;
	if (l->valid && (error ? !s->best_iter || l->row.valid < s->best : l->row.valid > s->best)) {
		s->best = l->row.valid;
		s->best_iter = l->row.iter;
		checkpoint_best(t);
	}
	l->row.seconds = now() - l->began;
	l->began = now();
	log_row(&l->row);
}

static void save(struct loop *l)
{
	judge(l);
	trainer_collect(l->t);
	checkpoint_write(l->t);
	l->saved = l->t->state.iter;
	l->pace.last = now();
}

/* The network gets its weights: drawn, or those of --init, or of the run that is resumed. b: the first batch, where it is known. */
static void start(struct loop *l, int64_t channels, const struct batch *b)
{
	struct trainer *t = l->t;
	struct err e;

	if (l->valid && valid_channels(l->valid, &e, channels))
		die(PM_FAIL, "%s", e.msg);
	trainer_declare(t, channels);
	trainer_freeze(t, b);
	if (t->resumed)
		checkpoint_weights(t);
	else if (t->conf->init)
		checkpoint_init(t);
	if (!t->resumed)
		trainer_follow(t);
	log_open(t->conf, t->state.iter - t->state.cycle_iters); /* a row that a kill kept from its checkpoint comes again */
	l->ready = true;
}

static bool cycle_full(const struct trainer *t)
{
	const struct state *s = &t->state;

	return s->cycle_iters >= t->conf->valid_every || (s->cycle_iters && s->iter >= t->conf->iters);
}

bool trainer_finished(const struct trainer *t)
{
	const struct state *s = &t->state;
	const int64_t patience = t->conf->early_stop;

	return !s->cycle_iters && (s->iter >= t->conf->iters || (patience && s->iter - s->best_iter > patience));
}

/*
 * Where steps go on, the checkpoint is of a cycle that is full and not closed: who resumes from it validates again. Else it waits
 * for the validation, as the learning rate does where that depends on it.
 */
static void close_cycle(struct loop *l)
{
	struct trainer *t = l->t;
	struct state *s = &t->state;
	const bool error = t->agent->error, classes = !error && !t->agent->from_images;

	judge(l);
	trainer_collect(t);
	if (t->ahead)
		save(l);
	l->row = (struct row){
		.iter = s->iter, .loss = s->cycle_loss / (double)s->cycle_iters, .lr = trainer_lr(t, s->iter - 1), .valid = NAN,
		.dice = l->dice, .valid_dice = l->valid ? l->valid_dice : NULL, .classes = classes ? t->run.classes : 0,
	};
	for (int c = 0; c < l->row.classes; c++)
		l->dice[c] = s->cycle_dice[c] / (double)s->cycle_iters;
	l->open = true;
	for (int i = 0; i < t->members && t->ahead; i++)
		params_copy(&t->kept[i], &t->ps[t->first + i]);
	if (l->valid && !error)
		valid_begin(l->valid, l->predictor, t->be);
	if (!t->ahead)
		judge(l);
	s->cycle++;
	schedule_judge(&t->schedule, error ? -l->row.valid : l->row.valid);
	s->cycle_iters = 0;
	s->cycle_loss = 0;
	memset(s->cycle_dice, 0, sizeof s->cycle_dice);
	if (t->ahead)
		return;
	save(l);
	l->began = now();
}

/* Some windows between two steps; the result once it costs no waiting. */
static void go_on(struct loop *l)
{
	bool more = true;

	for (int64_t i = 0; i < l->share && more; i++)
		more = valid_more(l->valid, l->predictor);
	if (!more && !l->t->pending)
		judge(l);
}

static _Noreturn void stopped(struct loop *l)
{
	if (l->ready && l->saved != l->t->state.iter)
		save(l);
	note("stopped after %lld iterations: the same command goes on from there", (long long)l->t->state.iter);
	quit(PM_STOPPED);
}

/* What has been learnt is kept even where the input breaks off. */
static _Noreturn void broken(struct loop *l, enum feed_got got, const struct err *e)
{
	/* Who stops a whole pipeline stops the stages one by one: the signal to us may be on its way. */
	for (int i = 0; i < 10 && got == FEED_BAD_INPUT && !stop_asked(); i++)
		usleep(20000);
	if (stop_asked())
		stopped(l);
	if (l->ready && l->saved != l->t->state.iter)
		save(l);
	die(got == FEED_BAD_INPUT ? PM_INPUT : PM_FAIL, "%s", e->msg);
}

static void input_ended(struct loop *l)
{
	const struct trainer *t = l->t;

	if (!t->state.iter)
		die(PM_FAIL, "the input ended before there was a whole batch (--batch %d)", t->conf->batch);
	if (l->t->state.cycle_iters)
		close_cycle(l);
	note("the input ended after %lld of %lld iterations", (long long)t->state.iter, (long long)t->conf->iters);
}

static void run(struct loop *l, struct feed *feed)
{
	struct trainer *t = l->t;
	struct state *s = &t->state;
	struct batch *b;
	struct err e;

	for (;;) {
		if (stop_asked())
			stopped(l);
		if (cycle_full(t))
			close_cycle(l);
		if (trainer_finished(t))
			return;
		enum feed_got got = feed_next(feed, &b, &e);
		if (got == FEED_STOPPED)
			continue;
		if (got == FEED_END)
			return input_ended(l);
		if (got != FEED_BATCH)
			broken(l, got, &e);
		if (!l->ready) {
			start(l, b->channels, b);
			save(l); /* so that a run in this folder is known from its first moment */
		}
		trainer_step(t, b);
		progress_to(s->iter, "loss %.4f", trainer_loss(t));
		if (l->open)
			go_on(l);
		if (pace_due(&l->pace, s->iter))
			save(l);
	}
}

void train(struct trainer *t, struct predictor *predictor, struct pace pace)
{
	const struct conf *c = t->conf;
	t->augmenter = augmenter_open(t->be);
	struct loop l = { .t = t, .predictor = predictor, .pace = pace, .saved = -1, .share = 1 };

	const struct labels labels = trainer_labels(t);
	if (c->valid)
		l.valid = valid_read(c->valid, &labels, t->agent->error != NULL);
	if (t->resumed) {
		start(&l, t->channels, NULL);
		l.saved = t->state.iter;
		note("resuming after %lld iterations%s", (long long)t->state.iter,
			c->skipped ? "" : "; what has been used of the input is skipped");
	}
	const struct feed_conf fc = trainer_feed(t);
	struct feed *feed = feed_open(&fc);
	catch_signals();
	feed_start(feed);
	progress_start("iterations", c->iters);
	l.began = now();
	run(&l, feed);
	if (l.open)
		save(&l);
	progress_end();
	if (l.valid)
		note("best %s %.4f after %lld iterations: %s", t->agent->error ? "error" : labels.whole ? "accuracy" : "foreground Dice", t->state.best,
			(long long)t->state.best_iter, in_folder(c, "best.pmm"));
	predictor_close(predictor);
}
