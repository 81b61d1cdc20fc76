/* net.h: networks that segment images or classify them. One file here and one line in list.h per network. */
#ifndef PM_NET_H
#define PM_NET_H

#include "base/opt.h"
#include "nn/params.h"

enum { PM_OUTPUTS = 16 };

struct net {
	struct plugin p;
	/*
	 * x: feature map or image [n,c,d,h,w] (2-D: d = 1). Fills out[] with plain logits [n,classes,...], out[0] at full
	 * size, and returns how many: those of one branch after another, each from full size down. Inference asks for out[0] only
	 * (g->grad is false: others are left out).
	 */
	int (*forward)(struct graph *g, const void *conf, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS]);
	int (*dims)(const void *conf);                        /* 2 or 3 */
	void (*multiple)(const void *conf, int64_t size[3]);  /* sizes must be a multiple of these */
	int (*branches)(const void *conf);                    /* decoders, with as many outputs each; NULL: one */
	/* The encoder's maps alone, full size first, and how many; its tensors are named encoder. NULL: it has none. */
	int (*features)(struct graph *g, const void *conf, struct params *ps, struct node *x, struct node *level[PM_OUTPUTS]);
	bool whole; /* says one class of the whole image: out[0] is [n,classes,1,1,1], and so is the truth */
};

extern const struct net *const nets[]; /* ends with NULL */
extern const struct kind net_kind;

/* A network with its settings. */
struct arch {
	const struct net *net;
	const void *conf;
};

/* "unet+unet:up=conv": several that see the same images, all 2-D or all 3-D. Returns how many, or -1 with e. */
int archs_parse(const char *text, struct arch *out, int max, struct err *e);
void archs_multiple(const struct arch *a, int n, int64_t size[3]); /* sizes that all take; 2-D: [0] is 1 */
static inline int arch_dims(const struct arch *a) { return a->net->dims(a->conf); }
static inline bool arch_whole(const struct arch *a) { return a->net->whole; }
static inline int arch_branches(const struct arch *a) { return a->net->branches ? a->net->branches(a->conf) : 1; }

/* blocks.c: what networks share. Names as in PyMIC: prefix.0 conv, .1 norm, .4 conv, .5 norm. */
struct block {
	int dims;
	int64_t cout;
	double drop;
	int pool;     /* as in struct norm */
	int64_t room; /* likewise */
	bool defer;   /* likewise */
	int dilation; /* 0: 1 */
	enum init init; /* of the weights; biases are PyTorch's */
	bool instance;  /* as in struct norm */
};
struct filter {
	int dims, kernel, dilation; /* 0: 1 */
	enum init init;
};
struct node *conv_by(struct graph *g, struct params *ps, struct node *x, const char *name, const struct filter *f, int64_t cout, enum conv_to to);
struct node *conv(struct graph *g, struct params *ps, struct node *x, const char *name, int dims, int64_t cout, int kernel, enum conv_to to);
struct node *conv_up(struct graph *g, struct params *ps, struct node *x, const char *name, int dims, int64_t cout, struct node *beside);
/* Batch or instance norm "prefix.index" and what p says of activation, dropout and pooling. */
struct node *norm_by(struct graph *g, struct params *ps, struct node *z, const char *prefix, int index, struct norm *p, struct node **pooled);
struct node *conv_block(struct graph *g, struct params *ps, struct node *x, const char *prefix, const struct block *b, struct node **pooled);

#endif
