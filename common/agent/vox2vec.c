/*
 * vox2vec.c: the same voxel, seen in two pieces of an image, shall have the same features, and other voxels others. The encoder
 * learns that from images alone; the decoder is not asked.
 */
#include "agent/methods.h"
#include "agent/views.h"
#include "base/rng.h"
#include "loss/terms.h"

#include <math.h>
#include <stdlib.h>

struct conf {
	struct numbers size, overlap;
	int64_t voxels, hidden, project;
	double temperature;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "DxHxW", "64x128x128", 1, 4096, "of a view; where the image is smaller, as large as that"),
	OPT_NUMBER(struct conf, overlap, 0, "DxHxW", "8x12x12", 1, 4096, "of two views, at least"),
	OPT_NUMBER(struct conf, voxels, 0, "N", "1024", 2, 65536, "that are compared of each image; as many as the least overlap holds, if fewer"),
	OPT_NUMBER(struct conf, hidden, 0, "N", "1024", 1, 65536, "channels of the head's layers"),
	OPT_NUMBER(struct conf, project, 0, "N", "1024", 1, 65536, "and of the vectors it makes"),
	OPT_NUMBER(struct conf, temperature, 0, "X", "0.1", 0.02, 10, "of the similarities"),
	OPT_END,
};

/* The sizes of a step: images come first as the first views, then once more as the second ones. */
struct plan {
	int64_t views, view[3], least[3], points;
};

static struct plan plan(const struct run *r)
{
	const struct conf *c = r->conf;
	struct plan p = { .views = 2 * r->samples, .points = 1 };

	if (c->size.n != 3 || c->overlap.n != 3)
		die(PM_USAGE, "--agent vox2vec: size and overlap are DxHxW; 1xHxW for a 2-D network");
	for (int a = 0; a < 3; a++) {
		p.view[a] = (int64_t)fmin(c->size.v[a], (double)r->size[a]);
		p.least[a] = (int64_t)fmin(c->overlap.v[a], (double)p.view[a]);
		p.points *= p.least[a];
	}
	p.points = c->voxels < p.points ? c->voxels : p.points;
	return p;
}

/* What is told: of each kind so many numbers for each view. LOW and SCALE: of the window; AT: the voxels to be compared. */
enum { FROM, BLUR = FROM + 3, NOISE = BLUR + TAPS, SHARP, GAMMA, LOW, SCALE, AT };

/* How view v differs from the image in its intensities, which go from 0 to 1. */
static void tell_look(struct rng *g, const struct plan *p, int64_t v, float *out)
{
	const bool blur = rng_uniform(g) < 0.5;
	const double sigma = rng_range(g, 0.5, blur ? 1.5 : 2), sharp = rng_range(g, 0, 2);

	gaussian_taps(sigma, out + BLUR * p->views + v * TAPS);
	const bool noisy = rng_uniform(g) < 0.8, bent = rng_uniform(g) < 0.8, cut = rng_uniform(g) < 0.8;
	const double low = rng_range(g, -0.1, 0.1), high = 1 + rng_range(g, -0.1, 0.1);
	out[NOISE * p->views + v] = noisy ? (float)rng_range(g, 0.05, 0.1) : 0;
	out[SHARP * p->views + v] = blur ? -1 : (float)sharp;
	out[GAMMA * p->views + v] = bent ? (float)rng_range(g, 0.5, 2) : 1;
	out[LOW * p->views + v] = cut ? (float)low : 0;
	out[SCALE * p->views + v] = cut ? (float)(1 / (high - low)) : 1;
}

/* Where the views of image i begin, and different voxels of what both see (Floyd's way to draw without replacement). */
static void tell_places(struct rng *g, const struct run *r, const struct plan *p, int64_t i, float *out)
{
	int64_t from[2][3], shift[3], both[3], all = 1;

	for (int a = 0; a < 3; a++) {
		const int64_t room = r->size[a] - p->view[a], most = p->view[a] - p->least[a];
		shift[a] = rng_int(g, 0, most < room ? most : room);
		from[0][a] = rng_int(g, 0, room - shift[a]);
		from[1][a] = from[0][a] + shift[a];
		all *= both[a] = p->view[a] - shift[a];
	}
	for (int k = 0; k < 2; k++)
		for (int a = 0; a < 3; a++)
			out[FROM + (k * r->samples + i) * 3 + a] = (float)from[k][a];
	bool *taken = xcalloc((size_t)all, sizeof *taken);
	for (int64_t k = 0; k < p->points; k++) {
		const int64_t last = all - p->points + k, drawn = rng_int(g, 0, last), chosen = taken[drawn] ? last : drawn;
		const int64_t at[3] = { chosen / (both[1] * both[2]), chosen / both[2] % both[1], chosen % both[2] };
		taken[chosen] = true;
		for (int a = 0; a < 3; a++) {
			float *to = out + AT * p->views + (i * p->points + k) * 3 + a;
			*to = (float)(at[a] + shift[a]);
			to[r->samples * p->points * 3] = (float)at[a];
		}
	}
	free(taken);
}

