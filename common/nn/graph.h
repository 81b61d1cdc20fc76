/*
 * graph.h: the tape. An op runs at once on the backend and remembers how to run backwards; graph_backward walks the nodes
 * in the reverse order of their making. Memory comes from one arena whose size a run on backend_null has measured.
 */
#ifndef PM_GRAPH_H
#define PM_GRAPH_H

#include "base/base.h"
#include "nn/backend.h"

struct graph;
struct param;

struct node {
	struct fmap v;      /* the value */
	struct fmap g;      /* its gradient; g.data is NULL until backward reaches it */
	struct node *in[9];
	void (*back)(struct graph *, struct node *);
	void *arg;          /* the op's own, in the graph's node memory */
	struct param *param;
	struct params *ps;  /* whose param it is */
	struct buffer *vbuf, *gbuf; /* what holds v and g; shared by the halves of a concatenation and by parts */
	struct buffer *moments; /* mean and variance of each channel, from a convolution for a normalisation */
	bool reached;       /* a gradient waits for it in a node that is not g */
	bool need;          /* some trainable parameter is upstream */
	bool keep;          /* read by the caller after the step: never freed early */
	bool brief;         /* made and read where no gradient goes: freed after the last use */
	int uses;           /* ops that read it */
};

struct graph {
	const struct backend *be;
	enum ftype type;     /* of feature maps: F_REAL or F_BF16 */
	bool training;       /* batch statistics and dropout */
	bool frozen;         /* running statistics even so */
	bool grad;           /* a backward pass will follow; false for a part of the tape: no gradient goes through what is made there */
	uint64_t seed, step; /* of the dropout masks */
	bool recording, here; /* see recording.h; inputs already lie in the backend's memory, which has augmented them */
	bool aside;          /* a look at what parameters give: they need no gradient, running statistics stay, nothing drops out */
	int64_t first, both; /* so many samples, of batches of at least `both`, have batch statistics apart from those behind them; 0: none */
	double drop;         /* encoders hand on twice the samples: behind them the same without this share of their channels */
	bool halves;         /* encoders hand on half of the channels of the first half of the samples, the others of the second half */
	struct graph_mem *mem;
};

/* be: where to run, in an arena of so many bytes. measure: to find out how many; runs on backend_null, laid out as on be. */
void graph_init(struct graph *g, const struct backend *be, size_t bytes);
void graph_measure(struct graph *g, const struct backend *be);
void graph_fini(struct graph *g);
void graph_reset(struct graph *g); /* forgets all nodes: once per step, after its seed and number are set */
size_t graph_peak(const struct graph *g); /* the highest byte of the arena in use so far */
/* After a measured step: places its buffers, returns the bytes they take; who follows, from its next reset on, does the same. */
size_t graph_plan(struct graph *dry);
void graph_follow(struct graph *g, const struct graph *dry);

/*
 * Later runs of g (which may be dry) free a value that no gradient needs where dry saw it used for the last time; the peak
 * starts anew. g may be dry.
 */
void graph_lifetimes(struct graph *g, const struct graph *dry);

void graph_backward(struct graph *g, struct node *scalar); /* adds d(scalar)/dx to the gradient of every parameter upstream */
/* Between the two: d(scalar)/dx as a constant, x a node that op_leaf has made. What was made since has passed: it may not be read again. */
struct node *graph_slope(struct graph *g, struct node *scalar, struct node *x);
double graph_scalar(struct graph *g, const struct node *x);
/* --- inputs: copied from host memory. 2-D nets on volumes: fold puts the slices into the batch, [n*d,c,1,h,w]. --- */
struct node *op_image(struct graph *g, const float *host, int64_t n, int64_t c, const int64_t size[3], bool fold);
struct node *op_label(struct graph *g, const uint8_t *host, int64_t n, const int64_t size[3], bool fold);
struct node *op_weight(struct graph *g, const float *host, int64_t n, const int64_t size[3], bool fold);
struct node *op_told(struct graph *g, const float *host, int64_t n); /* [n], from the host even where the others are there already */

/* --- layers on feature maps --- */
/* Weights [cout,cin,k..] and bias [cout]; zero padding keeps the size; dims = rank of w - 2. */
struct node *op_conv(struct graph *g, struct node *x, struct node *w, struct node *b, int dilation, enum conv_to to);
/* Transposed convolution, kernel 2 stride 2: weights [cin,cout,2..]. */
struct node *op_conv_up(struct graph *g, struct node *x, struct node *w, struct node *b, struct node *beside);

struct norm {
	struct node *gamma, *beta, *mean, *var; /* the last two are running statistics: momentum 0.1, unbiased variance */
	double slope, drop;                     /* leaky ReLU, dropout */
	int pool;                               /* 0, or the dims (2, 3) over which a second, pooled result is made */
	bool instance, defer;                   /* statistics are always each sample's, none run; convolutions alone read the result: it is not stored */
	int64_t room;                           /* channels that op_up or op_conv_up will put beside the result, for op_cat */
};
struct node *op_norm_act(struct graph *g, struct node *z, const struct norm *p, struct node **pooled);

enum up { UP_CONV, UP_NEAREST, UP_LINEAR };
/* Twice the size by nearest or align-corners linear interpolation. beside: into the room that this node kept, or NULL. */
struct node *op_up(struct graph *g, struct node *x, int dims, enum up mode, struct node *beside);
/* [a, b] on channels. Copies nothing when b lies in the room of a. */
struct node *op_cat(struct graph *g, struct node *a, struct node *b);
struct node *op_plain(struct graph *g, struct node *x); /* to plain f32, as losses want it */
struct node *op_maps(struct graph *g, struct node *x);  /* and back */

#include "nn/ops.h" /* on plain maps */

#endif
