/* views.c: see views.h. */
#include "agent/views.h"

#include "base/rng.h"
#include "loss/terms.h"

#include <math.h>
#include <string.h>

/* What one strong view of n samples is told: n times the first kind, then n times the next. */
enum { SCALE, SHIFT, POWER, TAP, CORNER = TAP + TAPS, CORNERS = 6, NUMBERS = CORNER + CORNERS };

static const double changed = 0.8, blurred = 0.5, least_blur = 0.1, least_ratio = 0.3;

static void check(const struct viewed *c)
{
	if (c->area.n != 2 || c->area.v[0] > c->area.v[1])
		die(PM_USAGE, "--agent: area wants two numbers, the smaller one first, as area=0.02x0.4");
	if (c->gamma.n != 2 || c->gamma.v[0] > c->gamma.v[1])
		die(PM_USAGE, "--agent: gamma wants two numbers, the smaller one first, as gamma=0.7x1.5");
}

void gaussian_taps(double sigma, float tap[TAPS])
{
	double w[TAPS], sum = 0;

	for (int i = 0; i < TAPS; i++)
		sum += w[i] = exp(-0.5 * pow((i - TAPS / 2) / sigma, 2));
	for (int i = 0; i < TAPS; i++)
		tap[i] = (float)(w[i] / sum);
}

static void draw_blur(struct rng *g, const struct viewed *c, float tap[TAPS])
{
	memset(tap, 0, TAPS * sizeof *tap);
	if (c->blur < least_blur || rng_uniform(g) >= blurred)
		tap[TAPS / 2] = 1;
	else
		gaussian_taps(rng_range(g, least_blur, c->blur), tap);
}

/*
 * From and to, d,h,w. Sides are shares of the image's: each but the last `ratio` times the last, ratio from 0.3 to 1 / 0.3, and
 * so long that their product is the area; drawn until it fits.
 */
static void draw_box(struct rng *g, const struct viewed *c, const int64_t size[3], float box[CORNERS])
{
	const int first = size[0] > 1 ? 0 : 1;
	double side[3], longest;

	memset(box, 0, CORNERS * sizeof *box);
	if (rng_uniform(g) >= c->cutmix)
		return;
	do {
		double product = 1;
		for (int i = first; i < 3; i++)
			product *= side[i] = i < 2 ? rng_range(g, least_ratio, 1 / least_ratio) : 1;
		const double last = pow(rng_range(g, c->area.v[0], c->area.v[1]) / product, 1.0 / (3 - first));
		longest = 0;
		for (int i = first; i < 3; i++)
			longest = fmax(longest, side[i] *= last);
	} while (longest > 1);
	for (int i = 0; i < 3; i++) {
		const int64_t length = i < first ? size[i] : (int64_t)(side[i] * (double)size[i]), from = rng_int(g, 0, size[i] - length);
		box[i] = (float)from;
		box[3 + i] = (float)(from + length);
	}
}

int64_t tell_views(const struct run *r, const struct viewed *c, int views, float *out)
{
	const int64_t n = r->samples - r->labeled;
	struct rng g;

	check(c);
	if (arch_whole(r->arch) && c->cutmix > 0)
		die(PM_USAGE, "--agent: a box of another image has no class where --net %s says one of the whole image: give cutmix=0", r->arch->net->p.name);
	if (!out)
		return views * n * NUMBERS;
	rng_init(&g, r->seed, "views", (uint64_t)r->iter, "", 0);
	for (int view = 0; view < views; view++, out += n * NUMBERS)
		for (int64_t i = 0; i < n; i++) {
			const bool change = rng_uniform(&g) < changed;
			const double brightness = change ? rng_range(&g, 1 - c->jitter, 1 + c->jitter) : 1;
			const double contrast = change ? rng_range(&g, 1 - c->jitter, 1 + c->jitter) : 1;
			out[SCALE * n + i] = (float)(brightness * contrast);
			out[SHIFT * n + i] = (float)(brightness * (1 - contrast));
			out[POWER * n + i] = change ? (float)rng_range(&g, c->gamma.v[0], c->gamma.v[1]) : 1;
			draw_blur(&g, c, out + TAP * n + i * TAPS);
			draw_box(&g, c, r->size, out + CORNER * n + i * CORNERS);
		}
	return views * n * NUMBERS;
}

