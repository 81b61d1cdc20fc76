/* graph.c: the tape's memory and its walk back. */
#include "nn/arena.h"
#include "nn/recording.h"
#include "nn/tape.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 128, CHUNK = 256, KEY = 2 * sizeof(uint32_t) };

struct opened {
	struct conv_shape shape;
	struct conv *conv;
};

struct axis {
	int64_t in, out;
	enum resample how;
	struct axis_map map[2];
	size_t bytes[2]; /* of each one's weights and indices, together in the backend's memory */
};

struct constant {
	size_t bytes;
	void *host, *held; /* the same there and on the backend */
};

struct graph_mem {
	char *base;
	size_t size;
	struct arena *arena;     /* what lies where behind base */
	uint32_t *key;           /* of the dropout masks, on the backend */

	struct node **node;      /* of this step, in the order of making; the structs are reused */
	int nodes, nodes_cap;
	int *uses, n_uses;       /* how often each node of a former run was read */

	char **chunk;            /* host memory of args and buffers: fixed-size chunks, reused */
	size_t *chunk_bytes;
	int chunks, chunk_now;
	size_t chunk_used;

	struct input *input;     /* of this step, in the order of making */
	int inputs;
	bool given;              /* some buffer of this step has been given back */

	struct opened *conv;
	int convs;
	struct axis **axis;
	int axes;
	struct constant *constant;
	int constants;

	struct backend dry; /* of a measurement */
};

void graph_init(struct graph *g, const struct backend *be, size_t bytes)
{
	struct graph_mem *m = xcalloc(1, sizeof *m);

	g->be = be;
	g->mem = m;
	g->recording = g->here = g->aside = g->frozen = false;
	g->drop = 0;
	g->first = 0;
	g->halves = false;
	m->size = be->runs ? bytes : 0;
	m->base = m->size ? be->alloc(bytes) : NULL;
	m->arena = arena_open(m->size);
	m->key = be->alloc(KEY);
	graph_reset(g);
}

void graph_measure(struct graph *g, const struct backend *be)
{
	graph_init(g, &backend_null, 0);
	g->mem->dry = backend_null;
	g->mem->dry.own = be->own;
	g->mem->dry.acts = be->acts;
	g->mem->dry.channels_last = be->channels_last;
	g->be = &g->mem->dry;
}

void graph_fini(struct graph *g)
{
	struct graph_mem *m = g->mem;

	if (!m)
		return;
	for (int i = 0; i < m->nodes_cap; i++)
		free(m->node[i]);
	for (int i = 0; i < m->chunks; i++)
		free(m->chunk[i]);
	for (int i = 0; i < m->convs; i++)
		g->be->conv_close(m->conv[i].conv);
	for (int i = 0; i < m->axes; i++) {
		for (int k = 0; k < 2; k++)
			g->be->free((void *)m->axis[i]->map[k].weight, m->axis[i]->bytes[k]);
		free(m->axis[i]);
	}
	for (int i = 0; i < m->constants; i++) {
		g->be->free(m->constant[i].held, m->constant[i].bytes);
		free(m->constant[i].host);
	}
	free(m->constant);
	if (m->base)
		g->be->free(m->base, m->size);
	g->be->free(m->key, KEY);
	free(m->node);
	free(m->chunk);
	free(m->chunk_bytes);
	free(m->conv);
	free(m->axis);
	arena_close(m->arena);
	free(m->uses);
	free(m->input);
	free(m);
	g->mem = NULL;
}

static void put_key(struct graph *g)
{
	const uint32_t key[] = { (uint32_t)(g->seed ^ g->seed >> 32), (uint32_t)(g->step ^ g->step >> 32) };

	g->be->put(g->mem->key, key, sizeof key);
}

void graph_reset(struct graph *g)
{
	struct graph_mem *m = g->mem;

	m->nodes = 0;
	m->chunk_now = 0;
	m->chunk_used = 0;
	m->inputs = 0;
	m->given = false;
	arena_reset(m->arena);
	if (!g->recording)
		put_key(g);
}

const uint32_t *graph_key(const struct graph *g) { return g->mem->key; }

void tape_input(struct graph *g, const struct input *in, const void *host)
{
	struct graph_mem *m = g->mem;

	m->input = xresize(m->input, (size_t)m->inputs + 1, sizeof *m->input);
	m->input[m->inputs++] = *in;
	if (!g->recording)
		input_put(g, in, host);
	else if (m->given) /* another buffer lay there, and would overwrite what is put before the replay */
		die(PM_FAIL, "bug: the inputs of a recorded step are made before all else");
}

