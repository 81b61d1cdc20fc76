/*
 * conv_dnnl.c: convolution by oneDNN on the layout nChw16c, f32 or bf16 with f32 accumulation. All that knows oneDNN's
 * interface (2.x and 3.x) is in this file. In the double build it stands aside.
 */
#include "base/base.h"
#include "cpu/conv.h"
#include "cpu/kernels.h"

#include <stdlib.h>
#include <string.h>

#ifdef PM_REAL_DOUBLE

struct conv *conv_dnnl_open(const struct conv_shape *s) { return conv_plain_open(s); }
void conv_dnnl_close(struct conv *c) { conv_plain_close(c); }

void conv_dnnl_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments)
{
	conv_plain_fwd(c, x, w, b, pack, version, y, moments);
}

void conv_dnnl_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	conv_plain_bwd_data(c, dy, w, pack, version, dx);
}

void conv_dnnl_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	conv_plain_bwd_weights(c, x, dy, dw, db);
}

#else

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t shape;
#else
typedef const dnnl_memory_desc_t *shape;
#endif

enum pass { FORWARD, DATA, WEIGHTS, PASSES };

/* One primitive, made when it is first run. Its weights are in the order it likes best; a reorder brings them there. */
struct primitive {
	dnnl_primitive_t run, reorder;
	dnnl_memory_t x, y, w, user_w, b;
};

struct conv_dnnl {
	shape x, y, dy, w, any, dw, b; /* any, dw: oneDNN chooses the order */
	dnnl_dims_t strides, dilates, pads;
	struct primitive pass[PASSES];
	float *dweights; /* [oc][ic][kk], before it goes back to the parameters */
	float *packed_dw;
	float *dbias;
};

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static bool try(dnnl_status_t s) { return s == dnnl_success; }

static void must(dnnl_status_t s, const char *what)
{
	if (s != dnnl_success)
		die(PM_FAIL, "oneDNN: %s failed (status %d)", what, (int)s);
}

static dnnl_memory_t memory(shape md, void *data)
{
	dnnl_memory_t m;

	must(dnnl_memory_create(&m, md, engine, data), "memory");
	return m;
}

static shape shape_new(int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
	dnnl_memory_desc_t md;
	must(dnnl_memory_desc_create_with_tag(&md, rank, dims, type, tag), "shape");
#else
	dnnl_memory_desc_t *md = xcalloc(1, sizeof *md);
	must(dnnl_memory_desc_init_by_tag(md, rank, dims, type, tag), "shape");
#endif
	return md;
}

static void shape_free(shape md)
{
#if DNNL_VERSION_MAJOR >= 3
	dnnl_memory_desc_destroy((dnnl_memory_desc_t)md);
#else
	free((void *)md);
#endif
}

static void describe(struct conv *c, struct conv_dnnl *d)
{
	const struct conv_shape *s = &c->s;
	int rank = s->dims + 2;
	dnnl_format_tag_t blocked = s->dims == 3 ? dnnl_nCdhw16c : dnnl_nChw16c;
	dnnl_format_tag_t plain = s->dims == 3 ? dnnl_ncdhw : dnnl_nchw, filter = s->dims == 3 ? dnnl_oidhw : dnnl_oihw;
	dnnl_data_type_t type = s->type == F_BF16 ? dnnl_bf16 : dnnl_f32;
	dnnl_dims_t x = { s->n, c->ic }, y = { s->n, c->oc }, w = { c->oc, c->ic }, b = { c->oc };

	for (int i = 0; i < s->dims; i++) {
		x[2 + i] = y[2 + i] = s->size[3 - s->dims + i];
		w[2 + i] = s->kernel;
		d->strides[i] = 1;
		d->dilates[i] = s->dilation - 1;
		d->pads[i] = s->kernel / 2 * s->dilation;
	}
	d->x = shape_new(rank, x, type, s->in_lanes == 1 ? plain : blocked);
	d->y = shape_new(rank, y, s->out_type == F_BF16 ? dnnl_bf16 : dnnl_f32, blocked);
	d->dy = shape_new(rank, y, type, blocked);
	d->w = shape_new(rank, w, dnnl_f32, filter);
	d->any = shape_new(rank, w, type, dnnl_format_tag_any);
	d->dw = shape_new(rank, w, dnnl_f32, dnnl_format_tag_any);
	d->b = shape_new(1, b, dnnl_f32, dnnl_x);
}

