/*
 * norm.cu: statistics of the batch, of its parts or of each image; normalisation, activation, dropout and pooling in one pass, and
 * their gradient in two.
 */
#include <math.h>
#include <string.h>

#include "cuda/kernels.h"
#include "base/philox.h"
#include "cuda/kernels/vec.h"

/* --- statistics: sums of x - pivot and of its square, the pivot a value of the channel, so that nothing cancels --- */

struct stats {
	struct fmap z;
	struct sharing share;
	uint32_t space, groups;
	const float *partial; /* of the second kernel, [set][group][part][2 VEC] */
	uint32_t parts;
	double *mean, *var;
};

CELL void stats(const struct stats *a, uint32_t group, uint32_t thread, uint32_t threads, float *sum)
{
	const uint32_t set = group / a->groups, first = set * (uint32_t)a->share.images;
	const uint32_t pixels = (uint32_t)sharing_count(a->share, a->z.n, set) * a->space;
	group %= a->groups;
	const struct vec8 pivot = load8(a->z.data, group_at(&a->z, first, 0, group), a->z.type);

	for (uint32_t i = thread; i < pixels; i += threads) {
		const struct vec8 v = load8(a->z.data, group_at(&a->z, first + i / a->space, i % a->space, group), a->z.type);
		for (int j = 0; j < VEC; j++) {
			const float x = v.x[j] - pivot.x[j];
			sum[j] += x;
			sum[VEC + j] += x * x;
		}
	}
}
FOLD(stats, 2 * VEC)

/* Channel i, counted through all that have statistics of their own. */
CELL void moments(const struct stats *a, uint32_t i)
{
	const uint32_t set = i / (uint32_t)a->z.c, c = i % (uint32_t)a->z.c;
	const float *from = a->partial + (size_t)(set * a->groups + c / VEC) * a->parts * 2 * VEC + c % VEC;
	const double count = (double)sharing_count(a->share, a->z.n, set) * a->space;
	const double pivot = load1(a->z.data, channel_at(&a->z, set * a->share.images, 0, c), a->z.type);
	double s = 0, q = 0;

	for (uint32_t k = 0; k < a->parts; k++, from += 2 * VEC) {
		s += (double)from[0];
		q += (double)from[VEC];
	}
	s /= count;
	q = q / count - s * s;
	a->mean[i] = pivot + s;
	a->var[i] = q > 0 ? q : 0;
}
EACH_OF(moments, stats)

/* The most images that share statistics. */
static int64_t most_sharing(const struct sharing *s, int64_t n)
{
	const int64_t last = sharing_count(*s, n, s->sets - 1);

	return last > s->images ? last : s->images;
}

void cuda_norm_stats(const struct fmap *z, const struct sharing *share, double *mean, double *var)
{
	const uint32_t sets = (uint32_t)share->sets, groups = groups_of(z), space = (uint32_t)fmap_space(z);
	const uint32_t parts = fold_parts(most_sharing(share, z->n) * space);
	float *partial = (float *)device_scratch((size_t)sets * groups * parts * 2 * VEC * sizeof *partial);
	const struct stats a = { *z, *share, space, groups, partial, parts, mean, var };

	stats_fold(&a, sets * groups, parts, partial);
	moments_each(&a, sets * z->c);
}

struct batch {
	const double *mean;
	double *var, eps, count;
	real *running_mean, *running_var;
};

CELL void batch(const struct batch *a, uint32_t c)
{
	const double unbiased = a->count > 1 ? a->count / (a->count - 1) : 1;

	if (a->running_mean) {
		a->running_mean[c] = (real)(0.9 * (double)a->running_mean[c] + 0.1 * a->mean[c]);
		a->running_var[c] = (real)(0.9 * (double)a->running_var[c] + 0.1 * unbiased * a->var[c]);
	}
	a->var[c] = 1 / sqrt(a->var[c] + a->eps);
}
EACH(batch)

void cuda_norm_batch(const double *mean, double *var, int64_t c, int64_t count, double eps, real *running_mean, real *running_var)
{
	const struct batch a = { mean, var, eps, (double)count, running_mean, running_var };
	batch_each(&a, c);
}

