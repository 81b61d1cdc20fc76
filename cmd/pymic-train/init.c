/* init.c: the weights that a run begins with, where --init gives some. */
#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>

/* What has not been taken keeps its drawn values; of the first network it is said. */
static void report(const struct trainer *t, const struct params *ps, const bool *taken, int count)
{
	enum { NAMED = 3 };
	char left[NAMED * 100] = "";
	size_t at = 0;

	for (int j = 0, named = 0; j < ps->n && named < NAMED; j++)
		if (!taken[j])
			at += (size_t)snprintf(left + at, sizeof left - at, "%s%s", named++ ? ", " : "; drawn are ", ps->p[j]->name);
	note("%s: %d of the network's %d tensors are taken%s%s", t->conf->init, count, ps->n, left, ps->n - count > NAMED ? ", ..." : "");
}

/* Network i takes what it shall from network `from` of the model. Is it now the same throughout? */
static bool take(struct trainer *t, int i, int from)
{
	const char *model = t->conf->init, *prefix = strcmp(t->conf->init_parts, "encoder") ? "" : "encoder.";
	struct params *ps = &t->ps[i];
	bool *taken = xcalloc((size_t)ps->n, sizeof *taken);
	int count = 0;
	struct err e;

	if (model_take(model, from, prefix, ps, taken, &e))
		die(PM_FAIL, "%s", e.msg);
	for (int j = 0; j < ps->n; j++) {
		if (*prefix && !taken[j] && !strncmp(ps->p[j]->name, prefix, strlen(prefix)))
			die(PM_FAIL, "%s: has no %s of this shape: the encoders differ; --init-parts match takes what fits", model, ps->p[j]->name);
		count += taken[j];
	}
	if (!count)
		die(PM_FAIL, "%s: no tensor has name and shape of one of this network's%s", model, *prefix ? " in a part named encoder" : "");
	if (!i)
		report(t, ps, taken, count);
	free(taken);
	return count == ps->n;
}

void checkpoint_init(struct trainer *t)
{
	const char *model = t->conf->init;
	struct params *sets[PM_NETS];
	struct meta about = { .buf = NULL };
	struct err e;

	if (model_about(model, &about, &e))
		die(PM_FAIL, "%s", e.msg);
	const bool all = !strcmp(t->conf->init_parts, "all");
	const int ours = t->agent->nets;
	int there = (int)meta_number(&about, "nets", 1);
	bool whole = all;

	meta_fini(&about);
	there = there < 1 ? 1 : there < ours ? there : ours;
	for (int i = 0; i < ours; i++)
		sets[i] = &t->ps[i];
	if (all && model_read(model, sets, NULL, there, &e))
		die(PM_FAIL, "%s", e.msg);
	/* Those that the model has none for begin as its first one, but for what stays drawn, by which they differ. */
	for (int i = 0; !all && i < ours && (i < there || !whole); i++)
		whole = take(t, i, i < there ? i : 0);
	if (whole && there < ours)
		warning("%s: only %d of the %d networks of --agent %s begin with it: taken whole, they would all be the same", model, there, ours,
			t->agent->p.name);
}
