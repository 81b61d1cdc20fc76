/*
 * gemm_test.c: the products of gemm.c without a GPU. cuBLASLt's functions are here in its place, as its header says what they
 * do: column-major matrices, as loops. What they make of a convolution of kernel 1 must be what a loop over pixels makes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <cublasLt.h>

#include "base/base.h"
#include "cuda/library.h"
#include "cuda/runtime.h"

/* --- what gemm.c wants of the backend --- */

static bool fast_f32;

const char *engine_at(void) { return "test"; }
bool device_tf32(void) { return fast_f32; }
bool device_record_spoilt(void) { return false; }
void *device_stream(void) { return NULL; }

/* --- cuBLASLt --- */

struct matrix {
	cudaDataType_t type;
	int64_t rows, columns, ld;
};

struct operation {
	cublasComputeType_t compute;
	cublasOperation_t op_a, op_b;
	cublasLtEpilogue_t epilogue;
	const void *bias;
};

struct wish {
	uint64_t workspace;
	uint32_t reduction, aligned;
};

enum { ALGORITHMS = 3, ASKED = 1000 };

static cublasComputeType_t computed;

static float load(const void *p, cudaDataType_t type, int64_t i)
{
	uint32_t u = 0;
	float f;

	if (type == CUDA_R_32F)
		return ((const float *)p)[i];
	assert_int_equal(type, CUDA_R_16BF);
	u = (uint32_t)((const uint16_t *)p)[i] << 16;
	memcpy(&f, &u, sizeof f);
	return f;
}

static void store(void *p, cudaDataType_t type, int64_t i, float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof u);
	if (type == CUDA_R_32F)
		((float *)p)[i] = f;
	else
		((uint16_t *)p)[i] = (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *h) { return *h = (cublasLtHandle_t)(uintptr_t)16, CUBLAS_STATUS_SUCCESS; }