void graph_feed(struct graph *g, const void *const *host)
{
	const struct graph_mem *m = g->mem;

	put_key(g);
	for (int i = 0; i < m->inputs; i++)
		input_put(g, &m->input[i], *host++);
}

size_t graph_peak(const struct graph *g) { return arena_end(g->mem->arena); }
size_t graph_plan(struct graph *dry) { return arena_plan(dry->mem->arena); }
void graph_follow(struct graph *g, const struct graph *dry) { arena_follow(g->mem->arena, dry->mem->arena); }

void graph_lifetimes(struct graph *g, const struct graph *dry)
{
	struct graph_mem *m = g->mem;
	const struct graph_mem *from = dry->mem;
	int *uses = xcalloc((size_t)from->nodes + 1, sizeof *uses);

	for (int i = 0; i < from->nodes; i++)
		uses[i] = from->node[i]->uses;
	free(m->uses);
	m->uses = uses;
	m->n_uses = from->nodes;
	arena_lowest(m->arena);
}

void *tape_alloc(struct graph *g, size_t bytes)
{
	struct graph_mem *m = g->mem;

	bytes = (bytes + 15) & ~(size_t)15;
	while (m->chunk_now < m->chunks && m->chunk_used + bytes > m->chunk_bytes[m->chunk_now]) {
		m->chunk_now++;
		m->chunk_used = 0;
	}
	if (m->chunk_now == m->chunks) {
		m->chunk = xresize(m->chunk, (size_t)m->chunks + 1, sizeof *m->chunk);
		m->chunk_bytes = xresize(m->chunk_bytes, (size_t)m->chunks + 1, sizeof *m->chunk_bytes);
		m->chunk_bytes[m->chunks] = bytes > 65536 ? bytes : 65536;
		m->chunk[m->chunks] = xmalloc(m->chunk_bytes[m->chunks]);
		m->chunks++;
	}
	void *p = m->chunk[m->chunk_now] + m->chunk_used;
	m->chunk_used += bytes;
	return memset(p, 0, bytes);
}

struct buffer *buffer_new(struct graph *g, size_t bytes)
{
	struct buffer *b = tape_alloc(g, sizeof *b);

	b->bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	b->offset = arena_take(g->mem->arena, b->bytes, &b->number);
	b->refs = 1;
	return b;
}

void buffer_unref(struct graph *g, struct buffer *b)
{
	if (!b || --b->refs)
		return;
	g->mem->given = true;
	arena_give(g->mem->arena, b->offset, b->bytes, b->number);
}

/* On the null backend a pointer that nobody may follow, but that is not NULL. */
void *buffer_at(struct graph *g, const struct buffer *b)
{
	return g->mem->base ? (void *)(g->mem->base + b->offset) : (void *)(uintptr_t)(ALIGN + b->offset);
}

struct fmap fmap_make(const struct graph *g, enum ftype type, int lanes, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	struct fmap f = { .type = type, .lanes = lanes, .n = n, .c = c, .d = d, .h = h, .w = w };

	fmap_pack(&f, g->be->channels_last);
	return f;
}

void node_input(struct graph *g, struct node *y, int slot, struct node *x)
{
	if (x->v.act)
		die(PM_FAIL, "bug: only a convolution reads what a normalisation has deferred");
	node_input_act(g, y, slot, x);
}

void node_input_act(struct graph *g, struct node *y, int slot, struct node *x)
{
	y->in[slot] = x;
	y->need |= x->need && g->grad;
	x->brief &= !g->grad;
	x->uses++;
}

struct node *node_new(struct graph *g, struct node *a, struct node *b)
{
	struct graph_mem *m = g->mem;

	if (m->nodes == m->nodes_cap) {
		m->node = xresize(m->node, (size_t)m->nodes_cap + CHUNK, sizeof *m->node);
		for (int i = 0; i < CHUNK; i++)
			m->node[m->nodes_cap + i] = xcalloc(1, sizeof **m->node);
		m->nodes_cap += CHUNK;
	}
	struct node *y = m->node[m->nodes++];
	memset(y, 0, sizeof *y);
	y->brief = !g->grad;
	if (a)
		node_input(g, y, 0, a);
	if (b)
		node_input(g, y, 1, b);
	return y;
}

