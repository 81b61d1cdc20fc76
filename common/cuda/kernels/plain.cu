/* plain.cu: element-wise functions, sums and repetitions on plain arrays. */
#include <math.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"
#include "nn/unary.h"

struct unary_cell {
	enum unary f;
	float a;
	real *y;
	const real *x;
	bool add;
};

#define EXP expf
#define LOG logf
#define SQRT sqrtf
#define GREATER(a, b) ((a) > (b))
#define PICK(condition, a, b) ((condition) ? (a) : (b))
#define NUMBER(n) ((float)(n))
#define POWER(x, a) ((float)pow((double)(x), (double)(a)))

CELL float applied(enum unary f, float a, float x)
{
	switch (f) {
#define CASE(f, value) \
	case f: \
		return value;
	UNARY(CASE)
#undef CASE
	}
	return x;
}

CELL void unary_cell(const struct unary_cell *k, uint32_t i)
{
	const float r = applied(k->f, k->a, k->x[i]);
	k->y[i] = k->add ? k->y[i] + r : r;
}
EACH(unary_cell)

void cuda_unary(enum unary f, double a, real *y, const real *x, int64_t n, bool add)
{
	const struct unary_cell k = { f, (float)a, y, x, add };
	unary_cell_each(&k, n);
}

struct binary_cell {
	enum binary f;
	real *y;
	const real *a, *b;
	bool add;
};

CELL void binary_cell(const struct binary_cell *k, uint32_t i)
{
	const float a = k->a[i], b = k->b[i], r = k->f == B_ADD ? a + b : k->f == B_SUB ? a - b : k->f == B_MUL ? a * b : a / b;
	k->y[i] = k->add ? k->y[i] + r : r;
}
EACH(binary_cell)

void cuda_binary(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add)
{
	const struct binary_cell k = { f, y, a, b, add };
	binary_cell_each(&k, n);
}

/* --- sums over mid of [outer, mid, inner]; double where one thread adds many --- */

struct along {
	real *y;
	const real *x;
	uint32_t mid, inner;
	bool add;
	const float *partial;
	uint32_t parts;
};

CELL void along(const struct along *a, uint32_t i)
{
	const real *x = a->x + (size_t)(i / a->inner) * a->mid * a->inner + i % a->inner;
	double s = a->add ? (double)a->y[i] : 0;

	for (uint32_t m = 0; m < a->mid; m++)
		s += (double)x[(size_t)m * a->inner];
	a->y[i] = (real)s;
}
EACH(along)

struct long_along {
	struct along a;
};

CELL void long_along(const struct long_along *l, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	const struct along *a = &l->a;
	const real *x = a->x + (size_t)(out / a->inner) * a->mid * a->inner + out % a->inner;

	for (uint32_t m = thread; m < a->mid; m += threads)
		*sum += x[(size_t)m * a->inner];
}
FOLD(long_along, 1)

/* The sum that a fold has left in parts. */
CELL double summed(const float *partial, uint32_t parts)
{
	double s = 0;

	for (uint32_t k = 0; k < parts; k++)
		s += (double)partial[k];
	return s;
}

struct ends {
	struct along a;
};

CELL void ends(const struct ends *e, uint32_t i)
{
	const struct along *a = &e->a;
	const double s = summed(a->partial + (size_t)i * a->parts, a->parts);

	a->y[i] = (real)(a->add ? (double)a->y[i] + s : s);
}
EACH(ends)

void cuda_sum(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	enum { ALONE = 256, OUTS_MOST = 4096 }; /* fewer terms, or more sums: a thread each */
	struct ends e;
	struct along *a = &e.a;

	a->y = y;
	a->x = x;
	a->mid = (uint32_t)mid;
	a->inner = (uint32_t)inner;
	a->add = add;
	if (mid <= ALONE || outer * inner > OUTS_MOST) {
		along_each(a, outer * inner);
		return;
	}
	a->parts = fold_parts(mid);
	float *partial = (float *)device_scratch((size_t)(outer * inner) * a->parts * sizeof *partial);
	a->partial = partial;
	struct long_along l;
	l.a = *a;
	long_along_fold(&l, (uint32_t)(outer * inner), a->parts, partial);
	ends_each(&e, outer * inner);
}

