/* optim.c: a step of Adam (Kingma & Ba, ICLR 2015), AdamW (Loshchilov & Hutter, ICLR 2019), SGD, in PyTorch's forms. */
#include <math.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/rows.h"

void NAME(adam)(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p)
{
	double correct1 = 1 - pow(p->beta1, (double)p->step), correct2 = 1 - pow(p->beta2, (double)p->step);
	real beta1 = (real)p->beta1, beta2 = (real)p->beta2, rest1 = (real)(1 - p->beta1), rest2 = (real)(1 - p->beta2);
	real rate = (real)(p->lr / correct1), scale = (real)(1 / sqrt(correct2)), eps = (real)p->eps;
	real decay = (real)(p->decoupled ? 0 : p->decay), keep = (real)(p->decoupled ? 1 - p->lr * p->decay : 1);

#pragma omp parallel for schedule(static) if (n > ALONE)
	for (int64_t i = 0; i < n; i += WIDTH) {
		int count = (int)least(WIDTH, n - i);
		vec x = load_part(w + i, count) * keep;
		vec d = load_part(g + i, count) + decay * load_part(w + i, count);
		vec a = load_part(m + i, count) * beta1 + d * rest1;
		vec b = load_part(v + i, count) * beta2 + d * d * rest2;
		store_part(m + i, count, a);
		store_part(v + i, count, b);
		store_part(w + i, count, x - rate * a / (vec_sqrt(b) * scale + eps));
	}
}

void NAME(sgd)(real *w, const real *g, real *v, int64_t n, const struct sgd *p)
{
	real lr = (real)p->lr, momentum = (real)p->momentum, decay = (real)p->decay;

	if (p->momentum == 0) {
#pragma omp parallel for simd schedule(static) if (parallel : n > ALONE)
		for (int64_t i = 0; i < n; i++)
			w[i] -= lr * (g[i] + decay * w[i]);
		return;
	}
	real old = p->first ? 0 : momentum; /* of the velocity */
	real now_g = p->nesterov ? 1 : 0, now_v = p->nesterov ? momentum : 1;
#pragma omp parallel for simd schedule(static) if (parallel : n > ALONE)
	for (int64_t i = 0; i < n; i++) {
		real d = g[i] + decay * w[i], u = old * v[i] + d;
		v[i] = u;
		w[i] -= lr * (now_g * d + now_v * u);
	}
}

void NAME(ema)(real *y, const real *x, int64_t n, const double *keep)
{
	const double a = *keep;

#pragma omp parallel for simd schedule(static) if (parallel : n > ALONE)
	for (int64_t i = 0; i < n; i++)
		y[i] = (real)(a * (double)y[i] + (1 - a) * (double)x[i]);
}