/* `count` kinds of view number `which`. */
static struct node *numbers(struct run *r, int which, int kind, int count)
{
	const int64_t n = r->samples - r->labeled;

	return told(r, (which * NUMBERS + kind) * n, count * n);
}

/* The greatest of each channel of each sample, [n,c]. */
static struct node *greatest(struct graph *g, struct node *x) { return op_max(g, op_max(g, op_max(g, x, 4), 3), 2); }

/* x times a number for each sample, [n]. */
static struct node *by_sample(struct graph *g, struct node *x, struct node *number) { return by_pixel(g, x, to_space(g, number, &x->v)); }

static struct node *changed_and_blurred(struct run *r, int which, struct node *image)
{
	struct graph *g = r->g;
	struct node *x = op_to_plain(g, image), *least = linear(g, -1, greatest(g, linear(g, -1, x, 0)), 0);
	struct node *range = linear(g, 1, op_binary(g, B_SUB, greatest(g, x), least), 1e-30); /* 0 of an image of one value */
	const struct fmap v = x->v;

	x = ratio_of(g, op_binary(g, B_SUB, x, to_space(g, least, &v)), to_space(g, range, &v));
	struct node *grey = linear(g, 1 / (double)(v.d * v.h * v.w), space_sums(g, x), 0);
	x = sum_of(g, by_sample(g, x, numbers(r, which, SCALE, 1)), to_space(g, by_pixel(g, grey, numbers(r, which, SHIFT, 1)), &v));
	x = clipped(g, x);
	x = op_unary(g, U_EXP, 0, by_sample(g, op_unary(g, U_LOG, 0, linear(g, 1, x, 1e-6)), numbers(r, which, POWER, 1)));
	x = sum_of(g, product_of(g, x, to_space(g, range, &v)), to_space(g, least, &v));
	struct node *taps = numbers(r, which, TAP, TAPS);
	return op_blur(g, op_blur(g, x, taps, 3), taps, 4);
}

struct node *strong_view_of(struct run *r, int which, struct node *own, struct node *others)
{
	struct graph *g = r->g;
	const int64_t n = own->v.n, half = n / 2;

	still_begin(g);
	struct node *in = op_box(g, numbers(r, which, CORNER, CORNERS), (int64_t[]){ own->v.d, own->v.h, own->v.w });
	if (half)
		others = op_join(g, op_part(g, others, half, n - half), op_part(g, others, 0, half));
	still_end(g);
	return pasted(g, in, others, own);
}

struct node *strong_view(struct run *r, int which, struct node *image)
{
	still_begin(r->g);
	struct node *x = changed_and_blurred(r, which, image);
	still_end(r->g);
	return strong_view_of(r, which, x, x);
}

struct node *confident(struct graph *g, const struct viewed *c, struct node *z, struct node *q)
{
	still_begin(g);
	struct node *sure = linear(g, -1, op_unary(g, U_STEP, 0, linear(g, -1, op_max(g, q, 1), c->threshold)), 1), *y = op_argmax(g, q);
	still_end(g);
	if (!strcmp(c->loss, "dice"))
		return linear(g, -1, mean_of(g, square_dice(g, op_softmax(g, z), op_onehot(g, y, z->v.c), sure, 1e-5)), 1);
	struct node *sums = op_ce(g, z, y, sure, NULL), *sum = op_part(g, sums, 0, 1);
	if (!strcmp(c->denominator, "kept"))
		return ratio_of(g, sum, linear(g, 1, op_part(g, sums, 1, 1), 1e-10));
	return linear(g, 1 / (double)(z->v.n * z->v.d * z->v.h * z->v.w), sum, 0);
}
