/* tape.h: what the files that make ops share; nobody above nn/ includes it. */
#ifndef PM_TAPE_H
#define PM_TAPE_H

#include "nn/graph.h"
#include "nn/params.h"

/* A piece of the arena, freed when the last node that looks into it lets go. */
struct buffer {
	size_t offset, bytes;
	int number, refs;
};

struct buffer *buffer_new(struct graph *g, size_t bytes);
void *buffer_at(struct graph *g, const struct buffer *b);
void buffer_unref(struct graph *g, struct buffer *b);

/* Zeroed host memory that lives until graph_reset. */
void *tape_alloc(struct graph *g, size_t bytes);

/* A place for samples [n,c,slices,plane] of the host, f32 or u8: as images [n,slices,c,plane]. */
struct input {
	void *to;
	enum ftype type; /* F_REAL or F_U8 */
	int64_t n, c, slices, plane;
	bool told; /* from the host even where the others are there already */
};
/* Puts it there, and again before each replay of this step. */
void tape_input(struct graph *g, const struct input *in, const void *host);
void input_put(const struct graph *g, const struct input *in, const void *host);

/* A copy in the backend's memory, kept from step to step. */
void *tape_constant(struct graph *g, const void *host, size_t bytes);

/* Of the dropout masks, in the backend's memory. */
const uint32_t *graph_key(const struct graph *g);

/* x is a deferred normalisation that one op reads: what it is told, with room for sums; else NULL. */
struct norm_act *norm_behind(struct graph *g, struct node *x);

/* How many nodes there are: a number that tells this op of the step from all others. */
int tape_length(const struct graph *g);

/* A new node that reads a and b (may be NULL); it has no value yet. */
struct node *node_new(struct graph *g, struct node *a, struct node *b);
void node_input(struct graph *g, struct node *y, int slot, struct node *x);
/* The same for an op that applies x->v.act, where there is one, as it reads. */
void node_input_act(struct graph *g, struct node *y, int slot, struct node *x);
/* Gives it a dense value of that form in a buffer of its own. */
void node_value(struct graph *g, struct node *y, enum ftype type, int lanes, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w);
/* The op has read its inputs: frees the values whose last use this was. */
struct node *node_done(struct graph *g, struct node *y);

/*
 * The gradient of x, to be written (*add false: it is the first) or added to. Where a kernel cannot add, grad_begin gives
 * a map to write into and grad_end adds it where there was something before.
 */
struct fmap *grad_of(struct graph *g, struct node *x, bool *add);
struct fmap *grad_zeroed(struct graph *g, struct node *x);
struct grad {
	struct fmap map;
	struct buffer *temp;
};
struct grad grad_begin(struct graph *g, struct node *x);
void grad_end(struct graph *g, struct node *x, struct grad *t);

/* A map of that form as the backend lays it out, dense, without data. */
struct fmap fmap_make(const struct graph *g, enum ftype type, int lanes, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w);
static inline size_t fmap_bytes(const struct fmap *f) { return (size_t)(f->n * fmap_image(f)) * ftype_size(f->type); }
static inline int64_t fmap_count(const struct fmap *f) { return f->n * f->c * fmap_space(f); }

/* Opened convolutions and axis maps are kept from step to step. */
struct conv *tape_conv(struct graph *g, const struct conv_shape *s);
/* The map and, in [1], its transpose. */
const struct axis_map *tape_axis(struct graph *g, int64_t in, int64_t out, enum resample how);

#endif