size_t cublasLtGetVersion(void) { return CUBLAS_VERSION; }
const char *cublasLtGetStatusString(cublasStatus_t s) { return s == CUBLAS_STATUS_SUCCESS ? "" : "refused"; }

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *to, cudaDataType type, uint64_t rows, uint64_t columns, int64_t ld)
{
	struct matrix *m = xmalloc(sizeof *m);

	*m = (struct matrix){ type, (int64_t)rows, (int64_t)columns, ld };
	assert_true(ld >= (int64_t)rows);
	*to = (cublasLtMatrixLayout_t)m;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t m) { return free(m), CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *to, cublasComputeType_t compute, cudaDataType_t scale)
{
	struct operation *o = xcalloc(1, sizeof *o);

	assert_int_equal(scale, CUDA_R_32F);
	o->compute = compute;
	o->op_a = o->op_b = CUBLAS_OP_N;
	o->epilogue = CUBLASLT_EPILOGUE_DEFAULT;
	*to = (cublasLtMatmulDesc_t)o;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t o) { return free(o), CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t name, const void *value, size_t size)
{
	struct operation *o = (struct operation *)desc;

	assert_int_equal(size, name == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? 8 : 4);
	switch (name) {
	case CUBLASLT_MATMUL_DESC_TRANSA:
		o->op_a = *(const cublasOperation_t *)value;
		break;
	case CUBLASLT_MATMUL_DESC_TRANSB:
		o->op_b = *(const cublasOperation_t *)value;
		break;
	case CUBLASLT_MATMUL_DESC_EPILOGUE:
		o->epilogue = *(const cublasLtEpilogue_t *)value;
		break;
	default:
		assert_int_equal(name, CUBLASLT_MATMUL_DESC_BIAS_POINTER);
		o->bias = *(const void *const *)value;
	}
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *to)
{
	struct wish *w = xcalloc(1, sizeof *w);

	w->reduction = CUBLASLT_REDUCTION_SCHEME_MASK;
	*to = (cublasLtMatmulPreference_t)w;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t w) { return free(w), CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t to, cublasLtMatmulPreferenceAttributes_t name,
	const void *value, size_t size)
{
	struct wish *w = (struct wish *)to;

	assert_int_equal(size, name == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? 8 : 4);
	if (name == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
		w->workspace = *(const uint64_t *)value;
	else if (name == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK)
		w->reduction = *(const uint32_t *)value;
	else
		w->aligned += *(const uint32_t *)value == ALIGNMENT;
	return CUBLAS_STATUS_SUCCESS;
}

/* The first is refused, the others differ by their splits, and want as much workspace as they may have. */
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t h, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
	cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t wish, int most, cublasLtMatmulHeuristicResult_t *result, int *n)
{
	const struct operation *o = (const struct operation *)desc;
	const struct wish *w = (const struct wish *)wish;

	(void)a, (void)b;
	assert_true(h && c == d && most >= ALGORITHMS);
	assert_int_equal(w->reduction, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
	assert_int_equal(w->aligned, 4);
	assert_true(o->epilogue != CUBLASLT_EPILOGUE_BIAS || (o->bias && (uintptr_t)o->bias % ALIGNMENT == 0));
	*n = ALGORITHMS;
	memset(result, 0, ALGORITHMS * sizeof *result);
	for (int i = 0; i < ALGORITHMS; i++) {
		result[i].state = i ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
		result[i].algo.data[CUBLASLT_ALGO_CONFIG_SPLITK_NUM] = (uint64_t)i;
		result[i].workspaceSize = (size_t)w->workspace;
	}
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *algo, cublasLtMatmulAlgoConfigAttributes_t name, void *to,
	size_t size, size_t *written)
{
	const bool small = name == CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID || name == CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID;
	const uint64_t value = name == CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID ? 7 : algo->data[name];

	assert_int_equal(size, small ? 2 : 4);
	memcpy(to, &value, *written = size);
	return CUBLAS_STATUS_SUCCESS;
}

/* Element (r, c) of op(m). */
static float element(const void *p, const struct matrix *m, cublasOperation_t op, int64_t r, int64_t c)
{
	return load(p, m->type, op == CUBLAS_OP_N ? r + c * m->ld : c + r * m->ld);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t h, cublasLtMatmulDesc_t desc, const void *alpha, const void *a, cublasLtMatrixLayout_t la,
	const void *b, cublasLtMatrixLayout_t lb, const void *beta, const void *c, cublasLtMatrixLayout_t lc, void *d, cublasLtMatrixLayout_t ld,
	const cublasLtMatmulAlgo_t *algo, void *workspace, size_t bytes, cudaStream_t stream)
{
	const struct operation *o = (const struct operation *)desc;
	const struct matrix *ma = (const struct matrix *)la, *mb = (const struct matrix *)lb, *md = (const struct matrix *)ld;
	const int64_t k = o->op_a == CUBLAS_OP_N ? ma->columns : ma->rows;

	(void)stream;
	assert_true(h && algo && workspace && bytes == ASKED && c == d && lc == ld);
	assert_true(*(const float *)alpha == 1 && *(const float *)beta == 0);
	assert_int_equal(md->rows, o->op_a == CUBLAS_OP_N ? ma->rows : ma->columns);
	assert_int_equal(md->columns, o->op_b == CUBLAS_OP_N ? mb->columns : mb->rows);
	assert_int_equal(k, o->op_b == CUBLAS_OP_N ? mb->rows : mb->columns);
	assert_int_equal(ma->type, mb->type);
	computed = o->compute;
	for (int64_t r = 0; r < md->rows; r++)
		for (int64_t q = 0; q < md->columns; q++) {
			float s = o->epilogue == CUBLASLT_EPILOGUE_BIAS ? load(o->bias, md->type, r) : 0;
			for (int64_t i = 0; i < k; i++)
				s += element(a, ma, o->op_a, r, i) * element(b, mb, o->op_b, i, q);
			store(d, md->type, r + q * md->ld, s);
		}
	return CUBLAS_STATUS_SUCCESS;
}

/* --- the test --- */

enum { N = 2, H = 3, W = 5, PIXELS = N * H * W, MOST = PIXELS * 64 };

static const struct library *const l = &library_cublas;
static _Alignas(ALIGNMENT) char x[MOST * 4], w[MOST * 4], y[MOST * 4], b[2 * 64 * 4];

static void fill(void *p, cudaDataType_t type, int64_t n, int seed)
{
	for (int64_t i = 0; i < n; i++)
		store(p, type, i, (float)((i * 7919 + seed * 31) % 17 - 8) / 8);
}

/* What a pass must write at element i of pixel or output channel p; NAN: it must not touch it. */
static float expected(const struct engine_shape *s, enum pass pass, int64_t p, int64_t i)
{
	const cudaDataType_t t = s->type == F_BF16 ? CUDA_R_16BF : CUDA_R_32F;
	float sum = 0;

	if (i >= (pass == FORWARD ? s->oc : s->ic))
		return NAN;
	switch (pass) {
	case FORWARD:
		for (int64_t c = 0; c < s->ic; c++)
			sum += load(x, t, p * s->x_pitch + c) * load(w, t, i * s->ic + c);
		return sum + load(b, CUDA_R_32F, i);
	case DATA:
		for (int64_t o = 0; o < s->oc; o++)
			sum += load(y, t, p * s->y_pitch + o) * load(w, t, o * s->ic + i);
		return sum;
	default:
		for (int64_t q = 0; q < PIXELS; q++)
			sum += load(x, t, q * s->x_pitch + i) * load(y, t, q * s->y_pitch + p);
		return sum;
	}
}

static void check(const struct engine_shape *s, enum pass pass)
{
	const cudaDataType_t t = s->type == F_BF16 ? CUDA_R_16BF : CUDA_R_32F, to = pass == WEIGHTS ? CUDA_R_32F : t;
	const struct form form = { .name = "test", .library = l, .tail = pass == FORWARD ? BIAS : NO_TAIL };
	const struct args a = { x, w, pass == FORWARD ? b : NULL, y };
	const int64_t rows = pass == WEIGHTS ? s->oc : PIXELS, pitch = pass == FORWARD ? s->y_pitch : pass == DATA ? s->x_pitch : s->ic;
	void *result = pass == FORWARD ? y : pass == DATA ? x : w;
	struct plan plan[PLANS_MOST], named = { 0 };
	char workspace;

	fill(x, t, PIXELS * s->x_pitch, 1);
	fill(w, t, s->oc * s->ic, 2);
	fill(y, t, PIXELS * s->y_pitch, 3);
	fill(b, CUDA_R_32F, s->oc, 4);
	fill(b + s->oc * 4, t, s->oc, 4);
	fill(result, to, rows * pitch, 5);
	void *task = l->open(s, pass, &form);
	assert_non_null(task);
	assert_int_equal(l->plans(task, &a, ASKED, NULL, plan), 2);
	assert_string_equal(plan[1].name, "0:0,2,0,0,0,0,0,7");
	assert_int_equal(l->plans(task, &a, (int64_t)1 << 40, plan[1].name, &named), 1);
	assert_string_equal(named.name, plan[1].name);
	assert_int_equal(named.workspace, 32 << 20);
	l->drop(&named);
	assert_int_equal(l->plans(task, &a, ASKED, "0:0,9,0,0,0,0,0,7", &named), 0);
	assert_true(l->run(task, &plan[1], &a, &workspace));
	assert_int_equal(computed, s->type == F_REAL && fast_f32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F);
	for (int64_t p = 0; p < rows; p++)
		for (int64_t i = 0; i < pitch; i++) {
			const float want = expected(s, pass, p, i), got = load(result, to, p * pitch + i);
			if (isnan(want))
				assert_true(got == (float)(((p * pitch + i) * 7919 + 5 * 31) % 17 - 8) / 8);
			else
				assert_true(fabsf(got - want) <= (to == CUDA_R_16BF ? 0.004f * fabsf(want) : 1e-6f) + 1e-6f);
		}
	l->drop(&plan[0]);
	l->drop(&plan[1]);
	l->close(task);
}

static void test_products(void **state)
{
	struct engine_shape s = { .n = N, .size = { 1, H, W }, .dims = 2, .kernel = 1, .dilation = 1 };
	(void)state;

	for (int how = 0; how < 16; how++)
		for (enum pass pass = FORWARD; pass < PASSES; pass++) {
			s.type = how & 1 ? F_BF16 : F_REAL;
			s.ic = how & 2 ? 48 : 16;
			s.oc = how & 4 ? 16 : 32;
			s.x_pitch = s.ic + (how & 8 ? 16 : 0);
			s.y_pitch = s.oc + (how & 8 ? 32 : 0);
			fast_f32 = how == 4;
			check(&s, pass);
		}
}

/* Other kernels are for cuDNN. */
static void test_kernels(void **state)
{
	const struct engine_shape s = { .n = N, .ic = 16, .oc = 16, .size = { 1, H, W }, .dims = 2, .kernel = 3, .dilation = 1, .x_pitch = 16,
		.y_pitch = 16 };
	const struct form form = { .name = "test", .library = l };
	(void)state;

	assert_null(l->open(&s, DATA, &form));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_products), cmocka_unit_test(test_kernels) };

	pm_tool = "gemm_test";
	return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
