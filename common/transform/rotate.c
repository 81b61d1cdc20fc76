/* rotate.c: turned by a random angle in one plane of the grid. */
#include "tensor/spatial.h"
#include "transform/grid.h"

#include <math.h>

struct conf {
	struct numbers d, h, w;
	double p;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, d, 0, "LO,HI", "-10,10", -360, 360, "degrees about the depth axis, within the slices"),
	OPT_NUMBER(struct conf, h, 0, "LO,HI", "", -360, 360, "degrees about the height axis"),
	OPT_NUMBER(struct conf, w, 0, "LO,HI", "", -360, 360, "degrees about the width axis; of several axes one is drawn"),
	OPT_NUMBER(struct conf, p, 0, "P", "0.5", 0, 1, "probability to rotate at all"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;
	const struct numbers *range[3] = { &c->d, &c->h, &c->w };

	if (c->d.n + c->h.n + c->w.n == 0)
		return err_set(e, "no angle: give d, h or w a range LO,HI of degrees");
	for (int i = 0; i < 3; i++)
		if (range[i]->n && (range[i]->n != 2 || range[i]->v[0] > range[i]->v[1]))
			return err_set(e, "%c has to be a range LO,HI of degrees", "dhw"[i]);
	return 0;
}

struct turn {
	int a, b;
	double degrees;
};

static void one(const struct move *m, const void *arg)
{
	const struct turn *t = arg;

	rotate(m->dst, m->src, m->from, t->a, t->b, t->degrees, m->channels, m->t, m->order);
	fill_background(m);
}

/* The plane across an axis: about d it is (h,w), about h (d,w), about w (d,h). */
static void plane(int axis, struct turn *t)
{
	t->a = axis == 0;
	t->b = axis == 2 ? 1 : 2;
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct numbers *range[3] = { &c->d, &c->h, &c->w };
	int64_t size[3];
	int axis[3], n = 0;

	if (grid_of(r, size, e))
		return -1;
	for (int i = 0; i < 3; i++)
		if (range[i]->n)
			axis[n++] = i;
	if (rng_uniform(rng) >= c->p)
		return 0;
	struct turn t;
	int about = axis[rng_int(rng, 0, n - 1)];
	double map[3][4];

	plane(about, &t);
	t.degrees = rng_range(rng, range[about]->v[0], range[about]->v[1]);
	double co = cos(t.degrees * (M_PI / 180)), si = sin(t.degrees * (M_PI / 180));
	double ca = (double)(size[t.a] - 1) / 2, cb = (double)(size[t.b] - 1) / 2;
	double own[2] = { about, t.degrees };

	map_identity(map);
	map[t.a][t.a] = map[t.b][t.b] = co;
	map[t.a][t.b] = si;
	map[t.b][t.a] = -si;
	map[t.a][3] = ca - co * ca - si * cb;
	map[t.b][3] = cb + si * ca - co * cb;
	if (grid_move(r, size, size, false, one, &t, e))
		return -1;
	grid_push(r, "rotate", size, own, 2, map);
	return 0;
}

static int undo(struct record *r, const double *v, int n, struct err *e)
{
	int64_t size[3];
	const double *own = grid_pop(r, v, n, size, 2, e);
	struct turn t;

	if (!own)
		return -1;
	if (!(own[0] == 0 || own[0] == 1 || own[0] == 2))
		return err_set(e, "the undo stack names axis %g", own[0]);
	plane((int)own[0], &t);
	t.degrees = -own[1];
	return grid_move(r, size, size, false, one, &t, e);
}

const struct transform transform_rotate = {
	{ "rotate", "turn by a random angle about the centre; what comes from outside is 0", NULL, opts, sizeof(struct conf) },
	.apply = apply, .undo = undo, .check = check, .blends = true,
};
