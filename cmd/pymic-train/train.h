/* train.h: a run: its settings, its state, its steps, its files. */
#ifndef TRAIN_H
#define TRAIN_H

#include "agent/agent.h"
#include "data.h"
#include "given.h"
#include "nn/model.h"
#include "nn/optim.h"
#include "nn/recording.h"

struct conf {
	const char *net, *loss, *agent, *optimizer, *schedule, *precision, *device, *valid, *output, *init, *init_parts, *position;
	const char *checkpoint_every, *augment, *evaluate;
	double lr, clip, ema, swa_start, swa_lr;
	int classes, batch, threads, deep_mode, ignore_label;
	int64_t iters, swa_every, valid_every, early_stop, seed;
	struct numbers window, class_weights, deep_weights;
	bool dry_run, restart, skipped, fast, norm_apart;
};
struct trainer;
extern const struct opt train_opts[];
void settings_check(const struct conf *c, const struct trainer *t); /* dies where they do not go together */

/* --- step.c --- */
struct state { /* what a checkpoint holds besides parameters, optimizers and schedule */
	int64_t iter, cycle, best_iter;
	double best;
	int64_t cycle_iters;         /* of the unfinished cycle, and what it has summed up: see trainer_collect */
	double cycle_loss, cycle_dice[MAX_CLASSES];
	struct position position;
};

enum { PM_SETS = 2 * PM_NETS };

struct trainer {
	const struct conf *conf;
	const struct agent *agent;
	const struct backend *be;
	enum ftype type;
	struct chain chain;          /* --augment */
	struct augmenter *augmenter;
	bool fold, resumed;          /* a 2-D network: slices go into the batch; the run goes on */
	struct run run;              /* what is lent to the agent */
	int trained, sets;           /* of parameters: networks and critics; those, teachers and averages */
	int first, members;          /* those that are validated */
	bool ahead;                  /* steps go on while what they were, kept, is validated */
	struct params kept[PM_NETS];
	struct params ps[PM_SETS];
	struct average average[PM_SETS]; /* what each that is not trained follows */
	struct optim optim[PM_NETS];
	struct given given;          /* models of files */
	int networks;                /* that see the images: all that the agent is lent but critics */
	float *told;                 /* what the agent tells the device in this step */
	int64_t room_told, remembers, channels;
	real *memory;                /* [remembers]: what the agent carries from step to step, on the backend */
	struct schedule schedule;
	struct state state;
	struct graph g;
	struct recording recording;  /* of g's steps */
	size_t bytes;                /* of g's arena */
	int64_t shape[8];            /* of the last step: n, labeled, clean, d, h, w, weighted, images for the averages */
	double *tally;               /* on the backend: the cycle's loss and Dice; NULL: state has them */
	int64_t pending;             /* iterations whose loss and Dice state has not seen yet */
};

char *in_folder(const struct conf *c, const char *name);     /* checkpoint.c */

struct labels trainer_labels(const struct trainer *t);
struct feed_conf trainer_feed(const struct trainer *t);
void trainer_declare(struct trainer *t, int64_t channels); /* runs dry: parameters are known, nothing is allocated */
size_t trainer_measure(struct trainer *t, const struct batch *b); /* memory of a step's feature maps; runs dry */
size_t trainer_weights(const struct trainer *t); /* and of weights, gradients, moments, until the freeze */
void trainer_freeze(struct trainer *t, const struct batch *b); /* dies where a GPU has no room for steps of b; NULL: not known yet */
void trainer_follow(struct trainer *t); /* teachers and averages become copies of what was trained */
struct params *trainer_judged(struct trainer *t, int member); /* what is validated, and saved where it is the best */
/* Waits for no result but each few iterations, to see whether the loss is finite: dies where not. */
void trainer_step(struct trainer *t, struct batch *b);
double trainer_lr(const struct trainer *t, int64_t iter); /* in this iteration */
void trainer_collect(struct trainer *t); /* state's sums of the cycle become those of all its iterations */
double trainer_loss(const struct trainer *t); /* the mean of the cycle, as far as state knows */

/* --- loop.c --- */
struct pace { /* --checkpoint-every */
	int64_t iters;
	double seconds, last;
};
struct pace pace_parse(const char *text); /* dies on anything else */
bool trainer_finished(const struct trainer *t);
void train(struct trainer *t, struct predictor *predictor, struct pace pace);

void catch_signals(void); /* main.c */

#endif