/* What a pass is, to results of the shape y (forward). */
static dnnl_status_t describe_pass(const struct conv_dnnl *d, enum pass pass, shape y, dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *pd)
{
	const int64_t *st = d->strides, *di = d->dilates, *pa = d->pads;
	const dnnl_alg_kind_t direct = dnnl_convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
	switch (pass) {
	case FORWARD:
		return dnnl_convolution_forward_primitive_desc_create(pd, engine, dnnl_forward_training, direct, d->x, d->any, d->b, y, st, di,
			pa, pa, NULL);
	case DATA:
		return dnnl_convolution_backward_data_primitive_desc_create(pd, engine, direct, d->x, d->any, d->dy, st, di, pa, pa, hint, NULL);
	default:
		return dnnl_convolution_backward_weights_primitive_desc_create(pd, engine, direct, d->x, d->dw, d->b, d->dy, st, di, pa, pa,
			hint, NULL);
	}
#else
	dnnl_convolution_desc_t cd;
	dnnl_status_t status;
	switch (pass) {
	case FORWARD:
		status = dnnl_dilated_convolution_forward_desc_init(&cd, dnnl_forward_training, direct, d->x, d->any, d->b, y, st, di, pa, pa);
		break;
	case DATA:
		status = dnnl_dilated_convolution_backward_data_desc_init(&cd, direct, d->x, d->any, d->dy, st, di, pa, pa);
		break;
	default:
		status = dnnl_dilated_convolution_backward_weights_desc_init(&cd, direct, d->x, d->dw, d->b, d->dy, st, di, pa, pa);
	}
	return try(status) ? dnnl_primitive_desc_create(pd, &cd, NULL, engine, hint) : status;
#endif
}

/* The primitive of a pass, with its memories bound to nothing yet; false where oneDNN has none. */
static bool make(struct conv_dnnl *d, enum pass pass)
{
	struct primitive *p = &d->pass[pass];
	dnnl_primitive_desc_t pd, hint = NULL, reorder;

	if (p->run)
		return true;
	/* A backward pass wants to know the forward one, with results of the same type. */
	if (pass != FORWARD && !try(describe_pass(d, FORWARD, d->dy, NULL, &hint)))
		return false;
	bool ok = try(describe_pass(d, pass, d->y, hint, &pd));
	if (hint)
		dnnl_primitive_desc_destroy(hint);
	if (!ok || !try(dnnl_primitive_create(&p->run, pd)))
		return false;
	shape w = dnnl_primitive_desc_query_md(pd, pass == WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
	p->x = memory(d->x, DNNL_MEMORY_NONE);
	p->y = memory(pass == FORWARD ? d->y : d->dy, DNNL_MEMORY_NONE);
	p->b = memory(d->b, DNNL_MEMORY_NONE);
	p->w = memory(w, DNNL_MEMORY_NONE);
	p->user_w = memory(d->w, DNNL_MEMORY_NONE);
	must(dnnl_reorder_primitive_desc_create(&reorder, pass == WEIGHTS ? w : d->w, engine, pass == WEIGHTS ? d->w : w, engine, NULL), "reorder");
	must(dnnl_primitive_create(&p->reorder, reorder), "reorder");
	if (pass == WEIGHTS) {
		d->packed_dw = cpu_alloc(dnnl_memory_desc_get_size(w));
		d->dweights = cpu_alloc(dnnl_memory_desc_get_size(d->w));
		d->dbias = cpu_alloc(dnnl_memory_desc_get_size(d->b));
	}
	dnnl_primitive_desc_destroy(reorder);
	dnnl_primitive_desc_destroy(pd);
	return true;
}

static void execute(dnnl_primitive_t p, int n, const dnnl_exec_arg_t *arg)
{
	must(dnnl_primitive_execute(p, stream, n, arg), "convolution");
	must(dnnl_stream_wait(stream), "convolution");
}

static void bind(dnnl_memory_t m, const void *data) { must(dnnl_memory_set_data_handle(m, (void *)data), "memory"); }

static size_t bytes_of(dnnl_memory_t m)
{
	shape md;

	must(dnnl_memory_get_memory_desc(m, &md), "memory");
	return dnnl_memory_desc_get_size(md);
}

struct conv *conv_dnnl_open(const struct conv_shape *s)
{
	struct conv *c = conv_plain_open(s);
	struct conv_dnnl *d = xcalloc(1, sizeof *d);

	if (!engine) {
		must(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
		must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
	}
	describe(c, d);
	c->dnnl = d;
	return c;
}

/* Leaves this convolution to im2col. */
static void give_up(struct conv *c)
{
	struct conv_dnnl *d = c->dnnl;

	for (int i = 0; i < PASSES; i++) {
		struct primitive *p = &d->pass[i];
		dnnl_memory_t all[] = { p->x, p->y, p->w, p->user_w, p->b };
		if (p->run)
			dnnl_primitive_destroy(p->run);
		if (p->reorder)
			dnnl_primitive_destroy(p->reorder);
		for (size_t k = 0; k < PM_COUNT(all); k++)
			if (all[k]) {
				if (i == WEIGHTS && all[k] == p->w)
					cpu_free(d->packed_dw, bytes_of(p->w));
				dnnl_memory_destroy(all[k]);
			}
	}
	if (d->dweights) {
		cpu_free(d->dweights, dnnl_memory_desc_get_size(d->w));
		cpu_free(d->dbias, dnnl_memory_desc_get_size(d->b));
	}
	shape shapes[] = { d->x, d->y, d->dy, d->w, d->any, d->dw, d->b };
	for (size_t k = 0; k < PM_COUNT(shapes); k++)
		shape_free(shapes[k]);
	free(d);
	c->dnnl = NULL;
}

void conv_dnnl_close(struct conv *c)
{
	if (c->dnnl)
		give_up(c);
	conv_plain_close(c);
}

/* Weights in the order of the primitive, from the pack where they are still those of this version. */
static void pack_weights(struct conv *c, struct primitive *p, int slot, const real *w, struct pack *pack, uint64_t version)
{
	bool stale = pack_stale(pack, slot, bytes_of(p->w), c, version);

	bind(p->w, pack->mem[slot]);
	if (!stale)
		return;
	bind(p->user_w, conv_weights(c, w));
	execute(p->reorder, 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, p->user_w }, { DNNL_ARG_TO, p->w } });
}

