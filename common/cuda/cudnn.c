/*
 * cudnn.c: convolutions by cuDNN 9, through its graph interface for C. All that knows cuDNN is in this file.
 *
 * A pass is a graph of one or two operations on described tensors. cuDNN lists configurations of its engines for it; a plan
 * is one that is allowed.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <cudnn_graph.h>

#include "base/base.h"
#include "cuda/library.h"
#include "cuda/runtime.h"

typedef cudnnBackendDescriptor_t desc;

enum { PARTS = 9, CONFIGS_MOST = 64 };

/* The unique ids of tensors. SUM is what the tail reads, which is never stored. */
enum { X = 1, W, B, Y, SUM };

struct graph {
	desc graph, op[2], part[PARTS]; /* op: they are among the parts */
	int ops, parts;
	const struct form *form;
	enum ftype type;
};

struct way {
	desc config, plan;
};

static cudnnHandle_t handle;

/* Why the last call failed that did, on one line. */
static const char *why(void)
{
	static char text[512];

	text[0] = '\0';
	cudnnGetLastErrorString(text, sizeof text);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return *text ? text : "no reason given";
}

static void must(cudnnStatus_t status, const char *call)
{
	if (status != CUDNN_STATUS_SUCCESS && !device_record_spoilt())
		die(PM_FAIL, "cuDNN: %s: %s: %s: %s", engine_at(), call, cudnnGetErrorString(status), why());
}

#define MUST(function, ...) must(function(__VA_ARGS__), #function)

static desc make(cudnnBackendDescriptorType_t type)
{
	desc d = NULL;

	MUST(cudnnBackendCreateDescriptor, type, &d);
	return d;
}

static void drop(desc *d)
{
	if (*d)
		MUST(cudnnBackendDestroyDescriptor, *d);
	*d = NULL;
}

static void set(desc d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, const void *value)
{
	MUST(cudnnBackendSetAttribute, d, name, type, n, value);
}

static void set_int(desc d, cudnnBackendAttributeName_t name, int64_t value) { set(d, name, CUDNN_TYPE_INT64, 1, &value); }
static void set_float(desc d, cudnnBackendAttributeName_t name, float value) { set(d, name, CUDNN_TYPE_FLOAT, 1, &value); }
static void set_type(desc d, cudnnBackendAttributeName_t name, cudnnDataType_t value) { set(d, name, CUDNN_TYPE_DATA_TYPE, 1, &value); }
static void set_desc(desc d, cudnnBackendAttributeName_t name, desc value) { set(d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value); }

/* Returns how many there are in `to`, at most n. For descriptors, `to` holds made ones, which are filled. */
static int get(desc d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, void *to)
{
	int64_t count = 0;

	MUST(cudnnBackendGetAttribute, d, name, type, n, &count, to);
	return (int)(count < n ? count : n);
}

static void finish(desc d) { MUST(cudnnBackendFinalize, d); }
/* Of what cuDNN may find that it cannot do. */
static bool can_finish(desc d) { return cudnnBackendFinalize(d) == CUDNN_STATUS_SUCCESS; }

static desc add_part(struct graph *g, cudnnBackendDescriptorType_t type) { return g->part[g->parts++] = make(type); }

