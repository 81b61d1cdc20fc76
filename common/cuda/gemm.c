/*
 * gemm.c: convolutions of kernel 1, which are products of matrices, by cuBLASLt; transposed ones of kernel 2 and stride 2 are
 * among them, as products whose channels are then moved to their places. All that knows cuBLASLt is in this file.
 *
 * Its matrices are column-major: element (row, column) lies at row + column * ld. So maps of P pixels are matrices of
 * channels x P to it, ld their pitch, and weights [oc][ic] one of ic x oc, ld ic:
 *	forward: y (oc x P) = w' x; the bias, a column, is added to each
 *	data:    dx (ic x P) = w dy
 *	weights: dw (ic x oc) = x dy'
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <cublasLt.h>

#include "base/base.h"
#include "cuda/library.h"
#include "cuda/runtime.h"

/* The same for all: what the heuristic lists depends on it. */
static const int64_t WORKSPACE = 32 << 20;

enum { X, W, Y, MATRICES };

/* D = op(A) op(B) */
static const struct product {
	int a, b, d;
	cublasOperation_t op_a, op_b;
} products[PASSES] = {
	[FORWARD] = { W, X, Y, CUBLAS_OP_T, CUBLAS_OP_N },
	[DATA] = { W, Y, X, CUBLAS_OP_N, CUBLAS_OP_N },
	[WEIGHTS] = { X, Y, W, CUBLAS_OP_N, CUBLAS_OP_T },
};

struct gemm {
	const struct product *product;
	cublasLtMatmulDesc_t desc;
	cublasLtMatrixLayout_t layout[MATRICES];
	int64_t biases; /* 0: none are added */
};

static cublasLtHandle_t handle;
static cublasStatus_t refused;

static const char *why(void) { return cublasLtGetStatusString(refused); }

static bool did(cublasStatus_t status)
{
	if (status != CUBLAS_STATUS_SUCCESS)
		refused = status;
	return status == CUBLAS_STATUS_SUCCESS;
}

static void must(cublasStatus_t status, const char *call)
{
	if (!did(status) && !device_record_spoilt())
		die(PM_FAIL, "cuBLASLt: %s: %s: %s", engine_at(), call, why());
}

#define MUST(function, ...) must(function(__VA_ARGS__), #function)

static void set(struct gemm *g, cublasLtMatmulDescAttributes_t name, const void *value, size_t size)
{
	MUST(cublasLtMatmulDescSetAttribute, g->desc, name, value, size);
}

static cublasLtMatrixLayout_t layout(cudaDataType_t type, int64_t rows, int64_t columns, int64_t ld)
{
	cublasLtMatrixLayout_t l = NULL;

	MUST(cublasLtMatrixLayoutCreate, &l, type, (uint64_t)rows, (uint64_t)columns, ld);
	return l;
}

static void *gemm_open(const struct engine_shape *s, enum pass pass, const struct form *form)
{
	const cudaDataType_t type = s->type == F_BF16 ? CUDA_R_16BF : CUDA_R_32F;
	const bool tf32 = s->type == F_REAL && device_tf32();
	const int64_t pixels = s->n * s->size[0] * s->size[1] * s->size[2];
	const struct product *p = &products[pass];
	const cublasLtEpilogue_t bias = CUBLASLT_EPILOGUE_BIAS;

	if (s->kernel != 1)
		return NULL;
	if (!handle)
		MUST(cublasLtCreate, &handle);
	struct gemm *g = xcalloc(1, sizeof *g);
	g->product = p;
	g->layout[X] = layout(type, s->ic, pixels, s->x_pitch);
	g->layout[W] = layout(pass == WEIGHTS ? CUDA_R_32F : type, s->ic, s->oc, s->ic);
	g->layout[Y] = layout(type, s->oc, pixels, s->y_pitch);
	MUST(cublasLtMatmulDescCreate, &g->desc, tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F);
	set(g, CUBLASLT_MATMUL_DESC_TRANSA, &p->op_a, sizeof p->op_a);
	set(g, CUBLASLT_MATMUL_DESC_TRANSB, &p->op_b, sizeof p->op_b);
	if (form->tail == BIAS) {
		set(g, CUBLASLT_MATMUL_DESC_EPILOGUE, &bias, sizeof bias);
		g->biases = s->oc;
	}
	return g;
}

static void gemm_close(void *task)
{
	struct gemm *g = task;

	MUST(cublasLtMatmulDescDestroy, g->desc);
	for (int i = 0; i < MATRICES; i++)
		MUST(cublasLtMatrixLayoutDestroy, g->layout[i]);
	free(g);
}

