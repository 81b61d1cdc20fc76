/* predict.c: see predict.h. Tiles are cut from the image, run in batches, and added, weighted, to the result. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/predict.h"

/* How one axis is covered: `count` windows of length `window`, each padded by `before` (and behind) to `tile`. */
struct cover {
	int64_t size, window, tile, before, count;
	int64_t *start; /* [count] */
	float *weight;  /* [count][window]: the Gaussian over the sum of the Gaussians of all windows at that place */
};

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
	size_t input_cap, output_cap;
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
	free(p);
}

/* g[j], j < n: an impulse at n/2 filtered by a Gaussian of sigma n/8, cut off at 4 sigma, nothing beyond the border. */
static void gaussian_window(double *g, int64_t n)
{
	double sigma = (double)n / 8;
	int64_t radius = (int64_t)(4 * sigma + 0.5);
	for (int64_t j = 0; j < n; j++) {
		int64_t x = j - n / 2;
		g[j] = llabs(x) <= radius ? exp(-0.5 * (double)(x * x) / (sigma * sigma)) : 0;
	}
}

static void cover_init(struct cover *c, int64_t size, int64_t window, int64_t stride, int64_t multiple)
{
	c->size = size;
	c->window = window && window < size ? window : size;
	c->tile = (c->window + multiple - 1) / multiple * multiple;
	c->before = (c->tile - c->window) / 2;
	int64_t step = stride ? stride : window / 2;
	if (step <= 0 || step > c->window)
		step = c->window;
	int64_t most = (size - c->window) / step + 2;
	c->start = xcalloc((size_t)most, sizeof *c->start);
	c->count = 0;
	for (int64_t t = 0; t < size; t += step) {
		int64_t at = t < size - c->window ? t : size - c->window;
		c->start[c->count++] = at;
		if (at == size - c->window)
			break;
	}
	c->weight = xcalloc((size_t)c->count, (size_t)c->window * sizeof *c->weight);
	double *g = xcalloc((size_t)c->window, sizeof *g), *sum = xcalloc((size_t)size, sizeof *sum);
	gaussian_window(g, c->window);
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			sum[c->start[i] + j] += g[j];
	for (int64_t i = 0; i < c->count; i++)
		for (int64_t j = 0; j < c->window; j++)
			c->weight[i * c->window + j] = (float)(g[j] / sum[c->start[i] + j]);
	free(g);
	free(sum);
}

static void cover_fini(struct cover *c)
{
	free(c->start);
	free(c->weight);
}

/* Index i mirrored into 0..n-1, the edge not repeated, back and forth as often as it takes. */
static int64_t mirror(int64_t i, int64_t n)
{
	if (n == 1)
		return 0;
	int64_t period = 2 * (n - 1);
	i %= period;
	if (i < 0)
		i += period;
	return i < n ? i : period - i;
}

/* One tile of one flipped copy: which window of each axis, and which axes are flipped. */
struct place {
	int64_t at[3];
	bool flip[3];
};

static void cut(float *dst, const float *image, int64_t channels, const struct cover cover[3], const struct place *p)
{
	int64_t *index[3], tile = 1;
	for (int a = 0; a < 3; a++) {
		const struct cover *c = &cover[a];
		index[a] = xcalloc((size_t)c->tile, sizeof(int64_t));
		for (int64_t i = 0; i < c->tile; i++) {
			int64_t j = mirror(c->start[p->at[a]] - c->before + i, c->size);
			index[a][i] = p->flip[a] ? c->size - 1 - j : j;
		}
		tile *= c->tile;
	}
	const int64_t plane = cover[1].size * cover[2].size;
	for (int64_t ch = 0; ch < channels; ch++) {
		const float *src = image + ch * cover[0].size * plane;
		float *to = dst + ch * tile;
		for (int64_t z = 0; z < cover[0].tile; z++)
			for (int64_t y = 0; y < cover[1].tile; y++) {
				const float *row = src + index[0][z] * plane + index[1][y] * cover[2].size;
				for (int64_t x = 0; x < cover[2].tile; x++)
					*to++ = row[index[2][x]];
			}
	}
	for (int a = 0; a < 3; a++)
		free(index[a]);
}

/* Where in the image row i of a window lies. */
static int64_t source(const struct cover *c, int64_t at, int64_t i, bool flip)
{
	int64_t j = c->start[at] + i;
	return flip ? c->size - 1 - j : j;
}