struct fixed {
	double *mean, *rstd, eps;
	const real *running_mean, *running_var;
};

CELL void fixed(const struct fixed *a, uint32_t c)
{
	a->mean[c] = (double)a->running_mean[c];
	a->rstd[c] = 1 / sqrt((double)a->running_var[c] + a->eps);
}
EACH(fixed)

void cuda_norm_fixed(double *mean, double *rstd, int64_t c, double eps, const real *running_mean, const real *running_var)
{
	const struct fixed a = { mean, rstd, eps, running_mean, running_var };
	fixed_each(&a, c);
}

/* --- the constants of each physical channel, for all images that share statistics: rows mean, scale, beta, slant, lift --- */

enum { MEAN, SCALE, BETA, SLANT, LIFT, CONSTANTS };

struct constants {
	struct norm_act p;
	float *to;
	uint32_t physical;
};

CELL void constants(const struct constants *a, uint32_t i)
{
	const uint32_t set = i / a->physical, c = i % a->physical, at = set * (uint32_t)a->p.z.c + c;
	const bool is = c < a->p.z.c;
	float *to = a->to + set * CONSTANTS * a->physical + c;

	to[MEAN * a->physical] = is ? (float)a->p.mean[at] : 0;
	to[SCALE * a->physical] = is ? (float)((double)a->p.gamma[c] * a->p.rstd[at]) : 0;
	to[BETA * a->physical] = is ? a->p.beta[c] : 0;
	to[SLANT * a->physical] = 0;
	to[LIFT * a->physical] = 0;
}
EACH(constants)

/* --- a thread's work: some windows of the pooling or, without, RUN pixels --- */

enum { RUN = 4 };

struct pass {
	struct norm_act p;
	struct fmap dy, dpool, dz; /* backward; data may be NULL */
	const float *constant;     /* [set][CONSTANTS][physical] */
	uint32_t physical, groups, space, images, sets; /* the last two as in struct sharing */
	uint32_t cells[3], all;    /* per image along d, h, w; without pooling 1, 1, and runs; and of all images */
	float slope, grow;
	uint32_t drop;             /* words below it are dropped; 0: none */
};

/* The window's pixels in row-major order, cut off at odd ends; or every WARP-th of a run. */
struct cell {
	uint32_t n, group, first; /* image, channels, first pixel */
	uint32_t size[3];         /* of a window: what there is of it */
	int64_t pooled;           /* the pixel of the pooled map, or -1: the window is not whole */
};

CELL struct cell cell_of(const struct pass *a, uint32_t n, uint32_t k, uint32_t group)
{
	const struct fmap *z = &a->p.z;
	const uint32_t deep = a->p.dims == 3 ? 2 : 1, w = k % a->cells[2], h = k / a->cells[2] % a->cells[1], d = k / a->cells[2] / a->cells[1];
	struct cell c;

	c.n = n;
	c.group = group;
	c.pooled = -1;
	if (!a->p.pool.data) {
		c.first = k / WARP * (WARP * RUN) + k % WARP;
		return c;
	}
	c.first = (uint32_t)((d * deep * z->h + 2 * h) * z->w + 2 * w);
	c.size[0] = d * deep + deep <= z->d ? deep : 1;
	c.size[1] = 2 * h + 2 <= z->h ? 2 : 1;
	c.size[2] = 2 * w + 2 <= z->w ? 2 : 1;
	if (c.size[0] == deep && c.size[1] == 2 && c.size[2] == 2)
		c.pooled = (d * a->p.pool.h + h) * a->p.pool.w + w;
	return c;
}

/* Pixels that a cell may have, and pixel k of it; false: there is none. */
CELL uint32_t cell_most(const struct pass *a) { return !a->p.pool.data ? RUN : a->p.dims == 3 ? 8 : 4; }

