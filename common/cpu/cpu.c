/* cpu.c: the two CPU backends: their memory and their tables. */
#include "base/base.h"
#include "cpu/conv.h"
#include "cpu/draws.h"
#include "cpu/kernels.h"
#include "cpu/select.h"
#include "cpu/tile.h"
#include "cpu/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static size_t whole_pages(size_t bytes) { return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

void *cpu_alloc(size_t bytes)
{
	size_t room = whole_pages(bytes);
	void *p;

	if (bytes < HUGE_PAGE) {
		p = aligned_alloc(64, (bytes + 64) / 64 * 64);
		if (!p)
			die(PM_FAIL, "out of memory: %zu bytes", bytes);
		return memset(p, 0, bytes);
	}
	/* The kernel gives huge pages only where they are aligned: take one more, and give back what lies before and behind. */
	p = mmap(NULL, room + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die(PM_FAIL, "out of memory: the step needs %.0f MiB (smaller batches or crops need less)", (double)bytes / (1 << 20));
	size_t before = -(uintptr_t)p % HUGE_PAGE;
	if (before)
		munmap(p, before);
	munmap((char *)p + before + room, HUGE_PAGE - before);
	p = (char *)p + before;
	madvise(p, room, MADV_HUGEPAGE);
	return p;
}

void cpu_free(void *p, size_t bytes)
{
	if (bytes < HUGE_PAGE)
		free(p);
	else
		munmap(p, whole_pages(bytes));
}

void *kernel_scratch(size_t bytes)
{
	static void *held;
	static size_t room;

	if (bytes > room) {
		if (held)
			cpu_free(held, room);
		held = cpu_alloc(room = bytes);
	}
	return held;
}

static void copy(void *dst, const void *src, size_t bytes) { memcpy(dst, src, bytes); }

static void zero(void *dst, size_t bytes)
{
	enum { PART = 1 << 20 };

#pragma omp parallel for schedule(static) if (bytes > PART)
	for (size_t at = 0; at < bytes; at += PART)
		memset((char *)dst + at, 0, bytes - at < PART ? bytes - at : PART);
}

static void norm_batch(const double *mean, double *var, int64_t c, int64_t count, double eps, real *running_mean, real *running_var)
{
	double n = (double)count, unbiased = count > 1 ? n / (n - 1) : 1;

	for (int64_t k = 0; k < c; k++) {
		if (running_mean) {
			running_mean[k] = (real)(0.9 * (double)running_mean[k] + 0.1 * mean[k]);
			running_var[k] = (real)(0.9 * (double)running_var[k] + 0.1 * unbiased * var[k]);
		}
		var[k] = 1 / sqrt(var[k] + eps);
	}
}

static void norm_fixed(double *mean, double *rstd, int64_t c, double eps, const real *running_mean, const real *running_var)
{
	for (int64_t k = 0; k < c; k++) {
		mean[k] = (double)running_mean[k];
		rstd[k] = 1 / sqrt((double)running_var[k] + eps);
	}
}

static void norm_defer(const struct norm_act *p, real *scale, real *shift)
{
	for (int64_t k = 0; k < fmap_blocks(&p->z) * PM_LANES; k++) {
		double s = k < p->z.c ? (double)p->gamma[k] * p->rstd[k] : 0;
		scale[k] = (real)s;
		shift[k] = k < p->z.c ? (real)((double)p->beta[k] - p->mean[k] * s) : 0;
	}
}

static void onehot(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	for (int64_t i = 0; i < n; i++)
		for (int64_t c = 0; c < k; c++)
			for (int64_t q = 0; q < v; q++)
				y[(i * k + c) * v + q] = label[i * v + q] == c;
}

static void max(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner)
{
#pragma omp parallel for schedule(static) if (outer * mid * inner > 16384)
	for (int64_t o = 0; o < outer; o++) {
		memcpy(y + o * inner, x + o * mid * inner, (size_t)inner * sizeof *y);
		for (int64_t m = 1; m < mid; m++)
			for (int64_t i = 0; i < inner; i++)
				y[o * inner + i] = (real)fmax((double)y[o * inner + i], (double)x[(o * mid + m) * inner + i]);
	}
}

/* Every entry of kernels.h under its name here: the instruction set is chosen at the first call. */
#define CALL(name, params, args) static void name params { kernels()->name args; }
CALL(norm_stats, (const struct fmap *z, const struct sharing *share, double *mean, double *var), (z, share, mean, var))
CALL(norm_act, (const struct norm_act *p), (p))
CALL(norm_act_bwd, (const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed, real *dgamma, real *dbeta,
	struct fmap *dz), (p, dy, dpool, fixed, dgamma, dbeta, dz))
CALL(relayout, (struct fmap *y, const struct fmap *x, bool add), (y, x, add))
CALL(space, (struct fmap *y, const struct fmap *x, int dims, bool inverse), (y, x, dims, inverse))
CALL(resample, (struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add), (y, x, map, add))
CALL(unary, (enum unary f, double a, real *y, const real *x, int64_t n, bool add), (f, a, y, x, n, add))
CALL(binary, (enum binary f, real *y, const real *a, const real *b, int64_t n, bool add), (f, y, a, b, n, add))
CALL(sum, (real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add), (y, x, outer, mid, inner, add))
CALL(spread, (real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add), (y, x, outer, mid, inner, add))
CALL(softmax, (real *y, const real *x, int64_t n, int64_t k, int64_t v), (y, x, n, k, v))
CALL(softmax_bwd, (real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v), (dx, y, dy, n, k, v))
CALL(ce, (real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v), (sum, z, t, a, n, k, v))
CALL(ce_bwd, (real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v),
	(dz, dsum, z, t, a, n, k, v))
CALL(overlap, (real *sums, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v), (sums, z, t, n, k, v))
CALL(overlap_bwd, (real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v),
	(dz, dsum, z, t, n, k, v))
CALL(argmax, (uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v), (y, z, n, k, v))
CALL(adam, (real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p), (w, g, m, v, n, p))
CALL(sgd, (real *w, const real *g, real *v, int64_t n, const struct sgd *p), (w, g, v, n, p))
CALL(ema, (real *y, const real *x, int64_t n, const double *keep), (y, x, n, keep))

enum { BOTH, TRUTH, PREDICTED, COUNTS };

static void count(double *sum, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	double (*to)[COUNTS] = (double (*)[COUNTS])sum;
	uint8_t *y = kernel_scratch((size_t)(n * v));

	argmax(y, z, n, k, v);
	for (int64_t i = 0; i < n * v; i++) {
		if (label[i] >= k)
			continue;
		to[y[i]][PREDICTED]++;
		to[label[i]][TRUTH]++;
		to[y[i]][BOTH] += y[i] == label[i];
	}
}

static void score(double *sum, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	double (*of)[COUNTS] = xcalloc((size_t)k, sizeof *of);

	count(of[0], z, label, n, k, v);
	sum[0] += (double)*loss;
	for (int64_t c = 0; c < k; c++)
		sum[1 + c] += hard_dice(of[c][BOTH], of[c][TRUTH], of[c][PREDICTED]);
	free(of);
}

static double sum_squares(const real *x, int64_t n) { return kernels()->sum_squares(x, n); }

static void clip(real *g, int64_t n, double most, double *norm)
{
	*norm = sqrt(sum_squares(g, n));
	if (*norm > most) /* not where it is NaN: who looks at the norm sees it */
		unary(U_SCALE, most / (*norm + 1e-6), g, g, n, false);
}

/* Of regions.h likewise. */
#define CALL_REGIONS(name, params, args) static void name params { kernels()->regions->name args; }
CALL_REGIONS(extreme, (real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most), (y, x, outer, mid, inner, most))
CALL_REGIONS(extreme_bwd, (real *dx, const real *dy, const real *x, int64_t outer, int64_t mid, int64_t inner, bool most, bool add),
	(dx, dy, x, outer, mid, inner, most, add))
CALL_REGIONS(slope, (enum slope f, real *y, const real *x, int64_t count, const int64_t size[3]), (f, y, x, count, size))
CALL_REGIONS(slope_bwd, (enum slope f, real *dx, const real *dy, const real *x, int64_t count, const int64_t size[3], bool add),
	(f, dx, dy, x, count, size, add))
CALL_REGIONS(strips, (real *y, const real *x, const real *in, int64_t rows, int64_t n, int64_t width), (y, x, in, rows, n, width))
CALL_REGIONS(strips_bwd, (real *dx, const real *dy, const real *in, int64_t rows, int64_t n, int64_t width, bool add),
	(dx, dy, in, rows, n, width, add))
CALL_REGIONS(messages, (struct fmap *m, const struct fmap *p, const struct fmap *image, const struct affinity *a), (m, p, image, a))

static const struct regions regions = {
	.extreme = extreme, .extreme_bwd = extreme_bwd, .slope = slope, .slope_bwd = slope_bwd,
	.strips = strips, .strips_bwd = strips_bwd, .messages = messages,
};

/* And of points.h. */
#define CALL_POINTS(name, params, args) static void name params { kernels()->points->name args; }
CALL_POINTS(crop, (real *y, const real *x, const real *from, int64_t views, int64_t n, int64_t c, const int64_t size[3], const int64_t to[3]),
	(y, x, from, views, n, c, size, to))
CALL_POINTS(gather, (real *y, const real *x, const real *at, const struct lookup *s), (y, x, at, s))
CALL_POINTS(gather_bwd, (real *dx, const real *dy, const real *at, const struct lookup *s), (dx, dy, at, s))
CALL_POINTS(multiply, (real *y, const real *a, const real *b, const struct matrices *p, bool add), (y, a, b, p, add))

static const struct points points = { crop, gather, gather_bwd, multiply };

#define TABLE(title, how) \
	{ \
		.name = title, .runs = true, .acts = true, .alloc = cpu_alloc, .free = cpu_free, .put = copy, .get = copy, .zero = zero, .own = true, \
		.conv_open = how##_open, .conv_close = how##_close, .conv_fwd = how##_fwd, .conv_bwd_data = how##_bwd_data, \
		.conv_bwd_weights = how##_bwd_weights, .norm_stats = norm_stats, .norm_batch = norm_batch, .norm_fixed = norm_fixed, \
		.norm_act = norm_act, .norm_defer = norm_defer, .norm_act_bwd = norm_act_bwd, .relayout = relayout, .space = space, .resample = resample, \
		.tile_cut = cpu_tile_cut, .tile_add = cpu_tile_add, .all_finite = cpu_all_finite, \
		.unary = unary, .binary = binary, .sum = sum, .spread = spread, .max = max, \
		.softmax = softmax, .softmax_bwd = softmax_bwd, \
		.onehot = onehot, .ce = ce, .ce_bwd = ce_bwd, .overlap = overlap, .overlap_bwd = overlap_bwd, .argmax = argmax, \
		.count = count, .score = score, .smallest = cpu_smallest, .sum_squares = sum_squares, .clip = clip, .adam = adam, .sgd = sgd, .ema = ema, \
		.draws = &cpu_draws, .views = &cpu_views, .regions = &regions, .points = &points, \
	}

const struct backend backend_cpu = TABLE("cpu", conv_own);
const struct backend backend_plain = TABLE("plain", conv_plain);
