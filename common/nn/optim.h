/* optim.h: optimizers and learning-rate schedules. State is flat, like the parameters, and goes into the checkpoint. */
#ifndef PM_OPTIM_H
#define PM_OPTIM_H

#include "base/opt.h"
#include "nn/params.h"

struct optim {
	const struct plugin *kind;
	void *conf;
	const struct backend *be;
	int64_t n, step;
	real *state[2]; /* momentum or first and second moments; NULL where the optimizer has none */
	union optim_rule *rule; /* on the backend: what the step is told, and the norm that was clipped */
	double *norm;
};

extern const struct kind optimizer_kind; /* sgd, adam, adamw */
void optim_init(struct optim *o, const struct plugin *kind, void *conf, const struct params *ps);
/*
 * A step: put tells the backend what changes from one to the next; run, the same work each time, clips the gradient to
 * max_norm (0: no) and moves the parameters. norm waits for it: that before clipping.
 */
void optim_put(struct optim *o, double lr);
void optim_run(struct optim *o, struct params *ps, double max_norm);
double optim_norm(const struct optim *o);
double optim_step(struct optim *o, struct params *ps, double lr, double max_norm); /* all three; 0 where max_norm is */
void optim_fini(struct optim *o);
int optim_states(const struct plugin *kind); /* how many values it keeps per parameter */

/* The learning rate as a function of finished iterations, or of the validation metric (plateau). */
struct schedule {
	const struct plugin *kind;
	void *conf;
	double lr0, lr;               /* plateau: lr is what lr0 has become */
	int64_t iters, every;         /* all iterations; iterations per validation cycle */
	double best;                  /* its best metric, and bad cycles since */
	int64_t bad;
};

extern const struct kind schedule_kind; /* constant, plateau, multistep, step, cosine, poly */
void schedule_init(struct schedule *s, const struct plugin *kind, void *conf, double lr0, int64_t iters, int64_t every);
double schedule_rate(const struct schedule *s, int64_t iter); /* of the step after that many */
/* After a validation with this metric, which plateau wants large. */
void schedule_judge(struct schedule *s, double metric);

#endif