struct spread_cell {
	real *y;
	const real *x;
	uint32_t mid, inner;
	bool add;
};

CELL void spread_cell(const struct spread_cell *a, uint32_t i)
{
	const real v = a->x[i / a->inner / a->mid * a->inner + i % a->inner];
	a->y[i] = a->add ? a->y[i] + v : v;
}
EACH(spread_cell)

void cuda_spread(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add)
{
	const struct spread_cell a = { y, x, (uint32_t)mid, (uint32_t)inner, add };
	spread_cell_each(&a, outer * mid * inner);
}

struct max_cell {
	real *y;
	const real *x;
	uint32_t mid, inner;
};

CELL void max_cell(const struct max_cell *a, uint32_t i)
{
	const real *x = a->x + (size_t)(i / a->inner) * a->mid * a->inner + i % a->inner;
	real most = *x;

	for (uint32_t m = 1; m < a->mid; m++)
		most = fmaxf(most, x[(size_t)m * a->inner]);
	a->y[i] = most;
}
EACH(max_cell)

void cuda_max(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner)
{
	const struct max_cell a = { y, x, (uint32_t)mid, (uint32_t)inner };
	max_cell_each(&a, outer * inner);
}

struct squares {
	const real *x;
	uint32_t n;
};

CELL void squares(const struct squares *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	(void)out;
	for (uint32_t i = thread; i < a->n; i += threads)
		*sum += a->x[i] * a->x[i];
}
FOLD(squares, 1)

/* Leaves partial sums in scratch of `room` more bytes. */
static float *squares_of(const real *x, int64_t n, uint32_t *parts, size_t room)
{
	const struct squares a = { x, (uint32_t)n };

	*parts = fold_parts(n);
	float *partial = (float *)device_scratch(*parts * sizeof *partial + room);
	squares_fold(&a, 1, *parts, partial);
	return partial;
}

/* The same on the host. */
static double fetched(const float *partial, uint32_t parts)
{
	float host[PARTS_MOST];
	double s = 0;

	device_get(host, partial, parts * sizeof *partial);
	for (uint32_t k = 0; k < parts; k++)
		s += (double)host[k];
	return s;
}

double cuda_sum_squares(const real *x, int64_t n)
{
	uint32_t parts;
	const float *partial = squares_of(x, n, &parts, 0);

	return fetched(partial, parts);
}

struct excess {
	const float *partial;
	uint32_t parts;
	double most, *norm;
	float *factor;
};

CELL void excess(const struct excess *a, uint32_t i)
{
	*a->norm = sqrt(summed(a->partial + i, a->parts));
	*a->factor = *a->norm > a->most ? (float)(a->most / (*a->norm + 1e-6)) : 1; /* 1 too where it is NaN */
}
EACH(excess)

struct shrink {
	real *g;
	const float *factor;
};

CELL void shrink(const struct shrink *a, uint32_t i) { a->g[i] *= *a->factor; }
EACH(shrink)

void cuda_clip(real *g, int64_t n, double most, double *norm)
{
	uint32_t parts;
	float *partial = squares_of(g, n, &parts, sizeof *partial);
	const struct excess e = { partial, parts, most, norm, partial + parts };
	const struct shrink s = { g, partial + parts };

	excess_each(&e, 1);
	shrink_each(&s, n);
}

struct doubt {
	const real *x;
	int64_t n;
};

/* 0, or NaN where one of them is not finite. */
CELL void doubt(const struct doubt *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	(void)out;
	for (int64_t i = thread; i < a->n; i += threads)
		*sum += a->x[i] * 0;
}
FOLD(doubt, 1)

bool cuda_all_finite(const real *x, int64_t n)
{
	const struct doubt a = { x, n };
	const uint32_t parts = fold_parts(n);
	float *partial = (float *)device_scratch(parts * sizeof *partial);

	doubt_fold(&a, 1, parts, partial);
	return fetched(partial, parts) == 0;
}
