/*
 * agent.h: learning methods. An agent makes a scalar from a batch; it never owns the loop. One file here and one line in
 * list.h per agent.
 */
#ifndef PM_AGENT_H
#define PM_AGENT_H

#include "loss/loss.h"
#include "net/net.h"
#include "nn/average.h"

enum { PM_NETS = 8 };

/* What pymic-train lends an agent: one step of a run. */
struct run {
	struct graph *g;
	int classes;
	struct params *ps[PM_NETS];    /* of networks that are trained, then of teachers, of those of model files, of critics */
	struct arch arch[PM_NETS];     /* the network of each; critics are their agent's own */
	int given;                     /* how many are of model files */
	struct loss_sum loss;
	int deep_mode;                 /* of deep supervision, where the net gives several outputs */
	const struct numbers *deep_weights; /* n = 0: 2^-i */
	const void *conf;              /* the agent's own settings */
	int64_t iter, iters;           /* this iteration, from 0 */
	uint64_t seed;
	bool apart;                    /* batch statistics of unlabeled samples are their own */
	int64_t samples, size[3];      /* of the image (slices, where they are folded) */
	struct node *told;             /* [n]: what `tell` has said, on the device; NULL without it */
	struct node *memory, *remember; /* [n]: what the agent remembers, zeros at first; set by it: what it will in the next step */
	struct node *image;            /* all samples, labeled ones first */
	struct truth truth;            /* of the first `labeled` samples (slices, where they are folded) */
	int64_t labeled, clean;        /* the first `clean` of them are in pymic-batch's first group: all, where there is one group */
	struct node *original;         /* the images before they were spoiled, for agents with error */
	struct node *logits;           /* set by the agent: the main output, for the training Dice */
};

/* How critics are trained, whatever --optimizer and --schedule say. */
struct stepping {
	const char *optimizer;
	double lr;
};

struct agent {
	struct plugin p;
	int nets; /* how many sets of parameters it trains */
	int critics; /* sets that judge what the others predict: trained as `stepping` says, neither validated nor inferred with */
	int teachers; /* sets beside them: number i is the average of trained set i, see average.h */
	bool fixed; /* makes the same nodes in each step of a shape, whatever the values and the iteration: it can be recorded */
	bool maps; /* wants predictions of the size of the image: no network that says one class of the whole will do */
	int branches, scales; /* the fewest decoders, and outputs of each, that its network must have; 0: any */
	bool from_images; /* learns from images alone, by features of its network (net.h): no label is looked at, nothing is validated */
	struct follow (*follow)(const void *conf); /* how teachers follow */
	bool (*alone)(const void *conf); /* NULL, or: do these settings do without the teachers? */
	struct stepping (*stepping)(const void *conf);
	const struct texts *(*models)(const void *conf); /* files of models that it is given, as they are; NULL: none */
	/* Numbers that differ from step to step and are not the batch's: weights, random draws. Says how many; out may be NULL. */
	int64_t (*tell)(const struct run *r, float *out);
	/* How many numbers it carries from step to step, on the device and into checkpoints; NULL: none. */
	int64_t (*remembers)(const void *conf);
	/* Why it cannot learn from a batch of so many samples, labeled and clean ones; NULL: it can. Itself NULL: it always can. */
	const char *(*refuses)(const struct run *r);
	struct node *(*loss)(struct run *r);
	/*
	 * Not NULL: it learns from originals [n,c,d,h,w] and not from labels, with as many classes as channels, and this is the mean
	 * error of n logits, for validation.
	 */
	double (*error)(const void *conf, const float *logits, const float *original, int64_t n);
};

static inline int agent_teachers(const struct agent *a, const void *conf) { return a->alone && a->alone(conf) ? 0 : a->teachers; }

extern const struct agent *const agents[]; /* ends with NULL */
extern const struct kind agent_kind;

#endif
