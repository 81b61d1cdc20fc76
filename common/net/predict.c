/*
 * predict.c: see predict.h. Tiles are cut from the image, run in batches, and added to the planes they cover, all in the
 * backend's memory. Of image and sums it holds the planes that one batch touches, in rings: see struct tile.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/cover.h"
#include "net/predict.h"
#include "nn/tiles.h"

/* One image on its way through the network. */
struct pass {
	const float *image; /* the host's */
	int64_t channels, plane; /* elements of a plane of one channel or class */
	struct cover cover[3];
	int64_t row, windows; /* windows that begin at the same plane, and all */
	int64_t batch, ring;
	int64_t brought; /* planes of the image that have been copied so far */
	int64_t first;     /* the window that comes next */
	struct tile *tile; /* [batch] */
	struct cover one;  /* where the class of the whole image goes, on each axis */
};

struct predictor {
	struct predict_conf conf;
	int dims;
	bool whole;
	int64_t multiple[3];
	int kind[PM_MEMBERS], kinds; /* members of the same architecture are of one kind */
	struct graph g, dry[PM_MEMBERS][2]; /* two dry runs of each kind: when values are last read, and where they lie in g */
	int follows;       /* the kind that g follows */
	bool open;         /* g is initialised, for batches of up to so many tiles of this shape: */
	int64_t batch, channels, tile[3];
	int64_t asked, pixels; /* the batch that was wanted, and the pixels of planes it touches: batch is what fits */
	int64_t n;         /* for as many it is ready */
	size_t bytes;      /* of g's arena */
	real *sums;        /* [ring,K,H,W] of logits; image and label lie behind them */
	float *image;      /* [C,ring,H,W] */
	uint8_t *label;    /* [ring,H,W], for slab_classes */
	size_t held;       /* bytes of all three */
	struct pass pass;  /* the image under way */
};

struct predictor *predictor_open(const struct predict_conf *conf, struct err *e)
{
	static const char axis[3] = { 'D', 'H', 'W' };
	struct predictor *p = xcalloc(1, sizeof *p);
	p->conf = *conf;
	p->dims = arch_dims(conf->arch);
	p->whole = arch_whole(conf->arch);
	archs_multiple(conf->arch, conf->members, p->multiple);
	for (int a = 3 - p->dims; a < 3; a++) {
		int64_t w = conf->window[a], s = conf->stride[a], m = p->multiple[a];
		if (w < 0 || s < 0 || w % m || (w && s > w)) {
			if (w > 0 && w % m)
				err_set(e, "window: %lld along %c; this network takes multiples of %lld", (long long)w, axis[a], (long long)m);
			else
				err_set(e, "stride: %lld along %c does not fit the window %lld", (long long)s, axis[a], (long long)w);
			free(p);
			return NULL;
		}
	}
	if (p->conf.batch <= 0)
		p->conf.batch = p->dims == 2 ? 8 : 1;
	for (int m = 0; m < conf->members; m++) {
		int same = 0;
		while (memcmp(&conf->arch[same], &conf->arch[m], sizeof conf->arch[m]))
			same++;
		p->kind[m] = same < m ? p->kind[same] : p->kinds++;
	}
	return p;
}

static void let_go(struct predictor *p)
{
	if (p->held)
		p->conf.backend->free(p->sums, p->held);
	p->held = 0;
}

/* Makes room for so many pixels of the three, the sums zero. */
static void hold(struct predictor *p, int64_t channels, int64_t pixels)
{
	const struct backend *be = p->conf.backend;
	const size_t n = (size_t)pixels, sums = n * (size_t)p->conf.classes * sizeof *p->sums;
	const size_t image = n * (size_t)channels * sizeof *p->image, all = sums + image + n;
	if (p->held < all) {
		let_go(p);
		p->sums = be->alloc(p->held = all);
	}
	p->image = (float *)((char *)p->sums + sums);
	p->label = (uint8_t *)p->image + image;
	be->zero(p->sums, sums);
}

static void dry_close(struct graph dry[][2], int kinds)
{
	for (int k = 0; k < kinds; k++)
		for (int i = 0; i < 2; i++)
			graph_fini(&dry[k][i]);
}

static void graph_close(struct predictor *p)
{
	if (p->open) {
		graph_fini(&p->g);
		dry_close(p->dry, p->kinds);
	}
	p->open = false;
	p->bytes = 0;
}