/* dim is n, c, space; channels are the innermost, pixels lie pitch elements apart. */
static desc tensor(struct graph *g, int64_t id, cudnnDataType_t type, int rank, const int64_t *dim, int64_t pitch)
{
	int64_t stride[5] = { 0, 1 }, step = pitch;
	desc d = add_part(g, CUDNN_BACKEND_TENSOR_DESCRIPTOR);

	for (int i = rank - 1; i >= 2; i--) {
		stride[i] = step;
		step *= dim[i];
	}
	stride[0] = step;
	set_type(d, CUDNN_ATTR_TENSOR_DATA_TYPE, type);
	set(d, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, rank, dim);
	set(d, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, rank, stride);
	set_int(d, CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
	set_int(d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
	if (id == SUM)
		set(d, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &(bool){ true });
	finish(d);
	return d;
}

static desc convolution(struct graph *g, const struct engine_shape *s)
{
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	int64_t one[3], pad[3], dilation[3];
	desc d = add_part(g, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);

	for (int i = 0; i < s->dims; i++) {
		one[i] = 1;
		dilation[i] = s->dilation;
		pad[i] = s->kernel / 2 * s->dilation;
	}
	set_type(d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
	set(d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
	set_int(d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, s->dims);
	set(d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, s->dims, pad);
	set(d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, s->dims, pad);
	set(d, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, s->dims, dilation);
	set(d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, s->dims, one);
	finish(d);
	return d;
}

/* The names of one operation's attributes. */
#define CONV_OP(pass, short_pass, x, w, y) \
	{ CUDNN_BACKEND_OPERATION_CONVOLUTION_##pass##_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_##x, \
		CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_##w, CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_##y, \
		CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_ALPHA, \
		CUDNN_ATTR_OPERATION_CONVOLUTION_##short_pass##_BETA }
static const struct conv_op {
	cudnnBackendDescriptorType_t type;
	cudnnBackendAttributeName_t x, w, y, conv, alpha, beta;
} conv_op[PASSES] = {
	[FORWARD] = CONV_OP(FORWARD, FORWARD, X, W, Y),
	[DATA] = CONV_OP(BACKWARD_DATA, BWD_DATA, DX, W, DY),
	[WEIGHTS] = CONV_OP(BACKWARD_FILTER, BWD_FILTER, X, DW, DY),
};

static bool add_conv(struct graph *g, enum pass pass, desc conv, desc x, desc w, desc y)
{
	const struct conv_op *o = &conv_op[pass];
	desc op = g->op[g->ops++] = add_part(g, o->type);

	set_desc(op, o->x, x);
	set_desc(op, o->w, w);
	set_desc(op, o->y, y);
	set_desc(op, o->conv, conv);
	set_float(op, o->alpha, 1);
	set_float(op, o->beta, 0);
	return can_finish(op);
}

/* b: NULL but for BIAS. */
static bool add_tail(struct graph *g, enum tail tail, desc x, desc b, desc y)
{
	const cudnnPointwiseMode_t mode = tail == BIAS ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_IDENTITY;
	desc point = add_part(g, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
	desc op = g->op[g->ops++] = add_part(g, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);

	set(point, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
	set_type(point, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
	finish(point);
	set_desc(op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, point);
	set_desc(op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
	if (b)
		set_desc(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
	set_desc(op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
	set_float(op, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, 1);
	set_float(op, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, 1);
	return can_finish(op);
}

/* The convolution of x by w to y, or to a sum in place of the one that it computes, which the tail brings there. */
static bool add_ops(struct graph *g, const struct engine_shape *s, enum pass pass, const struct form *form)
{
	const cudnnDataType_t type = s->type == F_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
	const int rank = s->dims + 2;
	int64_t x_dim[5] = { s->n, s->ic }, y_dim[5] = { s->n, s->oc }, w_dim[5] = { s->oc, s->ic }, b_dim[5] = { 1, s->oc };
	desc sum, conv = convolution(g, s);

	for (int i = 2; i < rank; i++) {
		x_dim[i] = y_dim[i] = s->size[3 - rank + i];
		w_dim[i] = s->kernel;
		b_dim[i] = 1;
	}
	desc x = tensor(g, X, type, rank, x_dim, s->x_pitch), y = tensor(g, Y, type, rank, y_dim, s->y_pitch);
	desc w = tensor(g, W, pass == WEIGHTS && !form->narrow ? CUDNN_DATA_FLOAT : type, rank, w_dim, s->ic);
	switch (form->tail) {
	case BIAS:
		sum = tensor(g, SUM, CUDNN_DATA_FLOAT, rank, y_dim, s->oc);
		return add_conv(g, pass, conv, x, w, sum) && add_tail(g, BIAS, sum, tensor(g, B, CUDNN_DATA_FLOAT, rank, b_dim, s->oc), y);
	case WIDEN:
		sum = tensor(g, SUM, CUDNN_DATA_FLOAT, rank, w_dim, s->ic);
		return add_conv(g, pass, conv, x, sum, y) && add_tail(g, WIDEN, sum, NULL, w);
	default:
		return add_conv(g, pass, conv, x, w, y);
	}
}

static void graph_close(void *task)
{
	struct graph *g = task;

	drop(&g->graph);
	while (g->parts)
		drop(&g->part[--g->parts]);
	free(g);
}

static void *graph_open(const struct engine_shape *s, enum pass pass, const struct form *form)
{
	struct graph *g = xcalloc(1, sizeof *g);

	if (!handle) {
		MUST(cudnnCreate, &handle);
		MUST(cudnnSetStream, handle, device_stream());
	}
	g->form = form;
	g->type = s->type;
	if (add_ops(g, s, pass, form)) {
		g->graph = make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
		set(g->graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
		set(g->graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, g->ops, g->op);
		if (can_finish(g->graph))
			return g;
	}
	graph_close(g);
	return NULL;
}

/* --- plans --- */

static void plan_drop(struct plan *p)
{
	struct way *w = p->way;

	if (w) {
		drop(&w->plan);
		drop(&w->config);
	}
	free(w);
	p->way = NULL;
}

/* May an engine be used? Not if its results vary from run to run, or are not sums in f32. TF32's tensor cores round f32 maps: where asked for. */
static bool allowed(desc engine, enum ftype type)
{
	cudnnBackendNumericalNote_t note[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
	const int n = get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT, note);
	const bool exact = type == F_REAL;

	for (int i = 0; i < n; i++) {
		const bool rounds = (note[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE && !device_tf32()) || note[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
		const bool varies = note[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
		if ((rounds && exact) || (varies && !device_fast()) || note[i] == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
			return false;
	}
	return true;
}

/* Writes engine:knob=value,...; false where it is too long. */
static bool name_config(char *name, size_t size, desc config, desc engine)
{
	desc knob[CUDNN_KNOB_TYPE_COUNTS];
	int64_t index = 0, value;
	cudnnBackendKnobType_t type;

	for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; i++)
		knob[i] = make(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
	get(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &index);
	const int n = get(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS, knob);
	int length = snprintf(name, size, "%lld", (long long)index);
	for (int i = 0; i < n && (size_t)length < size; i++) {
		get(knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &type);
		get(knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &value);
		length += snprintf(name + length, size - (size_t)length, "%c%d=%lld", i ? ',' : ':', (int)type, (long long)value);
	}
	for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; i++)
		drop(&knob[i]);
	return (size_t)length < size;
}

/* Names p's configuration and says whether it may be used. */
static bool inspect(struct plan *p, enum ftype type)
{
	const struct way *w = p->way;
	desc engine = make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
	const int n = get(w->config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &engine);
	const bool ok = n && allowed(engine, type) && name_config(p->name, sizeof p->name, w->config, engine);

	drop(&engine);
	return ok;
}

/* Makes the plan of p's configuration; false where the engine cannot do it, or not in so much workspace. */
static bool plan_open(struct plan *p, int64_t workspace_most)
{
	struct way *w = p->way;

	w->plan = make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
	set(w->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
	set_desc(w->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, w->config);
	if (!can_finish(w->plan))
		return false;
	get(w->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &p->workspace);
	return p->workspace >= 0 && p->workspace <= workspace_most;
}

/* The configurations of a heuristic, best guess first; returns how many. */
static int configs_of(desc graph, cudnnBackendHeurMode_t mode, desc *config)
{
	desc heuristic = make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
	int n = 0;

	set_desc(heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
	set(heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
	const bool ok = can_finish(heuristic);
	for (int i = 0; i < CONFIGS_MOST; i++)
		config[i] = make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
	if (ok)
		n = get(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGS_MOST, config);
	for (int i = n; i < CONFIGS_MOST; i++)
		drop(&config[i]);
	drop(&heuristic);
	return n;
}

static int plans(void *task, const struct args *a, int64_t workspace_most, const char *name, struct plan *plan)
{
	static const cudnnBackendHeurMode_t modes[] = { CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK };
	const struct graph *g = task;
	const int most = name ? 1 : PLANS_MOST;
	desc config[CONFIGS_MOST];
	int count = 0;

	(void)a; /* any that are aligned */
	for (size_t m = 0; m < PM_COUNT(modes) && count < most; m++) {
		const int n = configs_of(g->graph, modes[m], config);
		for (int i = 0; i < n; i++) {
			struct way *w = xcalloc(1, sizeof *w);
			struct plan p = { .way = w };
			w->config = config[i];
			if (count < most && inspect(&p, g->type) && (!name || !strcmp(name, p.name)) && plan_open(&p, workspace_most))
				plan[count++] = p;
			else
				plan_drop(&p);
		}
	}
	return count;
}

static bool run(void *task, const struct plan *p, const struct args *a, void *workspace)
{
	const struct graph *g = task;
	const struct way *w = p->way;
	const int64_t id[] = { X, W, Y, B };
	void *const data[] = { a->x, a->w, a->y, a->b };
	const int n = g->form->tail == BIAS ? 4 : 3;
	desc pack = make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);

	for (int i = 0; i < n; i++)
		assert(data[i] && (uintptr_t)data[i] % ALIGNMENT == 0);
	set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, id);
	set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, data);
	set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
	finish(pack);
	const cudnnStatus_t status = cudnnBackendExecute(handle, w->plan, pack);
	drop(&pack);
	return status == CUDNN_STATUS_SUCCESS;
}

const struct library library_cudnn = {
	.name = "cuDNN", .version = cudnnGetVersion, .why = why, .open = graph_open, .close = graph_close, .plans = plans, .drop = plan_drop, .run = run,
};
