/* loss.cu: softmax, cross entropy and overlap sums of planar logits [n,k,v]: a thread per pixel, all its classes. */
#include <math.h>
#include <string.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

/* Logits and what they are compared with; other arrays as each kernel wants them. */
struct pixels {
	const real *z;
	struct target t;
	const real *a;    /* class weights or NULL */
	const real *dsum, *dy;
	real *out;
	uint8_t *label;
	uint32_t n, k, v;
};

/* A pixel: where its class 0 lies; classes are v apart. */
CELL size_t pixel_at(const struct pixels *p, uint32_t i) { return (size_t)(i / p->v) * p->k * p->v + i % p->v; }

struct soft {
	float max, sum; /* of the logits; of exp(z - max) */
};

CELL struct soft soft_of(const struct pixels *p, size_t at)
{
	struct soft s;

	s.max = p->z[at];
	for (uint32_t c = 1; c < p->k; c++)
		s.max = fmaxf(s.max, p->z[at + (size_t)c * p->v]);
	s.sum = 0;
	for (uint32_t c = 0; c < p->k; c++)
		s.sum += expf(p->z[at + (size_t)c * p->v] - s.max);
	return s;
}

/* The weight of pixel i: 0 where its label is no class. */
CELL float weight_of(const struct pixels *p, uint32_t i)
{
	if (p->t.label && p->t.label[i] >= p->k)
		return 0;
	return p->t.weight ? p->t.weight[i] : 1;
}

/* How much of class c pixel i is. */
CELL float truth_of(const struct pixels *p, uint32_t i, size_t at, uint32_t c)
{
	return p->t.label ? p->t.label[i] == c : p->t.prob[at + (size_t)c * p->v];
}

CELL float class_weight(const struct pixels *p, uint32_t c) { return p->a ? p->a[c] : 1; }

static struct pixels pixels_of(const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	struct pixels p;

	memset(&p, 0, sizeof p);
	p.z = z;
	if (t)
		p.t = *t;
	p.a = a;
	p.n = (uint32_t)n;
	p.k = (uint32_t)k;
	p.v = (uint32_t)v;
	return p;
}

CELL void softmax(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);
	const struct soft s = soft_of(p, at);

	for (uint32_t c = 0; c < p->k; c++)
		p->out[at + (size_t)c * p->v] = expf(p->z[at + (size_t)c * p->v] - s.max) / s.sum;
}
EACH_OF(softmax, pixels)

void cuda_softmax(real *y, const real *x, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(x, NULL, NULL, n, k, v);

	p.out = y;
	softmax_each(&p, n * v);
}

/* z holds the probabilities. */
CELL void softmax_back(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);
	float dot = 0;

	for (uint32_t c = 0; c < p->k; c++)
		dot += p->dy[at + (size_t)c * p->v] * p->z[at + (size_t)c * p->v];
	for (uint32_t c = 0; c < p->k; c++) {
		const size_t o = at + (size_t)c * p->v;
		p->out[o] += p->z[o] * (p->dy[o] - dot);
	}
}
EACH_OF(softmax_back, pixels)

void cuda_softmax_bwd(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(y, NULL, NULL, n, k, v);

	p.dy = dy;
	p.out = dx;
	softmax_back_each(&p, n * v);
}

CELL void hot(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);

	for (uint32_t c = 0; c < p->k; c++)
		p->out[at + (size_t)c * p->v] = p->t.label[i] == c;
}
EACH_OF(hot, pixels)

void cuda_onehot(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(NULL, NULL, NULL, n, k, v);

	p.t.label = label;
	p.out = y;
	hot_each(&p, n * v);
}

CELL void highest(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);
	uint32_t best = 0;
	float most = p->z[at];

	for (uint32_t c = 1; c < p->k; c++)
		if (p->z[at + (size_t)c * p->v] > most) {
			most = p->z[at + (size_t)c * p->v];
			best = c;
		}
	p->label[i] = (uint8_t)best;
}
EACH_OF(highest, pixels)

void cuda_argmax(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(z, NULL, NULL, n, k, v);

	p.label = y;
	highest_each(&p, n * v);
}

/* --- sums over pixels: partial sums [out][part][width], then added in double --- */

struct ends {
	const float *partial;
	real *sum;
	uint32_t parts, width, outs;
};

/* sum[number][out] */
CELL void ends(const struct ends *a, uint32_t i)
{
	const uint32_t out = i % a->outs, number = i / a->outs;
	double s = 0;

	for (uint32_t k = 0; k < a->parts; k++)
		s += (double)a->partial[((size_t)out * a->parts + k) * a->width + number];
	a->sum[i] = (real)s;
}
EACH(ends)

CELL void entropy(const struct pixels *p, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	(void)out;
	for (uint32_t i = thread; i < p->n * p->v; i += threads) {
		const size_t at = pixel_at(p, i);
		const struct soft s = soft_of(p, at);
		const float weight = weight_of(p, i), lse = logf(s.sum);
		float l = 0;
		for (uint32_t c = 0; c < p->k; c++)
			l += class_weight(p, c) * truth_of(p, i, at, c) * (lse - (p->z[at + (size_t)c * p->v] - s.max));
		sum[0] += weight * l;
		sum[1] += weight;
	}
}
FOLD_OF(entropy, pixels, 2)

void cuda_ce(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	const uint32_t parts = fold_parts(n * v);
	float *partial = (float *)device_scratch((size_t)2 * parts * sizeof *partial);
	const struct ends e = { partial, sum, parts, 2, 1 };
	struct pixels p = pixels_of(z, t, a, n, k, v);

	entropy_fold(&p, 1, parts, partial);
	ends_each(&e, 2);
}