CELL bool cell_pixel(const struct pass *a, const struct cell *c, uint32_t k, uint32_t *q)
{
	if (!a->p.pool.data) {
		*q = c->first + k * WARP;
		return *q < a->space;
	}
	const uint32_t z = k / 4, y = k / 2 % 2, x = k % 2;
	*q = (uint32_t)(c->first + (z * a->p.z.h + y) * a->p.z.w + x);
	return z < c->size[0] && y < c->size[1] && x < c->size[2];
}

CELL struct vec8 constant(const struct pass *a, uint32_t which, uint32_t n, uint32_t group)
{
	const uint32_t part = n / a->images, set = part < a->sets ? part : a->sets - 1;

	return load8(a->constant, (int64_t)(set * CONSTANTS + which) * a->physical + group * VEC, F_REAL);
}

/* Which of a pixel's eight channels stay, as bits. */
CELL uint32_t kept(const struct pass *a, const struct cell *c, uint32_t q)
{
	uint32_t bits = 0;

	if (!a->drop)
		return 0xff;
	for (uint32_t j = 0; j < VEC; j++) {
		const uint32_t lane = c->group % GROUPS * VEC + j, block = c->group / GROUPS;
		const uint32_t word = philox_word(philox(q >> 2, block << 4 | lane, c->n, a->p.layer, a->p.key[0], a->p.key[1]), q & 3);
		bits |= (uint32_t)(word >= a->drop) << j;
	}
	return bits;
}

/* The constants of eight channels. */
struct affine {
	struct vec8 mean, scale, beta;
};

CELL struct affine affine_of(const struct pass *a, uint32_t n, uint32_t group)
{
	struct affine k;
	k.mean = constant(a, MEAN, n, group);
	k.scale = constant(a, SCALE, n, group);
	k.beta = constant(a, BETA, n, group);
	return k;
}

/* y of channel j of a pixel, rounded to its type; *linear: where the activation is. */
CELL float activated(const struct pass *a, const struct affine *k, int j, float centred, uint32_t keep, bool *linear)
{
	const float x = centred * k->scale.x[j] + k->beta.x[j];

	*linear = x > 0;
	return keep >> j & 1 ? rounded((*linear ? x : x * a->slope) * a->grow, a->p.z.type) : 0;
}

CELL void forward(const struct pass *a, uint32_t i)
{
	const struct place at = place_of(i, a->groups, a->cells[0] * a->cells[1] * a->cells[2]);
	const struct cell c = cell_of(a, at.n, at.q, at.group);
	const struct affine k = affine_of(a, c.n, c.group);
	struct vec8 best;
	bool linear;
	uint32_t q;

	for (int j = 0; j < VEC; j++)
		best.x[j] = -INFINITY;
	for (uint32_t m = 0; m < cell_most(a); m++) {
		if (!cell_pixel(a, &c, m, &q))
			continue;
		const uint32_t keep = kept(a, &c, q);
		struct vec8 v = load8(a->p.z.data, group_at(&a->p.z, c.n, q, c.group), a->p.z.type);
		for (int j = 0; j < VEC; j++) {
			v.x[j] = activated(a, &k, j, v.x[j] - k.mean.x[j], keep, &linear);
			best.x[j] = v.x[j] > best.x[j] ? v.x[j] : best.x[j];
		}
		if (a->p.y.data)
			store8(a->p.y.data, group_at(&a->p.y, c.n, q, c.group), a->p.y.type, v);
	}
	if (c.pooled >= 0)
		store8(a->p.pool.data, group_at(&a->p.pool, c.n, (uint32_t)c.pooled, c.group), a->p.pool.type, best);
}
EACH_OF(forward, pass)

/* The way back through pooling, dropout and activation: what a cell's pixels share. */
struct way {
	struct affine k;
	struct vec8 best, gain;
	uint32_t found; /* channels whose maximum has been met, or that have none */
};

