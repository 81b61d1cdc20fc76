/* settings.c: see settings.h. */
#include "transform/settings.h"

#include "transform/grid.h"

#include <string.h>

int limits_check(const void *conf, bool strict, struct err *e)
{
	const struct limits *c = conf;

	for (int i = 0; i < c->lower.n && i < c->upper.n; i++)
		if (c->lower.v[i] > c->upper.v[i] || (strict && c->lower.v[i] == c->upper.v[i]))
			return err_set(e, "lower %g is %s upper %g", c->lower.v[i], strict ? "not below" : "above", c->upper.v[i]);
	return whole_numbers(&c->channels, "channel", e);
}

int chance_check(const void *conf, struct err *e) { return whole_numbers(&((const struct chance *)conf)->channels, "channel", e); }

int varied_check(const void *conf, struct err *e)
{
	const struct varied *c = conf;

	if (c->min > c->max)
		return err_set(e, "min %g is above max %g", c->min, c->max);
	return chance_check(conf, e);
}

int along_check(const void *conf, struct err *e)
{
	return axes_check(((const struct along *)conf)->axes, "axes", e) ? -1 : varied_check(conf, e);
}

double varied_draw(const void *conf, struct rng *rng)
{
	const struct varied *c = conf;

	return rng_range(rng, c->min, c->max);
}

bool range_kept(const void *conf) { return !strcmp(((const struct ranged *)conf)->range, "keep"); }