void node_value(struct graph *g, struct node *y, enum ftype type, int lanes, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
	y->v = fmap_make(g, type, lanes, n, c, d, h, w);
	y->vbuf = buffer_new(g, fmap_bytes(&y->v));
	y->v.data = buffer_at(g, y->vbuf);
}

int tape_length(const struct graph *g) { return g->mem->nodes; }

/* Which node is this? Nodes are few and the newest are asked for, so a search from the end is cheap. */
static int node_index(const struct graph_mem *m, const struct node *x)
{
	int i = m->nodes - 1;

	while (m->node[i] != x)
		i--;
	return i;
}

struct node *node_done(struct graph *g, struct node *y)
{
	struct graph_mem *m = g->mem;

	if (g->grad || !m->uses)
		return y;
	for (size_t k = 0; k < PM_COUNT(y->in); k++) {
		struct node *x = y->in[k];
		int i = x && x->vbuf ? node_index(m, x) : -1;
		if (i >= 0 && i < m->n_uses && x->uses == m->uses[i] && x->brief && !x->keep) {
			buffer_unref(g, x->vbuf);
			x->vbuf = NULL;
		}
	}
	return y;
}

struct fmap *grad_of(struct graph *g, struct node *x, bool *add)
{
	*add = x->g.data != NULL;
	if (!*add) {
		x->g = x->v;
		x->g.act = NULL;
		fmap_pack(&x->g, g->be->channels_last);
		x->g.type = x->v.lanes == 1 ? F_REAL : g->type;
		x->gbuf = buffer_new(g, fmap_bytes(&x->g));
		x->g.data = buffer_at(g, x->gbuf);
	}
	return &x->g;
}

struct fmap *grad_zeroed(struct graph *g, struct node *x)
{
	bool add;
	struct fmap *f = grad_of(g, x, &add);

	if (!add)
		g->be->zero(f->data, fmap_bytes(f));
	return f;
}

struct grad grad_begin(struct graph *g, struct node *x)
{
	bool add;
	struct grad t = { .map = *grad_of(g, x, &add) };

	if (add) {
		fmap_pack(&t.map, g->be->channels_last);
		t.temp = buffer_new(g, fmap_bytes(&t.map));
		t.map.data = buffer_at(g, t.temp);
	}
	return t;
}

void grad_end(struct graph *g, struct node *x, struct grad *t)
{
	if (!t->temp)
		return;
	g->be->relayout(&x->g, &t->map, true);
	buffer_unref(g, t->temp);
}

/* From the last node back to the one with that number; they are done with then. */
static void walk_back(struct graph *g, struct node *scalar, int to)
{
	struct graph_mem *m = g->mem;
	struct fmap *f = grad_zeroed(g, scalar);

	if (fmap_count(&scalar->v) != 1 || !g->grad)
		die(PM_FAIL, "bug: backward wants a scalar on a graph with gradients");
	g->be->unary(U_OFFSET, 1, f->data, f->data, 1, false);
	for (int i = m->nodes - 1; i >= to; i--) {
		struct node *y = m->node[i];
		if ((y->g.data || y->reached) && y->need && y->back)
			y->back(g, y);
		y->back = NULL;
		if (y->keep)
			continue;
		buffer_unref(g, y->gbuf);
		buffer_unref(g, y->vbuf);
		y->gbuf = y->vbuf = NULL;
	}
}

void graph_backward(struct graph *g, struct node *scalar) { walk_back(g, scalar, 0); }

struct node *graph_slope(struct graph *g, struct node *scalar, struct node *x)
{
	walk_back(g, scalar, node_index(g->mem, x) + 1);
	struct node *y = node_new(g, NULL, NULL);
	y->v = x->g;
	y->vbuf = x->gbuf;
	x->gbuf = NULL;
	return y;
}

double graph_scalar(struct graph *g, const struct node *x)
{
	real v = 0;

	g->be->get(&v, x->v.data, sizeof v);
	return (double)v;
}

struct conv *tape_conv(struct graph *g, const struct conv_shape *s)
{
	struct graph_mem *m = g->mem;

	for (int i = 0; i < m->convs; i++)
		if (!memcmp(&m->conv[i].shape, s, sizeof *s))
			return m->conv[i].conv;
	m->conv = xresize(m->conv, (size_t)m->convs + 1, sizeof *m->conv);
	memcpy(&m->conv[m->convs].shape, s, sizeof *s); /* with its padding, which an assignment may leave out */
	m->conv[m->convs].conv = g->be->conv_open(s);
	return m->conv[m->convs++].conv;
}