void predictor_close(struct predictor *p)
{
	graph_close(p);
	let_go(p);
	if (p->pass.tile) {
		cover_fini(&p->pass.one);
		for (int a = 0; a < 3; a++)
			cover_fini(&p->pass.cover[a]);
	}
	free(p->pass.tile);
	free(p);
}

static struct node *forward(const struct predict_conf *conf, struct graph *g, int member, const float *image, int64_t channels,
	const struct tile *tile, int64_t n)
{
	const struct arch *a = &conf->arch[member];
	struct node *out[PM_OUTPUTS] = { NULL };
	struct node *x = op_tiles(g, image, channels, tile, n);
	a->net->forward(g, a->conf, conf->member[member], x, conf->classes, out);
	return out[0];
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The first plane that window i, or a later one, touches. */
static int64_t begin(const struct pass *s, int64_t i)
{
	return i < s->windows ? s->cover[0].start[i / s->row] : s->cover[0].size;
}

/* One past the last plane that the n windows from i on touch. */
static int64_t end(const struct pass *s, int64_t i, int64_t n) { return begin(s, i + n - 1) + s->cover[0].window; }

/* The most planes that a batch touches. */
static int64_t deepest(const struct pass *s, int64_t batch)
{
	int64_t most = 0;
	for (int64_t i = 0; i < s->windows; i += batch) {
		const int64_t planes = end(s, i, least(batch, s->windows - i)) - begin(s, i);
		most = planes > most ? planes : most;
	}
	return most;
}

/* The tiles of n windows, of one flipped copy. */
static void place(struct pass *s, int64_t first, int64_t n, int copy)
{
	const int64_t h = s->cover[1].count, w = s->cover[2].count;
	for (int64_t b = 0, i = first; b < n; b++, i++)
		s->tile[b] = (struct tile){ { cover_window(&s->cover[0], i / s->row, false), cover_window(&s->cover[1], i / w % h, copy & 2),
			cover_window(&s->cover[2], i % w, copy & 1) }, s->ring };
}

/* Two dry runs of n tiles for each kind, the first to learn when a value is last read: the bytes of the arena. */
static size_t measure(const struct predictor *p, const struct pass *s, int64_t n, struct graph dry[][2])
{
	size_t most = 0;
	for (int m = 0, k = 0; m < p->conf.members; m++) {
		if (p->kind[m] < k)
			continue;
		for (int i = 0; i < 2; i++) {
			graph_measure(&dry[k][i], p->conf.backend);
			dry[k][i].type = p->conf.type;
			dry[k][i].training = dry[k][i].grad = false;
			if (i)
				graph_lifetimes(&dry[k][1], &dry[k][0]);
			forward(&p->conf, &dry[k][i], m, NULL, s->channels, s->tile, n);
		}
		const size_t bytes = graph_plan(&dry[k++][1]);
		most = bytes > most ? bytes : most;
	}
	return most;
}

/* Makes the graph ready for n tiles and a kind of member. */
static void prepare(struct predictor *p, const struct pass *s, int64_t n, int kind)
{
	if (!p->open || p->n != n) {
		struct graph dry[PM_MEMBERS][2];
		const size_t need = measure(p, s, n, dry);
		if (p->open && need > p->bytes)
			graph_close(p);
		if (p->open) {
			dry_close(p->dry, p->kinds);
		} else {
			graph_init(&p->g, p->conf.backend, need);
			p->g.type = p->conf.type;
			p->g.training = p->g.grad = false;
			p->bytes = need;
			p->open = true;
		}
		memcpy(p->dry, dry, (size_t)p->kinds * sizeof *dry);
		p->follows = -1;
		p->n = n;
	}
	if (p->follows != kind) {
		graph_lifetimes(&p->g, &p->dry[kind][0]);
		graph_follow(&p->g, &p->dry[kind][1]);
		p->follows = kind;
	}
}

/* --- how much memory --- */

struct need {
	double own, weights, packed, maps, planes; /* bytes; the backend's; weights in the order that convolutions want; with the tables of windows */
};

static double own_of(const struct predict_conf *conf) { return conf->backend->overhead ? (double)conf->backend->overhead() : 0; }

static double weights_of(const struct predict_conf *conf)
{
	double n = 0;
	for (int m = 0; m < conf->members; m++)
		n += (double)(conf->member[m]->total + (conf->member[m]->grad ? conf->member[m]->trainable : 0)) * sizeof(real);
	return n;
}

/* What batches of so many windows take. */
static struct need need_of(const struct predictor *p, const struct pass *s, int64_t batch)
{
	const struct predict_conf *conf = &p->conf;
	const int64_t voxel = s->channels * (int64_t)sizeof(float) + conf->classes * (int64_t)sizeof(real) + 1;
	struct graph dry[PM_MEMBERS][2];
	struct need need = { .own = own_of(conf), .weights = weights_of(conf), .planes = (double)(deepest(s, batch) * s->plane) * (double)voxel };
	for (int a = 0; a < 3; a++)
		need.planes += (double)cover_bytes(&s->cover[a]);
	for (int m = 0; m < conf->members; m++)
		need.packed += (double)conf->member[m]->trainable * sizeof(real);
	need.maps = (double)measure(p, s, batch, dry);
	dry_close(dry, p->kinds);
	return need;
}

/* Bytes that we may take: what we hold and what is free, of which an eighth is for the work of convolutions; or what was set. */
static double most_of(const struct predictor *p)
{
	const struct predict_conf *conf = &p->conf;
	const double set = conf->memory ? (double)conf->memory : INFINITY;
	if (!conf->backend->available)
		return set;
	return fmin(set, own_of(conf) + weights_of(conf) + (double)(p->bytes + p->held) + 7.0 / 8 * (double)conf->backend->available());
}

/* Halves the batch until all fits. */
static void fit(const struct predictor *p, struct pass *s)
{
	const double most = most_of(p), mib = 1 << 20;
	for (; most < INFINITY; s->batch /= 2) {
		const struct need need = need_of(p, s, s->batch);
		const double all = need.own + need.weights + need.packed + need.maps + need.planes;
		detail("%lld windows at once: %.1f MiB of the GPU's memory", (long long)s->batch, all / mib);
		if (all <= most)
			return;
		if (s->batch == 1)
			die(PM_FAIL, "%.1f MiB of the GPU's memory are needed, %.1f may be used: CUDA and copies %.1f, weights %.1f, feature maps of one "
				"window %.1f, planes %.1f; a smaller --window or --precision bf16 needs less", all / mib, most / mib, need.own / mib,
				(need.weights + need.packed) / mib, need.maps / mib, need.planes / mib);
	}
}

/* Batch, convolutions and arena are kept from image to image as long as the tiles are the same. */
static void keep_graph(struct predictor *p, struct pass *s)
{
	const int64_t asked = s->batch, pixels = deepest(s, asked) * s->plane;
	bool other = p->channels != s->channels;
	for (int a = 0; a < 3; a++) {
		other |= p->tile[a] != s->cover[a].tile;
		p->tile[a] = s->cover[a].tile;
	}
	if (other || asked != p->asked || pixels != p->pixels)
		fit(p, s);
	else
		s->batch = p->batch;
	if (other || s->batch != p->batch) {
		graph_close(p);
		let_go(p);
	}
	p->batch = s->batch;
	p->channels = s->channels;
	p->asked = asked;
	p->pixels = pixels;
}

/* Images of one size share the tables of windows: nothing is taken and freed for each. */
void predictor_begin(struct predictor *p, const float *image, int64_t channels, const int64_t size[3])
{
	const struct predict_conf *conf = &p->conf;
	struct pass *s = &p->pass;
	s->image = image;
	s->channels = channels;
	s->plane = size[1] * size[2];
	s->first = s->brought = 0;
	for (int a = 0; a < 3; a++) {
		bool slices = p->dims == 2 && a == 0;
		if (s->cover[a].size == size[a])
			continue;
		if (s->tile)
			cover_fini(&s->cover[a]);
		cover_init(&s->cover[a], conf->backend, size[a], slices ? 1 : conf->window[a], slices ? 1 : conf->stride[a], p->multiple[a]);
	}
	if (!s->tile)
		cover_init(&s->one, conf->backend, 1, 0, 0, 1);
	s->row = s->cover[1].count * s->cover[2].count;
	s->windows = s->cover[0].count * s->row;
	s->batch = least(conf->batch, s->windows);
	s->tile = xresize(s->tile, (size_t)s->batch, sizeof *s->tile);
	place(s, 0, s->batch, 0);
	keep_graph(p, s);
	s->ring = deepest(s, s->batch);
	hold(p, channels, s->ring * s->plane);
}

/* How many of the planes from..to lie in the ring in one piece. */
static int64_t piece(const struct pass *s, int64_t from, int64_t to) { return least(to - from, s->ring - from % s->ring); }

/* The planes of the image up to `to` take the place of older ones. */
static void bring(struct predictor *p, struct pass *s, int64_t to)
{
	for (int64_t n; s->brought < to; s->brought += n) {
		n = piece(s, s->brought, to);
		for (int64_t c = 0; c < s->channels; c++)
			p->conf.backend->put(p->image + (c * s->ring + s->brought % s->ring) * s->plane,
				s->image + (c * s->cover[0].size + s->brought) * s->plane, (size_t)(n * s->plane) * sizeof(float));
	}
}

/* Adds n windows to the planes, all flipped copies and members at once: they cover the same planes. */
static void add(struct predictor *p, struct pass *s, int64_t first, int64_t n)
{
	const struct predict_conf *conf = &p->conf;
	const int copies = conf->flip ? 4 : 1;
	const float scale = 1.0f / (float)(copies * conf->members * (p->whole ? s->windows : 1));
	const struct tile_axis only = cover_window(&s->one, 0, false);
	const struct tile one = { { only, only, only }, 1 };
	for (int f = 0; f < copies; f++) {
		place(s, first, n, f);
		for (int m = 0; m < conf->members; m++) {
			prepare(p, s, n, p->kind[m]);
			graph_reset(&p->g);
			struct node *out = forward(conf, &p->g, m, p->image, s->channels, s->tile, n);
			for (int64_t b = 0; b < n; b++)
				conf->backend->tile_add(p->sums, (const real *)out->v.data + b * out->v.stride, conf->classes,
					p->whole ? &one : &s->tile[b], scale);
		}
	}
}

/* The planes from..to are complete; their slots are cleared for those that come. */
static void hand_over(struct predictor *p, const struct pass *s, int64_t from, int64_t to, emit_slab *emit, void *arg)
{
	const struct predict_conf *conf = &p->conf;
	const int64_t sums = conf->classes * s->plane;
	for (int64_t n; from < to; from += n) {
		n = piece(s, from, to);
		const struct slab slab = { conf->backend, from, n, s->cover[0].size, conf->classes, s->plane,
			p->sums + from % s->ring * sums, p->label };
		emit(arg, &slab);
		conf->backend->zero(slab.logits, (size_t)(n * sums) * sizeof(real));
	}
}

bool predictor_more(struct predictor *p, emit_slab *emit, void *arg)
{
	struct pass *s = &p->pass;
	const int64_t i = s->first, n = least(s->batch, s->windows - i);
	bring(p, s, end(s, i, n));
	add(p, s, i, n);
	s->first += n;
	if (!p->whole)
		hand_over(p, s, begin(s, i), begin(s, i + n), emit, arg);
	else if (s->first == s->windows)
		emit(arg, &(struct slab){ p->conf.backend, 0, 1, 1, p->conf.classes, 1, p->sums, p->label });
	return s->first < s->windows;
}

void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3], emit_slab *emit, void *arg)
{
	predictor_begin(p, image, channels, size);
	while (predictor_more(p, emit, arg))
		;
}

size_t predictor_held(const struct predictor *p) { return p->held; }

int predict_declare(const struct arch *a, int classes, int64_t channels, struct params *ps)
{
	struct node *out[PM_OUTPUTS];
	struct tile smallest = { .ring = 1 };
	struct graph g;
	int64_t size[3];
	archs_multiple(a, 1, size);
	for (int axis = 0; axis < 3; axis++)
		smallest.axis[axis].tile = size[axis];
	graph_init(&g, &backend_null, 0);
	g.type = F_REAL;
	g.training = false;
	g.grad = true; /* so that every output's parameters are declared */
	const int n = a->net->forward(&g, a->conf, ps, op_tiles(&g, NULL, channels, &smallest, 1), classes, out);
	graph_fini(&g);
	return n;
}
