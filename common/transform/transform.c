/* transform.c: the table of transforms, and what each does. */
#include "transform/transform.h"

#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>

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

int transform_draw(const struct transform *t, const void *conf, struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const int first = to_do->n;

	if (t->draw(conf, r, rng, to_do, e))
		return err_prefix(e, "%s", t->p.name);
	to_do->numbers |= t->intensity;
	for (int i = first; i < to_do->n; i++) {
		to_do->v[i].by = t->p.name;
		if (action_warps(&to_do->v[i]))
			grid_push(r, &to_do->v[i]);
	}
	return 0;
}

int transform_apply(const struct transform *t, const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	struct actions a = { .n = 0 };

	if (!t->draw)
		return t->apply(conf, r, rng, e) ? err_prefix(e, "%s", t->p.name) : 0;
	/* who looks at the values sees floats */
	const int failed = (t->intensity && !image_float(r, e)) || transform_draw(t, conf, r, rng, &a, e) || actions_apply(&a, r, e);

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