/* The bias is read in the type of y: the second of what engine_fwd is given. */
static void point_to_bias(struct gemm *g, const struct args *a)
{
	const float *b = a->b;

	if (!g->biases)
		return;
	b += g->biases;
	set(g, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &b, sizeof b);
}

/* What is computed in parts must be added up in f32, in a step of its own: in the same order each time. */
static cublasLtMatmulPreference_t preference(int64_t workspace_most)
{
	static const cublasLtMatmulPreferenceAttributes_t aligned[] = { CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
		CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES };
	const uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, alignment = ALIGNMENT;
	const uint64_t workspace = (uint64_t)(workspace_most < WORKSPACE ? workspace_most : WORKSPACE);
	cublasLtMatmulPreference_t p = NULL;

	MUST(cublasLtMatmulPreferenceCreate, &p);
	MUST(cublasLtMatmulPreferenceSetAttribute, p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
	MUST(cublasLtMatmulPreferenceSetAttribute, p, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reduction, sizeof reduction);
	for (size_t i = 0; i < PM_COUNT(aligned); i++)
		MUST(cublasLtMatmulPreferenceSetAttribute, p, aligned[i], &alignment, sizeof alignment);
	return p;
}

/* Writes the algorithm's number and all that is set of it: tile, splits, reduction, ... in the order of the attributes. */
static void name_algorithm(char *name, size_t size, const cublasLtMatmulAlgo_t *algo)
{
	static const size_t bytes[] = { [CUBLASLT_ALGO_CONFIG_ID] = 4, [CUBLASLT_ALGO_CONFIG_TILE_ID] = 4, [CUBLASLT_ALGO_CONFIG_SPLITK_NUM] = 4,
		[CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME] = 4, [CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING] = 4, [CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION] = 4,
		[CUBLASLT_ALGO_CONFIG_STAGES_ID] = 4, [CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID] = 2, [CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID] = 2 };
	size_t length = 0;

	for (size_t i = 0; i < PM_COUNT(bytes); i++) {
		uint32_t value = 0;
		size_t written;
		MUST(cublasLtMatmulAlgoConfigGetAttribute, algo, (cublasLtMatmulAlgoConfigAttributes_t)i, &value, bytes[i], &written);
		length += (size_t)snprintf(name + length, size - length, "%s%u", i > 1 ? "," : i ? ":" : "", value);
	}
}

static int plans(void *task, const struct args *a, int64_t workspace_most, const char *name, struct plan *plan)
{
	struct gemm *g = task;
	const struct product *p = g->product;
	cublasLtMatmulHeuristicResult_t result[PLANS_MOST];
	cublasLtMatmulPreference_t wanted = preference(workspace_most);
	int n = 0, count = 0;

	point_to_bias(g, a); /* how it is aligned counts */
	if (!did(cublasLtMatmulAlgoGetHeuristic(handle, g->desc, g->layout[p->a], g->layout[p->b], g->layout[p->d], g->layout[p->d], wanted,
		PLANS_MOST, result, &n)))
		n = 0;
	MUST(cublasLtMatmulPreferenceDestroy, wanted);
	for (int i = 0; i < n && !(name && count); i++) {
		struct plan *to = &plan[count];
		if (result[i].state != CUBLAS_STATUS_SUCCESS)
			continue;
		name_algorithm(to->name, sizeof to->name, &result[i].algo);
		if (name && strcmp(name, to->name))
			continue;
		to->way = memcpy(xmalloc(sizeof result[i].algo), &result[i].algo, sizeof result[i].algo);
		to->workspace = (int64_t)result[i].workspaceSize;
		count++;
	}
	return count;
}

static void plan_drop(struct plan *p)
{
	free(p->way);
	p->way = NULL;
}

static bool run(void *task, const struct plan *p, const struct args *a, void *workspace)
{
	struct gemm *g = task;
	const struct product *m = g->product;
	void *const data[MATRICES] = { [X] = a->x, [W] = a->w, [Y] = a->y };
	const float one = 1, none = 0;

	for (int i = 0; i < MATRICES; i++)
		assert((uintptr_t)data[i] % ALIGNMENT == 0);
	point_to_bias(g, a);
	return did(cublasLtMatmul(handle, g->desc, &one, data[m->a], g->layout[m->a], data[m->b], g->layout[m->b], &none, data[m->d],
		g->layout[m->d], data[m->d], g->layout[m->d], p->way, workspace, (size_t)p->workspace, device_stream()));
}

const struct library library_cublas = {
	.name = "cuBLASLt", .version = cublasLtGetVersion, .why = why, .open = gemm_open, .close = gemm_close, .plans = plans, .drop = plan_drop,
	.run = run,
};
