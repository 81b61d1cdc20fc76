/*
 * optim.cu: a step of Adam (Kingma & Ba, ICLR 2015), AdamW (Loshchilov & Hutter, ICLR 2019), SGD, in PyTorch's forms. What
 * changes from step to step is read where it lies, on the device: one thread makes the numbers that all others work with.
 */
#include <math.h>

#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct adam_rates {
	float beta1, beta2, rest1, rest2, rate, scale, eps, decay, keep;
};

struct adam_rule {
	const struct adam *p;
	struct adam_rates *to;
};

CELL void adam_rule(const struct adam_rule *a, uint32_t i)
{
	const struct adam *p = a->p;
	const double correct1 = 1 - pow(p->beta1, (double)p->step), correct2 = 1 - pow(p->beta2, (double)p->step);
	struct adam_rates *r = a->to + i;

	r->beta1 = (float)p->beta1;
	r->beta2 = (float)p->beta2;
	r->rest1 = (float)(1 - p->beta1);
	r->rest2 = (float)(1 - p->beta2);
	r->rate = (float)(p->lr / correct1);
	r->scale = (float)(1 / sqrt(correct2));
	r->eps = (float)p->eps;
	r->decay = (float)(p->decoupled ? 0 : p->decay);
	r->keep = (float)(p->decoupled ? 1 - p->lr * p->decay : 1);
}
EACH(adam_rule)

struct adam_cell {
	real *w, *m, *v;
	const real *g;
	const struct adam_rates *r;
};

CELL void adam_cell(const struct adam_cell *a, uint32_t i)
{
	const struct adam_rates r = *a->r;
	const float w = a->w[i], d = a->g[i] + r.decay * w;
	const float m = a->m[i] * r.beta1 + d * r.rest1, v = a->v[i] * r.beta2 + d * d * r.rest2;

	a->m[i] = m;
	a->v[i] = v;
	a->w[i] = w * r.keep - r.rate * m / (sqrtf(v) * r.scale + r.eps);
}
EACH(adam_cell)

void cuda_adam(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p)
{
	struct adam_rates *rates = (struct adam_rates *)device_scratch(sizeof *rates);
	const struct adam_rule rule = { p, rates };
	const struct adam_cell a = { w, m, v, g, rates };

	adam_rule_each(&rule, 1);
	adam_cell_each(&a, n);
}

struct sgd_cell {
	real *w, *v;
	const real *g;
	const struct sgd *p;
};

CELL void sgd_cell(const struct sgd_cell *a, uint32_t i)
{
	const struct sgd p = *a->p;
	const float lr = (float)p.lr, momentum = (float)p.momentum, d = a->g[i] + (float)p.decay * a->w[i];

	if (momentum == 0) {
		a->w[i] -= lr * d;
		return;
	}
	const float u = (p.first ? 0 : momentum * a->v[i]) + d;
	a->v[i] = u;
	a->w[i] -= lr * (p.nesterov ? d + momentum * u : u);
}
EACH(sgd_cell)

void cuda_sgd(real *w, const real *g, real *v, int64_t n, const struct sgd *p)
{
	const struct sgd_cell a = { w, v, g, p };
	sgd_cell_each(&a, n);
}

struct ema_cell {
	real *y;
	const real *x;
	const double *keep;
};

CELL void ema_cell(const struct ema_cell *a, uint32_t i)
{
	a->y[i] = (float)(*a->keep * (double)a->y[i] + (1 - *a->keep) * (double)a->x[i]);
}
EACH(ema_cell)

void cuda_ema(real *y, const real *x, int64_t n, const double *keep)
{
	const struct ema_cell a = { y, x, keep };
	ema_cell_each(&a, n);
}