void *tape_constant(struct graph *g, const void *host, size_t bytes)
{
	struct graph_mem *m = g->mem;

	for (int i = 0; i < m->constants; i++)
		if (m->constant[i].bytes == bytes && !memcmp(m->constant[i].host, host, bytes))
			return m->constant[i].held;
	m->constant = xresize(m->constant, (size_t)m->constants + 1, sizeof *m->constant);
	struct constant *c = &m->constant[m->constants++];
	*c = (struct constant){ bytes, memcpy(xmalloc(bytes), host, bytes), g->be->alloc(bytes) };
	g->be->put(c->held, host, bytes);
	return c->held;
}

/* Weights of output i: hat functions between grid points, or the mean over a cell (io-transforms and losses of the field). */
static void axis_row(double *row, int64_t i, int64_t in, int64_t out, enum resample how)
{
	double x;
	int64_t lo, hi;

	switch (how) {
	case RESAMPLE_NEAREST:
		row[i * in / out] = 1;
		return;
	case RESAMPLE_AVERAGE:
		lo = i * in / out;
		hi = ((i + 1) * in + out - 1) / out;
		for (int64_t k = lo; k < hi; k++)
			row[k] = 1 / (double)(hi - lo);
		return;
	case RESAMPLE_ALIGNED:
		x = out > 1 ? (double)i * (double)(in - 1) / (double)(out - 1) : 0;
		break;
	default:
		x = ((double)i + 0.5) * (double)in / (double)out - 0.5;
		x = x < 0 ? 0 : x;
	}
	lo = (int64_t)x < in - 1 ? (int64_t)x : in - 1;
	hi = lo < in - 1 ? lo + 1 : lo;
	row[lo] += 1 - (x - (double)lo);
	row[hi] += x - (double)lo;
}

/* The rows of a dense matrix [out, in] as runs from the first to the last weight that is not zero. */
static void axis_compress(const struct backend *be, struct axis *a, bool transposed, const double *dense)
{
	int64_t in = a->in, out = a->out, rows = transposed ? in : out, cols = transposed ? out : in, total = 0;
	size_t index_bytes = (size_t)rows * 3 * sizeof(int32_t);
	int32_t *index = xmalloc(index_bytes);
	real *weight = NULL;

	for (int64_t r = 0; r < rows; r++) {
		int64_t lo = cols, hi = 0;
		for (int64_t c = 0; c < cols; c++)
			if (dense[transposed ? c * in + r : r * in + c] != 0) {
				lo = c < lo ? c : lo;
				hi = c + 1;
			}
		if (lo > hi)
			lo = hi;
		index[r] = (int32_t)lo;
		index[rows + r] = (int32_t)(hi - lo);
		index[2 * rows + r] = (int32_t)total;
		weight = xresize(weight, (size_t)(total + hi - lo) + 1, sizeof *weight);
		for (int64_t c = lo; c < hi; c++)
			weight[total++] = (real)dense[transposed ? c * in + r : r * in + c];
	}
	size_t bytes = (size_t)total * sizeof(real);
	char *held = be->alloc(a->bytes[transposed] = bytes + index_bytes);
	const int32_t *at = (const int32_t *)(held + bytes);
	be->put(held, weight, bytes);
	be->put(held + bytes, index, index_bytes);
	a->map[transposed] = (struct axis_map){ cols, rows, at, at + rows, at + 2 * rows, (const real *)held };
	free(index);
	free(weight);
}

const struct axis_map *tape_axis(struct graph *g, int64_t in, int64_t out, enum resample how)
{
	struct graph_mem *m = g->mem;

	for (int i = 0; i < m->axes; i++)
		if (m->axis[i]->in == in && m->axis[i]->out == out && m->axis[i]->how == how)
			return m->axis[i]->map;
	double *dense = xcalloc((size_t)(in * out), sizeof *dense);
	struct axis *a = xcalloc(1, sizeof *a);
	a->in = in;
	a->out = out;
	a->how = how;
	for (int64_t i = 0; i < out; i++)
		axis_row(dense + i * in, i, in, out, how);
	axis_compress(g->be, a, false, dense);
	axis_compress(g->be, a, true, dense);
	free(dense);
	m->axis = xresize(m->axis, (size_t)m->axes + 1, sizeof *m->axis);
	m->axis[m->axes++] = a;
	return a->map;
}
