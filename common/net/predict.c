/* predict.c: see predict.h. Tiles are cut from the image, run in batches, and added to the planes they cover. */
#include <stdlib.h>
#include <string.h>

#include "net/cover.h"
#include "net/predict.h"

struct predictor {
	struct predict_conf conf;
	int dims;
	int64_t multiple[3];
	struct graph g;
	bool open;              /* g is initialised, for tiles of this shape: */
	int64_t n, channels, tile[3];
	size_t bytes;           /* of g's arena */
	float *input;           /* [batch,C,tile] */
	real *output;           /* [batch,K,tile] */
	real *planes;           /* [planes,K,H,W] of logits, from the first that is not finished */
	size_t input_cap, output_cap, planes_cap;
};

struct predictor *predictor_open(const struct predict_conf *conf, struct err *e)
{
	static const char axis[3] = { 'D', 'H', 'W' };
	struct predictor *p = xcalloc(1, sizeof *p);
	p->conf = *conf;
	p->dims = conf->net->dims(conf->net_conf);
	conf->net->multiple(conf->net_conf, p->multiple);
	if (p->dims == 2)
		p->multiple[0] = 1;
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
	return p;
}

void predictor_close(struct predictor *p)
{
	if (p->open)
		graph_fini(&p->g);
	free(p->input);
	free(p->output);
	free(p->planes);
	free(p);
}

static struct node *forward(const struct predict_conf *conf, struct graph *g, struct params *ps, const float *input,
	int64_t n, int64_t channels, const int64_t tile[3])
{
	struct node *out[PM_OUTPUTS] = { NULL };
	struct node *x = op_image(g, input, n, channels, tile, false);
	conf->net->forward(g, conf->net_conf, ps, x, conf->classes, out);
	return out[0];
}

static void *room(void *old, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return old;
	*cap = need;
	return xresize(old, need, size);
}

/* Makes the graph ready for n tiles of this shape: two dry runs, the first to learn when a value is last read. */
static void prepare(struct predictor *p, int64_t n, int64_t channels, const int64_t tile[3])
{
	if (p->open && p->n == n && p->channels == channels && !memcmp(p->tile, tile, sizeof p->tile))
		return;
	struct graph learn, measure;
	struct graph *dry[2] = { &learn, &measure };
	for (int i = 0; i < 2; i++) {
		graph_measure(dry[i], p->conf.backend);
		dry[i]->type = p->conf.type;
		dry[i]->training = dry[i]->grad = false;
		if (i)
			graph_lifetimes(&measure, &learn);
		forward(&p->conf, dry[i], p->conf.member[0], p->input, n, channels, tile);
	}
	size_t need = graph_plan(&measure);
	/* A graph keeps the convolutions of every shape it has seen: those of another image size are let go. */
	bool other = p->channels != channels || memcmp(p->tile, tile, sizeof p->tile) != 0;
	if (p->open && (need > p->bytes || other)) {
		graph_fini(&p->g);
		p->open = false;
	}
	if (!p->open) {
		need = need > p->bytes ? need : p->bytes;
		graph_init(&p->g, p->conf.backend, need);
		p->g.type = p->conf.type;
		p->g.training = p->g.grad = false;
		p->bytes = need;
		p->open = true;
	}
	graph_lifetimes(&p->g, &learn);
	graph_follow(&p->g, &measure);
	graph_fini(&measure);
	graph_fini(&learn);
	p->n = n;
	p->channels = channels;
	memcpy(p->tile, tile, sizeof p->tile);
}

/* One image on its way through the network. */
struct pass {
	const float *image;
	int64_t channels, tile[3], cell, plane; /* elements of a tile, and of a plane of all classes */
	struct cover cover[3];
	int64_t row, windows; /* windows that begin at the same plane, and all */
	int64_t batch;
	struct place *place; /* [batch] */
};

/* The first plane that window i, or a later one, touches. */
static int64_t begin(const struct pass *s, int64_t i)
{
	return i < s->windows ? s->cover[0].start[i / s->row] : s->cover[0].size;
}

