/* optim.cu: a step of Adam (Kingma & Ba, ICLR 2015), AdamW (Loshchilov & Hutter, ICLR 2019), SGD, in PyTorch's forms. */
#include <math.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct adam_cell {
	real *w, *m, *v;
	const real *g;
	float beta1, beta2, rest1, rest2, rate, scale, eps, decay, keep;
};

CELL void adam_cell(const struct adam_cell *a, uint32_t i)
{
	const float w = a->w[i], d = a->g[i] + a->decay * w;
	const float m = a->m[i] * a->beta1 + d * a->rest1, v = a->v[i] * a->beta2 + d * d * a->rest2;

	a->m[i] = m;
	a->v[i] = v;
	a->w[i] = w * a->keep - a->rate * m / (sqrtf(v) * a->scale + a->eps);
}
EACH(adam_cell)

void cuda_adam(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p)
{
	const double correct1 = 1 - pow(p->beta1, (double)p->step), correct2 = 1 - pow(p->beta2, (double)p->step);
	const struct adam_cell a = {
		w, m, v, g, (float)p->beta1, (float)p->beta2, (float)(1 - p->beta1), (float)(1 - p->beta2), (float)(p->lr / correct1),
		(float)(1 / sqrt(correct2)), (float)p->eps, (float)(p->decoupled ? 0 : p->decay), (float)(p->decoupled ? 1 - p->lr * p->decay : 1),
	};
	adam_cell_each(&a, n);
}

struct sgd_cell {
	real *w, *v;
	const real *g;
	float lr, decay, old, now_g, now_v; /* old: of the velocity that stays; now: what the step is made of */
	bool velocity;
};

CELL void sgd_cell(const struct sgd_cell *a, uint32_t i)
{
	const float d = a->g[i] + a->decay * a->w[i];

	if (!a->velocity) {
		a->w[i] -= a->lr * d;
		return;
	}
	const float u = (a->old != 0 ? a->old * a->v[i] : 0) + d;
	a->v[i] = u;
	a->w[i] -= a->lr * (a->now_g * d + a->now_v * u);
}
EACH(sgd_cell)

void cuda_sgd(real *w, const real *g, real *v, int64_t n, const struct sgd *p)
{
	const struct sgd_cell a = {
		w, v, g, (float)p->lr, (float)p->decay, (float)(p->first ? 0 : p->momentum), p->nesterov ? 1.0f : 0.0f,
		(float)(p->nesterov ? p->momentum : 1), p->momentum != 0,
	};
	sgd_cell_each(&a, n);
}