static int64_t tell(const struct run *r, float *out)
{
	const struct plan p = plan(r);
	struct rng g;

	if (out) {
		rng_init(&g, r->seed, "vox2vec", (uint64_t)r->iter, "", 0);
		for (int64_t v = 0; v < p.views; v++)
			tell_look(&g, &p, v, out);
		for (int64_t i = 0; i < r->samples; i++)
			tell_places(&g, r, &p, i, out);
	}
	return p.views * (AT + 3 * p.points);
}

/* --- the views --- */

/* A number of each image, for all its voxels. */
static struct node *all_over(struct graph *g, struct node *number, const struct fmap *v)
{
	return op_spread(g, op_spread(g, op_spread(g, op_spread(g, number, 1, v->c), 2, v->d), 3, v->h), 4, v->w);
}

static struct node *largest(struct graph *g, struct node *x)
{
	for (int axis = 4; axis >= 1; axis--)
		x = op_max(g, x, axis);
	return x;
}

static struct node *by_view(struct run *r, struct node *x, int kind)
{
	return product_of(r->g, x, all_over(r->g, told(r, kind * x->v.n, x->v.n), &x->v));
}

/* Noise, blur or the contrary of it, a gamma curve and a window, then back to where the image's intensities were. */
static struct node *look(struct run *r, const struct plan *p, struct node *x)
{
	struct graph *g = r->g;
	struct node *high = largest(g, x), *minus_low = largest(g, linear(g, -1, x, 0)), *range = linear(g, 1, sum_of(g, high, minus_low), 1e-8);
	struct node *off = all_over(g, minus_low, &x->v), *wide = all_over(g, range, &x->v);

	x = ratio_of(g, sum_of(g, x, off), wide);
	x = sum_of(g, x, by_view(r, op_noise(g, linear(g, 0, x, 0), 1, 3), NOISE));
	struct node *blurred = x, *taps = told(r, BLUR * p->views, p->views * TAPS);
	const int64_t size[3] = { x->v.d, x->v.h, x->v.w };
	for (int axis = 0; axis < 3; axis++)
		blurred = size[axis] > 1 ? op_blur(g, blurred, taps, 2 + axis) : blurred;
	x = clipped(g, sum_of(g, x, by_view(r, op_binary(g, B_SUB, x, blurred), SHARP)));
	x = op_unary(g, U_EXP, 0, by_view(r, op_unary(g, U_LOG, 0, linear(g, 1, x, 1e-6)), GAMMA));
	x = op_binary(g, B_SUB, x, all_over(g, told(r, LOW * p->views, p->views), &x->v));
	return op_binary(g, B_SUB, product_of(g, clipped(g, by_view(r, x, SCALE)), wide), off);
}

static struct node *views(struct run *r, const struct plan *p)
{
	struct graph *g = r->g;

	still_begin(g);
	struct node *x = op_crop(g, op_to_plain(g, r->image), told(r, FROM, 3 * p->views), p->view);
	x = op_to_maps(g, look(r, p, x));
	still_end(g);
	return x;
}

/* --- the vectors --- */

/* Linear, and batch norm and ReLU but for the last. */
static struct node *layer(struct run *r, struct node *x, int index, int64_t channels, bool last)
{
	const struct filter point = { .dims = 2, .kernel = 1 };
	char name[16];

	snprintf(name, sizeof name, "head.%d", index);
	x = conv_by(r->g, r->ps[0], x, name, &point, channels, last ? CONV_TO_LOGITS : CONV_TO_NORM);
	return last ? op_plain(r->g, x) : norm_by(r->g, r->ps[0], x, "head", index + 1, &(struct norm){ .slope = 0 }, NULL);
}

/* Of each voxel a vector of length 1: [views,project,1,1,points]. */
static struct node *vectors(struct run *r, const struct plan *p)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *level[PM_OUTPUTS];
	const int n = r->arch[0].net->features(g, r->arch[0].conf, r->ps[0], views(r, p), level);

	for (int i = 0; i < n; i++)
		level[i] = op_plain(g, level[i]);
	struct node *x = op_maps(g, op_gather(g, level, n, told(r, AT * p->views, 3 * p->views * p->points)));
	x = layer(r, layer(r, x, 0, c->hidden, false), 3, c->hidden, false);
	x = layer(r, x, 6, c->project, true);
	struct node *length = op_unary(g, U_SQRT, 0, linear(g, 1, op_sum(g, op_unary(g, U_SQUARE, 0, x), 1), 1e-12));
	return ratio_of(g, x, op_spread(g, length, 1, x->v.c));
}

static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	const struct plan p = plan(r);
	struct node *x = vectors(r, &p), *first = op_part(r->g, x, 0, r->samples), *second = op_part(r->g, x, r->samples, r->samples);

	return main_output(r, x, info_nce(r->g, first, second, c->temperature));
}

const struct agent agent_vox2vec = {
	.p = { "vox2vec", "pre-training of an encoder: a voxel has the same features in two views of an image; --loss is not used",
		"Goncharov et al., vox2vec: a framework for self-supervised contrastive learning of voxel-level representations, MICCAI 2023", opts,
		sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.from_images = true,
	.tell = tell,
	.loss = loss,
};