CELL struct way way_of(const struct pass *a, const struct cell *c)
{
	struct way w;
	bool linear;
	uint32_t q;

	w.k = affine_of(a, c->n, c->group);
	w.found = 0xff;
	if (c->pooled < 0 || !a->dpool.data)
		return w;
	w.found = 0;
	w.gain = load8(a->dpool.data, group_at(&a->dpool, c->n, (uint32_t)c->pooled, c->group), a->dpool.type);
	for (int j = 0; j < VEC; j++)
		w.best.x[j] = -INFINITY;
	for (uint32_t m = 0; m < cell_most(a); m++) {
		if (!cell_pixel(a, c, m, &q))
			continue;
		const uint32_t keep = kept(a, c, q);
		const struct vec8 v = load8(a->p.z.data, group_at(&a->p.z, c->n, q, c->group), a->p.z.type);
		for (int j = 0; j < VEC; j++) {
			const float y = activated(a, &w.k, j, v.x[j] - w.k.mean.x[j], keep, &linear);
			w.best.x[j] = y > w.best.x[j] ? y : w.best.x[j];
		}
	}
	return w;
}

/* The gradient of the normalised value at pixel q, and z - mean there. Pixels must come in order. */
CELL void gradient(const struct pass *a, const struct cell *c, struct way *w, uint32_t q, struct vec8 *g, struct vec8 *centred)
{
	const uint32_t keep = kept(a, c, q);
	bool linear;

	*centred = load8(a->p.z.data, group_at(&a->p.z, c->n, q, c->group), a->p.z.type);
	if (a->dy.data)
		*g = load8(a->dy.data, group_at(&a->dy, c->n, q, c->group), a->dy.type);
	for (int j = 0; j < VEC; j++) {
		float d = a->dy.data ? g->x[j] : 0;
		centred->x[j] -= w->k.mean.x[j];
		const float y = activated(a, &w->k, j, centred->x[j], keep, &linear);
		if (!(w->found >> j & 1) && y == w->best.x[j]) {
			d += w->gain.x[j];
			w->found |= 1u << j;
		}
		g->x[j] = keep >> j & 1 ? (linear ? d : d * a->slope) * a->grow : 0;
	}
}

CELL void sums(const struct pass *a, uint32_t group, uint32_t thread, uint32_t threads, float *sum)
{
	const uint32_t per_image = a->cells[0] * a->cells[1] * a->cells[2], set = group / a->groups, first = set * a->images;
	const uint32_t cells = (uint32_t)sharing_count(a->p.share, a->p.z.n, set) * per_image;
	struct vec8 g, centred;
	uint32_t q;

	group %= a->groups;
	for (uint32_t i = thread; i < cells; i += threads) {
		const struct cell c = cell_of(a, first + i / per_image, i % per_image, group);
		struct way w = way_of(a, &c);
		for (uint32_t m = 0; m < cell_most(a); m++) {
			if (!cell_pixel(a, &c, m, &q))
				continue;
			gradient(a, &c, &w, q, &g, &centred);
			for (int j = 0; j < VEC; j++) {
				sum[j] += g.x[j];
				sum[VEC + j] += g.x[j] * centred.x[j];
			}
		}
	}
}
FOLD_OF(sums, pass, 2 * VEC)

/* Adds to dgamma and dbeta, and finds slant and lift of a channel: dz = scale g + slant (z - mean) + lift. */
struct slopes {
	struct norm_act p;
	const float *partial;
	uint32_t parts, physical, groups, sets;
	double space;
	bool fixed;
	real *dgamma, *dbeta;
	float *constant;
};

CELL void slopes(const struct slopes *a, uint32_t c)
{
	double shift = 0, slope = 0;

	for (uint32_t set = 0; set < a->sets; set++) {
		const float *from = a->partial + (size_t)(set * a->groups + c / VEC) * a->parts * 2 * VEC + c % VEC;
		const double rstd = a->p.rstd[set * a->p.z.c + c], scale = (double)a->p.gamma[c] * rstd;
		const double count = (double)sharing_count(a->p.share, a->p.z.n, set) * a->space;
		float *to = a->constant + set * CONSTANTS * a->physical + c;
		double s = 0, t = 0;

		for (uint32_t k = 0; k < a->parts; k++, from += 2 * VEC) {
			s += (double)from[0];
			t += (double)from[VEC];
		}
		shift += s;
		slope += t * rstd;
		to[SLANT * a->physical] = a->fixed ? 0 : (float)(-scale * rstd * rstd * t / count);
		to[LIFT * a->physical] = a->fixed ? 0 : (float)(-scale * s / count);
	}
	a->dbeta[c] += (real)shift;
	a->dgamma[c] += (real)slope;
}
EACH(slopes)

