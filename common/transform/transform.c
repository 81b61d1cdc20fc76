/* transform.c: the table of transforms, and walking back what they did. */
#include "transform/transform.h"

#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRANSFORM(name) extern const struct transform transform_##name;
#define NOISE TRANSFORM
#include "transform/list.h"
#undef NOISE
#undef TRANSFORM

const struct transform *const transforms[] = {
#define TRANSFORM(name) &transform_##name,
#define NOISE TRANSFORM
#include "transform/list.h"
#undef NOISE
#undef TRANSFORM
	NULL,
};

static const struct plugin *const transform_list[] = {
#define TRANSFORM(name) &transform_##name.p,
#define NOISE(name)
#include "transform/list.h"
#undef NOISE
#undef TRANSFORM
	NULL,
};

static const struct plugin *const noise_list[] = {
#define TRANSFORM(name)
#define NOISE(name) &transform_##name.p,
#include "transform/list.h"
#undef NOISE
#undef TRANSFORM
	NULL,
};

const struct kind transform_kind = { "transform", transform_list };
const struct kind noise_kind = { "noise", noise_list };

const struct transform *transform_parse(const struct kind *kind, const char *spec, void **conf, struct err *e)
{
	/* plugin is the first member of every transform */
	const struct transform *t = (const struct transform *)spec_parse(kind, spec, conf, e);

	if (!t)
		return NULL;
	if (t->check && t->check(*conf, e)) {
		err_prefix(e, "%s", t->p.name);
		return NULL;
	}
	return t;
}

int transform_apply(const struct transform *t, const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	struct actions a = { .n = 0 };
	int failed;

	if (!t->draw)
		return t->apply(conf, r, rng, e);
	failed = (t->intensity && !image_float(r, e)) || t->draw(conf, r, rng, &a, e);
	for (int i = 0; i < a.n && !failed; i++) {
		failed = action_apply(&a.v[i], r, e);
		if (!failed && action_warps(&a.v[i]))
			grid_push(r, t->p.name, &a.v[i]);
	}
	free(a.v);
	return failed ? -1 : 0;
}

int whole_numbers(const struct numbers *list, const char *name, struct err *e)
{
	for (int i = 0; i < list->n; i++)
		if (list->v[i] != floor(list->v[i]))
			return err_set(e, "%s %g is no whole number", name, list->v[i]);
	return 0;
}

int whole_range(const struct numbers *range, const char *name, struct err *e)
{
	if (range->n < 1 || range->n > 2 || range->v[0] > range->v[range->n - 1])
		return err_set(e, "%s has to be one number or a range LO,HI", name);
	return whole_numbers(range, name, e);
}

int64_t whole_draw(const struct numbers *range, struct rng *rng)
{
	return rng_int(rng, (int64_t)range->v[0], (int64_t)range->v[range->n - 1]);
}

static const char letters[] = "dhw";

int axes_check(const char *axes, struct err *e)
{
	return *axes && !axes[strspn(axes, letters)] ? 0 : err_set(e, "axes \"%s\": give letters of d, h, w", axes);
}

bool axis_named(const char *axes, int a) { return strchr(axes, letters[a]); }

static const struct transform *find(const char *name)
{
	for (const struct transform *const *t = transforms; *t; t++)
		if (!strcmp((*t)->p.name, name))
			return *t;
	return NULL;
}

enum { UNDO_NUMBERS = 96 };

bool undo_blends(const struct meta *m)
{
	struct meta rest = { 0 };
	char name[PM_NAME];
	double v[UNDO_NUMBERS];
	bool blends = false;

	meta_copy(&rest, m);
	while (!blends && meta_pop_undo(&rest, name, sizeof(name), v, UNDO_NUMBERS) >= 0) {
		const struct transform *t = find(name);

		blends = t && t->blends;
	}
	meta_fini(&rest);
	return blends;
}

int transform_undo(struct record *r, struct err *e)
{
	char name[PM_NAME];
	double v[UNDO_NUMBERS];
	int n;

	while ((n = meta_pop_undo(&r->meta, name, sizeof(name), v, UNDO_NUMBERS)) >= 0) {
		const struct transform *t = find(name);

		if (!t || !t->undo)
			return err_set(e, "the undo stack names \"%s\", which no transform here can undo", name);
		if (n > UNDO_NUMBERS || t->undo(r, v, n, e))
			return n > UNDO_NUMBERS ? err_set(e, "undo of %s: %d numbers, at most %d were expected", name, n, UNDO_NUMBERS) :
				err_prefix(e, "undo of %s", name);
	}
	return 0;
}