static void add(float *logits, const real *tile, int classes, const struct cover cover[3],
	const struct place *p, float scale)
{
	const struct cover *d = &cover[0], *h = &cover[1], *w = &cover[2];
	const float *wd = d->weight + p->at[0] * d->window, *wh = h->weight + p->at[1] * h->window;
	const float *ww = w->weight + p->at[2] * w->window;
	const int64_t first = source(w, p->at[2], 0, p->flip[2]), step = p->flip[2] ? -1 : 1;
	for (int64_t k = 0; k < classes; k++)
		for (int64_t z = 0; z < d->window; z++)
			for (int64_t y = 0; y < h->window; y++) {
				const real *from = tile + ((k * d->tile + z + d->before) * h->tile + y + h->before) * w->tile + w->before;
				int64_t row = (k * d->size + source(d, p->at[0], z, p->flip[0])) * h->size
					+ source(h, p->at[1], y, p->flip[1]);
				float *to = logits + row * w->size + first, by = wd[z] * wh[y] * scale;
				for (int64_t x = 0; x < w->window; x++)
					to[x * step] += by * ww[x] * (float)from[x];
			}
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
		graph_init(dry[i], &backend_null, 0);
		dry[i]->type = p->conf.type;
		dry[i]->training = dry[i]->grad = false;
		if (i)
			graph_lifetimes(&measure, &learn);
		forward(&p->conf, dry[i], p->conf.member[0], p->input, n, channels, tile);
	}
	size_t need = graph_peak(&measure);
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
	graph_fini(&measure);
	graph_fini(&learn);
	p->n = n;
	p->channels = channels;
	memcpy(p->tile, tile, sizeof p->tile);
}

void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3], float *logits)
{
	const struct predict_conf *conf = &p->conf;
	const bool flat = p->dims == 2;
	struct cover cover[3];
	int64_t tile[3], windows = 1, cell = 1, voxels = 1;
	for (int a = 0; a < 3; a++) {
		bool slices = flat && a == 0;
		cover_init(&cover[a], size[a], slices ? 1 : conf->window[a], slices ? 1 : conf->stride[a], p->multiple[a]);
		tile[a] = cover[a].tile;
		windows *= cover[a].count;
		cell *= tile[a];
		voxels *= size[a];
	}
	memset(logits, 0, (size_t)(conf->classes * voxels) * sizeof *logits);
	const int64_t most = windows < conf->batch ? windows : conf->batch;
	p->input = room(p->input, &p->input_cap, (size_t)(most * channels * cell), sizeof *p->input);
	p->output = room(p->output, &p->output_cap, (size_t)(most * conf->classes * cell), sizeof *p->output);
	struct place *place = xcalloc((size_t)most, sizeof *place);
	const int copies = conf->flip ? 4 : 1;
	const float scale = 1.0f / (float)(copies * conf->members);
	for (int f = 0; f < copies; f++)
		for (int64_t done = 0; done < windows; done += most) {
			int64_t n = windows - done < most ? windows - done : most;
			for (int64_t b = 0; b < n; b++) {
				int64_t i = done + b;
				place[b] = (struct place){ .flip = { false, f & 2, f & 1 } };
				place[b].at[2] = i % cover[2].count;
				place[b].at[1] = i / cover[2].count % cover[1].count;
				place[b].at[0] = i / cover[2].count / cover[1].count;
				cut(p->input + b * channels * cell, image, channels, cover, &place[b]);
			}
			prepare(p, n, channels, tile);
			for (int m = 0; m < conf->members; m++) {
				graph_reset(&p->g);
				struct node *out = forward(conf, &p->g, conf->member[m], p->input, n, channels, tile);
				conf->backend->get(p->output, out->v.data, (size_t)(n * conf->classes * cell) * sizeof *p->output);
				for (int64_t b = 0; b < n; b++)
					add(logits, p->output + b * conf->classes * cell, conf->classes, cover, &place[b], scale);
			}
		}
	free(place);
	for (int a = 0; a < 3; a++)
		cover_fini(&cover[a]);
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

void predict_softmax(float *logits, int64_t k, int64_t v)
{
	for (int64_t i = 0; i < v; i++) {
		float top = logits[i], sum = 0;
		for (int64_t c = 1; c < k; c++)
			if (logits[c * v + i] > top)
				top = logits[c * v + i];
		for (int64_t c = 0; c < k; c++)
			sum += logits[c * v + i] = expf(logits[c * v + i] - top);
		for (int64_t c = 0; c < k; c++)
			logits[c * v + i] /= sum;
	}
}

void predict_argmax(uint8_t *label, const float *score, int64_t k, int64_t v)
{
	for (int64_t i = 0; i < v; i++) {
		int64_t best = 0;
		for (int64_t c = 1; c < k; c++)
			if (score[c * v + i] > score[best * v + i])
				best = c;
		label[i] = (uint8_t)best;
	}
}