void conv_dnnl_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments)
{
	if (c->dnnl && (x->act || !make(c->dnnl, FORWARD))) /* it cannot apply an act as it reads */
		give_up(c);
	if (!c->dnnl) {
		conv_plain_fwd(c, x, w, b, pack, version, y, moments);
		return;
	}
	struct primitive *p = &c->dnnl->pass[FORWARD];
	pack_weights(c, p, 0, w, pack, version);
	bind(p->x, x->data);
	bind(p->y, y->data);
	bind(p->b, conv_bias(c, b));
	execute(p->run, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->x }, { DNNL_ARG_WEIGHTS, p->w }, { DNNL_ARG_BIAS, p->b }, { DNNL_ARG_DST, p->y } });
	if (moments)
		kernels()->norm_stats(y, &(struct sharing){ y->n, 1 }, moments, moments + y->c);
}

void conv_dnnl_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	if (!c->dnnl || !make(c->dnnl, DATA)) {
		conv_plain_bwd_data(c, dy, w, pack, version, dx);
		return;
	}
	struct primitive *p = &c->dnnl->pass[DATA];
	pack_weights(c, p, 1, w, pack, version);
	bind(p->x, dx->data);
	bind(p->y, dy->data);
	execute(p->run, 3, (dnnl_exec_arg_t[]){ { DNNL_ARG_DIFF_DST, p->y }, { DNNL_ARG_WEIGHTS, p->w }, { DNNL_ARG_DIFF_SRC, p->x } });
}

void conv_dnnl_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	if (!c->dnnl || !make(c->dnnl, WEIGHTS)) {
		conv_plain_bwd_weights(c, x, dy, dw, db);
		return;
	}
	struct conv_dnnl *d = c->dnnl;
	struct primitive *p = &d->pass[WEIGHTS];
	bind(p->x, x->data);
	bind(p->y, dy->data);
	bind(p->w, d->packed_dw);
	bind(p->b, d->dbias);
	bind(p->user_w, d->dweights);
	execute(p->run, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->x }, { DNNL_ARG_DIFF_DST, p->y }, { DNNL_ARG_DIFF_WEIGHTS, p->w },
		{ DNNL_ARG_DIFF_BIAS, p->b } });
	execute(p->reorder, 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, p->w }, { DNNL_ARG_TO, p->user_w } });
	conv_weights_back(c, d->dweights, dw);
	conv_bias_back(c, d->dbias, db);
}

#endif
