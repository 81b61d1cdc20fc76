/* crop.c: a box at random, or around a random voxel of the foreground. */
#include "transform/grid.h"

#include <inttypes.h>
#include <stdlib.h>

struct conf {
	struct numbers size, start, labels;
	double foreground;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "size to cut out; H,W alone keep the depth, 0 keeps an axis"),
	OPT_NUMBER(struct conf, start, 0, "D,H,W", "", 0, 65536, "the voxel where it begins; none given: anywhere, at random"),
	OPT_NUMBER(struct conf, foreground, 0, "P", "0", 0, 1, "probability of a box around a voxel of a random class"),
	OPT_NUMBER(struct conf, labels, 0, "L", "", -1e9, 1e9, "those classes; none given: all values but the smallest"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->start.n && c->start.n != c->size.n)
		return err_set(e, "start has %d numbers, size has %d", c->start.n, c->size.n);
	return whole_numbers(&c->labels, "label", e) || whole_numbers(&c->start, "start", e) ? -1 : size_check(conf, e);
}

enum { PIECE = 4096 };

static int find(const struct label_values *s, int64_t v)
{
	for (int i = 0; i < s->n; i++)
		if (s->v[i] == v)
			return i;
	return -1;
}

int label_values(const struct tensor *t, struct label_values *s, struct err *e)
{
	int64_t piece[PIECE], n = tensor_count(t);
	int last = -1;

	s->n = 0;
	for (int64_t at = 0; at < n; at += PIECE) {
		int64_t part = n - at < PIECE ? n - at : PIECE;

		convert(piece, PM_I64, (const char *)t->data + (size_t)at * dtype_size(t->dtype), t->dtype, part);
		for (int64_t i = 0; i < part; i++) {
			if (last < 0 || s->v[last] != piece[i])
				last = find(s, piece[i]);
			if (last < 0) {
				if (s->n == LABEL_VALUES)
					return err_set(e, "label has more than %d values: is it an image?", LABEL_VALUES);
				last = s->n++;
				s->v[last] = piece[i];
				s->count[last] = 0;
			}
			s->count[last]++;
		}
	}
	return 0;
}

/* Voxel number k of those with the value v. */
static int64_t place(const struct tensor *t, int64_t v, int64_t k)
{
	int64_t piece[PIECE], n = tensor_count(t);

	for (int64_t at = 0; at < n; at += PIECE) {
		int64_t part = n - at < PIECE ? n - at : PIECE;

		convert(piece, PM_I64, (const char *)t->data + (size_t)at * dtype_size(t->dtype), t->dtype, part);
		for (int64_t i = 0; i < part; i++)
			if (piece[i] == v && k-- == 0)
				return at + i;
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The values to choose from, ascending, so that the choice depends on the set and not on where each is met. */
static int candidates(const struct numbers *labels, const struct label_values *s, int64_t v[LABEL_VALUES])
{
	int n = 0;

	if (labels->n == 0) {
		for (int i = 0; i < s->n; i++)
			v[n++] = s->v[i];
		qsort(v, (size_t)n, sizeof(*v), ascending);
		for (int i = 1; i < n; i++)
			v[i - 1] = v[i];
		return n - 1;
	}
	for (int i = 0; i < labels->n; i++)
		if (find(s, (int64_t)labels->v[i]) >= 0)
			v[n++] = (int64_t)labels->v[i];
	return n;
}

int crop_focus(const struct numbers *labels, const struct tensor *label, const int64_t from[3], const int64_t to[3],
	int64_t start[3], struct rng *rng, struct err *e)
{
	struct label_values s;
	int64_t v[LABEL_VALUES];

	if (tensor_count(label) != from[0] * from[1] * from[2])
		return 0; /* the class of the whole image lies nowhere */
	if (label_values(label, &s, e))
		return -1;
	int n = candidates(labels, &s, v);

	if (n <= 0)
		return 0;
	int64_t value = v[rng_int(rng, 0, n - 1)];
	int64_t at = place(label, value, rng_int(rng, 0, s.count[find(&s, value)] - 1));
	int64_t voxel[3] = { at / (from[1] * from[2]), at / from[2] % from[1], at % from[2] };

	for (int a = 0; a < 3; a++) {
		start[a] = voxel[a] - to[a] / 2 > 0 ? voxel[a] - to[a] / 2 : 0;
		start[a] = start[a] < from[a] - to[a] ? start[a] : from[a] - to[a];
	}
	return 1;
}

int crop_drawn(double share, const struct numbers *labels, const struct record *r, const int64_t from[3], const int64_t to[3],
	int64_t start[3], struct rng *rng, struct err *e)
{
	const struct tensor *label = record_peek(r, "label");

	return label && share > 0 && rng_uniform(rng) < share ? crop_focus(labels, label, from, to, start, rng, e) : 0;
}

/* Around the foreground: it must be looked for. */
static bool looks(const void *conf) { return ((const struct conf *)conf)->foreground > 0; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	int64_t from[3], to[3], start[3];

	if (target_size(to_do, r, conf, from, to, e) || crop_fits(from, to, e))
		return -1;
	for (int a = 0; a < 3; a++) {
		start[a] = c->start.n ? (int64_t)axis_number(&c->start, a) : rng_int(rng, 0, from[a] - to[a]);
		if (start[a] + to[a] > from[a])
			return err_set(e, "a box of %" PRId64 " from %" PRId64 " on passes the end of an axis of %" PRId64, to[a], start[a], from[a]);
	}
	if (crop_drawn(c->foreground, &c->labels, r, from, to, start, rng, e) < 0)
		return -1;
	draw_shift(to_do, to, start, BORDER_ZERO);
	return 0;
}

const struct transform transform_crop = {
	{ "crop", "cut a box out at random, at a place, or around the foreground", NULL, opts, sizeof(struct conf) },
	.draw = draw, .looks = looks, .check = check,
};