/* One past the last plane that the n windows from i on touch. */
static int64_t end(const struct pass *s, int64_t i, int64_t n) { return begin(s, i + n - 1) + s->cover[0].window; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void pass_init(struct pass *s, struct predictor *p, const float *image, int64_t channels, const int64_t size[3])
{
	const struct predict_conf *conf = &p->conf;
	int64_t planes = 0;
	*s = (struct pass){ .image = image, .channels = channels, .cell = 1, .plane = conf->classes * size[1] * size[2] };
	for (int a = 0; a < 3; a++) {
		bool slices = p->dims == 2 && a == 0;
		cover_init(&s->cover[a], size[a], slices ? 1 : conf->window[a], slices ? 1 : conf->stride[a], p->multiple[a]);
		s->cell *= s->tile[a] = s->cover[a].tile;
	}
	s->row = s->cover[1].count * s->cover[2].count;
	s->windows = s->cover[0].count * s->row;
	s->batch = least(conf->batch, s->windows);
	s->place = xcalloc((size_t)s->batch, sizeof *s->place);
	for (int64_t i = 0; i < s->windows; i += s->batch) {
		int64_t held = end(s, i, least(s->batch, s->windows - i)) - begin(s, i);
		planes = held > planes ? held : planes;
	}
	p->input = room(p->input, &p->input_cap, (size_t)(s->batch * channels * s->cell), sizeof *p->input);
	p->output = room(p->output, &p->output_cap, (size_t)(s->batch * conf->classes * s->cell), sizeof *p->output);
	p->planes = room(p->planes, &p->planes_cap, (size_t)(planes * s->plane), sizeof *p->planes);
}

static void pass_fini(struct pass *s)
{
	free(s->place);
	for (int a = 0; a < 3; a++)
		cover_fini(&s->cover[a]);
}

/* The tiles of n windows, of one flipped copy. */
static void cut(struct predictor *p, struct pass *s, int64_t first, int64_t n, int copy)
{
	for (int64_t b = 0, i = first; b < n; b++, i++) {
		const int64_t h = s->cover[1].count, w = s->cover[2].count;
		s->place[b] = (struct place){ { i / s->row, i / w % h, i % w }, copy & 2, copy & 1 };
		tile_cut(p->input + b * s->channels * s->cell, s->image, s->channels, s->cover, &s->place[b]);
	}
}

/* Adds n windows to the planes, all flipped copies and members at once: they cover the same planes. */
static void add(struct predictor *p, struct pass *s, int64_t first, int64_t n)
{
	const struct predict_conf *conf = &p->conf;
	const int64_t output = conf->classes * s->cell;
	const int copies = conf->flip ? 4 : 1;
	const float scale = 1.0f / (float)(copies * conf->members);
	prepare(p, n, s->channels, s->tile);
	for (int f = 0; f < copies; f++) {
		cut(p, s, first, n, f);
		for (int m = 0; m < conf->members; m++) {
			graph_reset(&p->g);
			struct node *out = forward(conf, &p->g, conf->member[m], p->input, n, s->channels, s->tile);
			conf->backend->get(p->output, out->v.data, (size_t)(n * output) * sizeof *p->output);
			for (int64_t b = 0; b < n; b++)
				tile_add(p->planes, begin(s, first), p->output + b * output, conf->classes, s->cover, &s->place[b], scale);
		}
	}
}

void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3],
	void (*emit)(void *arg, int64_t first, int64_t planes, real *logits), void *arg)
{
	struct pass s;
	int64_t held = 0; /* planes that windows before have touched */
	pass_init(&s, p, image, channels, size);
	for (int64_t i = 0, n; i < s.windows; i += n) {
		n = least(s.batch, s.windows - i);
		const int64_t first = begin(&s, i), planes = end(&s, i, n) - first, ready = begin(&s, i + n) - first;
		memset(p->planes + held * s.plane, 0, (size_t)((planes - held) * s.plane) * sizeof *p->planes);
		add(p, &s, i, n);
		if (ready)
			emit(arg, first, ready, p->planes);
		held = planes - ready;
		memmove(p->planes, p->planes + ready * s.plane, (size_t)(held * s.plane) * sizeof *p->planes);
	}
	pass_fini(&s);
}

size_t predictor_held(const struct predictor *p)
{
	return p->input_cap * sizeof *p->input + p->output_cap * sizeof *p->output + p->planes_cap * sizeof *p->planes;
}

bool predict_finite(const real *x, int64_t n)
{
	real sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum)
	for (int64_t i = 0; i < n; i++)
		sum += x[i] * 0; /* NaN, but for what is finite */
	return sum == 0;
}

void predict_declare(const struct net *net, const void *net_conf, int classes, int64_t channels, struct params *ps)
{
	struct predict_conf conf = { .net = net, .net_conf = net_conf, .classes = classes };
	struct graph g;
	int64_t size[3];
	net->multiple(net_conf, size);
	if (net->dims(net_conf) == 2)
		size[0] = 1;
	float *blank = xcalloc((size_t)(channels * size[0] * size[1] * size[2]), sizeof *blank);
	graph_init(&g, &backend_null, 0);
	g.type = F_REAL;
	g.training = false;
	g.grad = true; /* so that every output's parameters are declared */
	forward(&conf, &g, ps, blank, 1, channels, size);
	graph_fini(&g);
	free(blank);
}