CELL void backward(const struct pass *a, uint32_t i)
{
	const struct place at = place_of(i, a->groups, a->cells[0] * a->cells[1] * a->cells[2]);
	const struct cell c = cell_of(a, at.n, at.q, at.group);
	const struct vec8 slant = constant(a, SLANT, c.n, c.group), lift = constant(a, LIFT, c.n, c.group);
	struct way w = way_of(a, &c);
	struct vec8 g, centred;
	uint32_t q;

	for (uint32_t m = 0; m < cell_most(a); m++) {
		if (!cell_pixel(a, &c, m, &q))
			continue;
		gradient(a, &c, &w, q, &g, &centred);
		for (int j = 0; j < VEC; j++)
			g.x[j] = g.x[j] * w.k.scale.x[j] + (centred.x[j] * slant.x[j] + lift.x[j]);
		store8(a->dz.data, group_at(&a->dz, c.n, q, c.group), a->dz.type, g);
	}
}
EACH_OF(backward, pass)

/* What both ways need; room: floats of scratch behind the constants, *rest, for images that share statistics. */
static void pass_init(struct pass *a, const struct norm_act *p, size_t room, float **held, float **rest)
{
	struct constants k;

	memset(a, 0, sizeof *a);
	a->p = *p;
	a->physical = (uint32_t)fmap_blocks(&p->z) * PM_LANES;
	a->groups = groups_of(&p->z);
	a->space = (uint32_t)fmap_space(&p->z);
	a->images = (uint32_t)p->share.images;
	a->sets = (uint32_t)p->share.sets;
	a->slope = (float)p->slope;
	a->grow = p->drop < 1 ? (float)(1 / (1 - p->drop)) : 0;
	a->drop = p->drop >= 1 ? UINT32_MAX : (uint32_t)ceil(p->drop * 4294967296.0);
	a->cells[0] = a->cells[1] = 1;
	a->cells[2] = (a->space + WARP * RUN - 1) / (WARP * RUN) * WARP;
	if (p->pool.data) {
		a->cells[0] = (uint32_t)(p->dims == 3 ? (p->z.d + 1) / 2 : p->z.d);
		a->cells[1] = (uint32_t)(p->z.h + 1) / 2;
		a->cells[2] = (uint32_t)(p->z.w + 1) / 2;
	}
	a->all = (uint32_t)p->z.n * a->cells[0] * a->cells[1] * a->cells[2];
	const size_t constant = (size_t)a->sets * CONSTANTS * a->physical;
	*held = (float *)device_scratch((constant + room * a->sets) * sizeof **held);
	*rest = *held + constant;
	a->constant = *held;
	k.p = *p;
	k.to = *held;
	k.physical = a->physical;
	constants_each(&k, (int64_t)a->sets * a->physical);
}

void cuda_norm_act(const struct norm_act *p)
{
	struct pass a;
	float *held, *rest;

	pass_init(&a, p, 0, &held, &rest);
	forward_each(&a, (int64_t)a.all * a.groups);
}

void cuda_norm_act_bwd(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed, real *dgamma, real *dbeta,
	struct fmap *dz)
{
	const uint32_t parts = fold_parts(most_sharing(&p->share, p->z.n) * fmap_space(&p->z) / RUN), groups = groups_of(&p->z);
	struct pass a;
	float *held, *rest;

	pass_init(&a, p, (size_t)groups * parts * 2 * VEC, &held, &rest);
	a.dy = *dy;
	a.dpool = *dpool;
	a.dz = *dz;
	const struct slopes l = { *p, rest, parts, a.physical, groups, a.sets, (double)a.space, fixed, dgamma, dbeta, held };
	sums_fold(&a, a.sets * groups, parts, rest);
	slopes_each(&l, p->z.c);
	backward_each(&a, (int64_t)a.all * groups);
}