CELL void entropy_back(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);
	const struct soft s = soft_of(p, at);
	const float w = weight_of(p, i) * p->dsum[0];
	float mass = 0;

	for (uint32_t c = 0; c < p->k; c++)
		mass += class_weight(p, c) * truth_of(p, i, at, c);
	for (uint32_t c = 0; c < p->k; c++) {
		const size_t o = at + (size_t)c * p->v;
		p->out[o] += w * (expf(p->z[o] - s.max) / s.sum * mass - class_weight(p, c) * truth_of(p, i, at, c));
	}
}
EACH_OF(entropy_back, pixels)

void cuda_ce_bwd(real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(z, t, a, n, k, v);

	p.dsum = dsum;
	p.out = dz;
	entropy_back_each(&p, n * v);
}

/* Class out: sums of w y p, w p and w y. */
CELL void common(const struct pixels *p, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	for (uint32_t i = thread; i < p->n * p->v; i += threads) {
		const size_t at = pixel_at(p, i);
		const struct soft s = soft_of(p, at);
		const float w = weight_of(p, i), prob = w * expf(p->z[at + (size_t)out * p->v] - s.max) / s.sum, y = truth_of(p, i, at, out);
		sum[0] += y * prob;
		sum[1] += prob;
		sum[2] += y * w;
	}
}
FOLD_OF(common, pixels, 3)

void cuda_overlap(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
{
	const uint32_t parts = n ? fold_parts(n * v) : 0;
	float *partial = (float *)device_scratch((size_t)(3 * k) * parts * sizeof *partial);
	const struct ends e = { partial, sum, parts, 3, (uint32_t)k };
	struct pixels p = pixels_of(z, t, NULL, n, k, v);

	common_fold(&p, (uint32_t)k, parts, partial);
	ends_each(&e, 3 * k);
}

CELL void common_back(const struct pixels *p, uint32_t i)
{
	const size_t at = pixel_at(p, i);
	const struct soft s = soft_of(p, at);
	const float w = weight_of(p, i);
	float dot = 0;

	for (uint32_t c = 0; c < p->k; c++)
		dot += expf(p->z[at + (size_t)c * p->v] - s.max) / s.sum * (p->dsum[c] * truth_of(p, i, at, c) + p->dsum[p->k + c]);
	for (uint32_t c = 0; c < p->k; c++) {
		const size_t o = at + (size_t)c * p->v;
		p->out[o] += w * (expf(p->z[o] - s.max) / s.sum) * (p->dsum[c] * truth_of(p, i, at, c) + p->dsum[p->k + c] - dot);
	}
}
EACH_OF(common_back, pixels)

void cuda_overlap_bwd(real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v)
{
	struct pixels p = pixels_of(z, t, NULL, n, k, v);

	p.dsum = dsum;
	p.out = dz;
	common_back_each(&p, n * v);
}

/* Class out, from first maxima and labels: pixels that are it in both, in truth, as predicted; exact, as a sum stays below 2^24. */
struct counts {
	const uint8_t *y, *label;
	uint32_t pixels, k; /* classes: pixels whose label is none count nothing */
};

CELL void counts(const struct counts *a, uint32_t out, uint32_t thread, uint32_t threads, float *sum)
{
	for (uint32_t i = thread; i < a->pixels; i += threads) {
		const bool truth = a->label[i] == out, predicted = a->y[i] == out && a->label[i] < a->k;
		sum[0] += truth && predicted;
		sum[1] += truth;
		sum[2] += predicted;
	}
}
FOLD(counts, 3)

/* [k][parts][3], in scratch. */
static const float *counted(const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v, uint32_t *parts)
{
	*parts = fold_parts(n * v);
	float *partial = (float *)device_scratch((size_t)(3 * k) * *parts * sizeof *partial + (size_t)(n * v));
	uint8_t *y = (uint8_t *)(partial + 3 * k * *parts);
	const struct counts c = { y, label, (uint32_t)(n * v), (uint32_t)k };

	if (n) {
		cuda_argmax(y, z, n, k, v);
		counts_fold(&c, (uint32_t)k, *parts, partial);
	}
	return partial;
}

struct total {
	const float *partial;
	uint32_t parts;
	double *count;
};

/* Count i % 3 of class i / 3. */
CELL void total(const struct total *a, uint32_t i)
{
	for (uint32_t k = 0; k < a->parts; k++)
		a->count[i] += (double)a->partial[((size_t)(i / 3) * a->parts + k) * 3 + i % 3];
}
EACH(total)

void cuda_count(double *count, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	struct total t = { NULL, 0, count };

	t.partial = counted(z, label, n, k, v, &t.parts);
	total_each(&t, 3 * k);
}

struct tally {
	const float *partial;
	uint32_t parts;
	const real *loss;
	double *sum;
};

/* Number 0: the loss; 1 + c: class c. */
CELL void tally(const struct tally *a, uint32_t i)
{
	double n[3] = { 0, 0, 0 };

	if (!i) {
		a->sum[0] += (double)*a->loss;
		return;
	}
	for (uint32_t k = 0; k < a->parts; k++)
		for (int j = 0; j < 3; j++)
			n[j] += (double)a->partial[((size_t)(i - 1) * a->parts + k) * 3 + j];
	a->sum[i] += hard_dice(n[0], n[1], n[2]);
}
EACH(tally)

void cuda_score(double *sum, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v)
{
	struct tally t = { NULL, 0, loss, sum };

	t.partial = counted(z, label, n, k, v, &t.parts);
	tally_each(&t, 1 + k);
}
