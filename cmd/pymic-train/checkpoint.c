/* checkpoint.c: all that a resumed run needs to end with the same bytes as an undisturbed one. */
#include "checkpoint.h"

#include "io/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *settings; /* "--net=unet\n--loss=dice\n...": a line per setting */

char *in_folder(const struct conf *c, const char *name) { return xprintf("%s/%s", c->output, name); }

/* The shortest text that reads back as the same number. */
static void put_number(FILE *fp, double v)
{
	char text[40];
	double back;

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (!parse_number(text, &back) && back == v)
			break;
	}
	fputs(text, fp);
}

static void put_value(FILE *fp, const struct opt *o, const void *conf)
{
	const void *field = (const char *)conf + o->off;
	const struct numbers *list = field;

	switch (o->type) {
	case OPT_TEXT:
		fputs(*(const char *const *)field ? *(const char *const *)field : "", fp);
		break;
	case OPT_FLAG:
		fputs(*(const bool *)field ? "yes" : "no", fp);
		break;
	case OPT_INT:
		fprintf(fp, "%d", *(const int *)field);
		break;
	case OPT_I64:
		fprintf(fp, "%lld", (long long)*(const int64_t *)field);
		break;
	case OPT_DOUBLE:
		put_number(fp, *(const double *)field);
		break;
	case OPT_NUMBERS:
		for (int i = 0; i < list->n; i++) {
			fputs(i ? "," : "", fp);
			put_number(fp, list->v[i]);
		}
		break;
	default:
		die(PM_FAIL, "bug: no text for option %s", o->name);
	}
}

/* Where a run is kept, how it is watched and how it was started do not change its result. */
static bool decides(const char *name)
{
	static const char *const free_to_change[] = {
		"output", "threads", "checkpoint_every", "position", "dry_run", "restart", "skipped", "valid", "device", "fast",
	};

	for (size_t i = 0; i < PM_COUNT(free_to_change); i++)
		if (!strcmp(name, free_to_change[i]))
			return false;
	return true;
}

void settings_init(const struct trainer *t)
{
	const struct conf *c = t->conf;
	char *text = NULL, name[64];
	size_t size;
	FILE *fp = open_memstream(&text, &size);

	if (!fp)
		die(PM_FAIL, "out of memory");
	fprintf(fp, "--valid=%s", c->valid ? "given" : "none");
	for (const struct opt *o = train_opts; o->name; o++) {
		if (!decides(o->name))
			continue;
		snprintf(name, sizeof name, "%s", o->name);
		for (char *p = name; *p; p++)
			*p = *p == '_' ? '-' : *p;
		fprintf(fp, "\n--%s=", name);
		put_value(fp, o, c);
	}
	for (int i = 0; i < t->given.files; i++)
		fprintf(fp, "\nmodel=%s (crc32 %08x)", t->given.file[i].path, t->given.file[i].crc);
	fclose(fp);
	settings = text;

	/* The history of a model names what decided it, not where it was made: equal runs give equal bytes. */
	static char *words[64];
	char *copy = xstrdup(text);
	int at = 0;
	words[at++] = xstrdup(pm_tool);
	for (char *line = strtok(copy, "\n"); line && at < (int)PM_COUNT(words); line = strtok(NULL, "\n"))
		words[at++] = line;
	pm_argv = words;
	pm_argc = at;
	ostream_seed((uint64_t)c->seed);
}

/* Dies naming the first setting in which the run in the folder differs. */
static void compare_settings(const struct conf *c, const char *theirs)
{
	const char *ours = settings;

	while (*ours || *theirs) {
		const size_t n = strcspn(ours, "\n"), m = strcspn(theirs, "\n");

		if (n != m || memcmp(ours, theirs, n))
			die(PM_USAGE, "%s holds a run with %.*s, this one has %.*s: give the same settings, another -o, or --restart",
				c->output, m ? (int)m : 7, m ? theirs : "nothing", n ? (int)n : 7, n ? ours : "nothing");
		ours += n + (ours[n] != 0);
		theirs += m + (theirs[m] != 0);
	}
}

bool checkpoint_resume(const struct conf *c, struct meta *about)
{
	char *last = in_folder(c, "last.pmm"), *best = in_folder(c, "best.pmm"), theirs[8192];
	bool there = access(last, F_OK) == 0;
	struct err e;

	if (there && c->restart) {
		unlink(best);
		unlink(last);
		there = false;
	}
	if (there) {
		if (model_about(last, about, &e))
			die(PM_FAIL, "%s; --restart begins anew", e.msg);
		if (meta_text(about, "settings", theirs, sizeof theirs))
			die(PM_FAIL, "%s: not the checkpoint of a training; choose another -o, or --restart", last);
		compare_settings(c, theirs);
	} else if (access(best, F_OK) == 0) {
		die(PM_USAGE, "%s holds a model but no checkpoint to resume from: choose another -o, or --restart", c->output);
	}
	free(last);
	free(best);
	return there;
}

static void describe(const struct trainer *t, int64_t iter, struct meta *m)
{
	meta_set_text(m, "net", t->conf->net);
	meta_set_number(m, "nets", t->members);
	meta_set_number(m, "classes", t->run.classes);
	meta_set_number(m, "channels", (double)t->channels);
	meta_set_text(m, "precision", t->conf->precision);
	if (t->agent->error || t->agent->from_images)
		meta_set_text(m, "output", t->agent->from_images ? "features" : "images");
	meta_set_number(m, "iteration", (double)iter);
	meta_set_number(m, "metric", t->state.best);
}

/* The sets of parameters in the order of model files: first those that are validated, which pymic-infer takes. */
static int ordered(struct trainer *t, struct params *sets[PM_SETS], struct optim *optim[PM_SETS])
{
	int n = 0;

	for (int validated = 1; validated >= 0; validated--)
		for (int i = 0; i < t->sets; i++)
			if ((i >= t->first && i < t->first + t->members) == validated) {
				sets[n] = &t->ps[i];
				optim[n++] = i < t->trained ? &t->optim[i] : NULL;
			}
	return n;
}

/* optim: NULL where the model is no checkpoint. */
static void save(struct trainer *t, const char *name, const struct meta *m, struct params *const *sets, struct optim *const *optim, int n)
{
	char *path = in_folder(t->conf, name);

	for (int i = 0; i < n; i++)
		if (!isfinite(t->be->sum_squares(sets[i]->value, sets[i]->total)))
			die(PM_FAIL, "a weight of the network is not finite after iteration %lld: lower --lr, or set --clip; "
				"the last good model is %s", (long long)meta_number(m, "iteration", 0), path);
	model_write(path, m, (const struct params *const *)sets, (const struct optim *const *)optim, n);
	free(path);
}

static void put_memory(const struct trainer *t, struct meta *m)
{
	const size_t n = (size_t)t->remembers;
	real *v = xcalloc(n, sizeof *v);
	double *all = xcalloc(n, sizeof *all);

	t->be->get(v, t->memory, n * sizeof *v);
	for (size_t i = 0; i < n; i++)
		all[i] = (double)v[i];
	meta_set_numbers(m, "memory", all, (int)n);
	free(v);
	free(all);
}

/* false: it is not what the agent remembers. */
static bool get_memory(struct trainer *t, const struct meta *m)
{
	const size_t n = (size_t)t->remembers;
	real *v = xcalloc(n + 1, sizeof *v);
	double *all = xcalloc(n + 1, sizeof *all);
	const bool there = !n || meta_numbers(m, "memory", all, (int)n) == (int)n;

	for (size_t i = 0; i < n; i++)
		v[i] = (real)all[i];
	if (n)
		t->be->put(t->memory = t->be->alloc(n * sizeof *v), v, n * sizeof *v);
	free(v);
	free(all);
	return there;
}

void checkpoint_best(struct trainer *t)
{
	struct params *sets[PM_NETS];
	struct meta m = { .buf = NULL };

	for (int i = 0; i < t->members; i++)
		sets[i] = trainer_judged(t, i);
	describe(t, t->state.best_iter, &m);
	save(t, "best.pmm", &m, sets, NULL, t->members);
	meta_fini(&m);
}

void checkpoint_write(struct trainer *t)
{
	const struct state *s = &t->state;
	const struct position *p = &s->position;
	struct params *sets[PM_SETS];
	struct optim *optim[PM_SETS];
	const int n = ordered(t, sets, optim);
	struct meta m = { .buf = NULL };

	describe(t, s->iter, &m);
	meta_set_text(&m, "settings", settings);
	meta_set_number(&m, "cycle", (double)s->cycle);
	meta_set_number(&m, "best", s->best);
	meta_set_number(&m, "best_iteration", (double)s->best_iter);
	meta_set_number(&m, "cycle_iterations", (double)s->cycle_iters);
	meta_set_number(&m, "cycle_loss", s->cycle_loss);
	meta_set_numbers(&m, "cycle_dice", s->cycle_dice, t->run.classes);
	meta_set_number(&m, "records", (double)p->records);
	meta_set_number(&m, "samples", (double)p->samples);
	meta_set_number(&m, "in_order", p->in_order);
	meta_set_text(&m, "first_id", p->first_id);
	meta_set_text(&m, "last_id", p->last_id);
	meta_set_number(&m, "first_epoch", (double)p->first_epoch);
	meta_set_number(&m, "last_epoch", (double)p->last_epoch);
	meta_set_text(&m, "device", t->be->name);
	if (t->memory)
		put_memory(t, &m);
	meta_set_number(&m, "lr", t->schedule.lr);
	if (isfinite(t->schedule.best))
		meta_set_number(&m, "plateau_best", t->schedule.best);
	meta_set_number(&m, "plateau_bad", (double)t->schedule.bad);
	save(t, "last.pmm", &m, sets, optim, n);
	meta_fini(&m);
}

void checkpoint_read(struct trainer *t, const struct meta *m)
{
	struct state *s = &t->state;
	struct position *p = &s->position;

	s->iter = (int64_t)meta_number(m, "iteration", 0);
	s->cycle = (int64_t)meta_number(m, "cycle", 0);
	s->best = meta_number(m, "best", 0);
	s->best_iter = (int64_t)meta_number(m, "best_iteration", 0);
	s->cycle_iters = (int64_t)meta_number(m, "cycle_iterations", 0);
	s->cycle_loss = meta_number(m, "cycle_loss", 0);
	p->records = (int64_t)meta_number(m, "records", 0);
	p->samples = (int64_t)meta_number(m, "samples", 0);
	p->in_order = meta_number(m, "in_order", 0) != 0;
	p->first_epoch = (int64_t)meta_number(m, "first_epoch", 0);
	p->last_epoch = (int64_t)meta_number(m, "last_epoch", 0);
	if (meta_numbers(m, "cycle_dice", s->cycle_dice, MAX_CLASSES) != t->run.classes || s->iter < 0 || s->cycle_iters < 0 ||
		s->cycle_iters > s->iter || p->records < 0 || meta_text(m, "first_id", p->first_id, PM_ID) ||
		meta_text(m, "last_id", p->last_id, PM_ID) ||
		!get_memory(t, m))
		die(PM_FAIL, "%s/last.pmm: the state of the run is damaged; --restart begins anew", t->conf->output);
	char device[16];
	if (!meta_text(m, "device", device, sizeof device) && strcmp(device, t->be->name))
		warning("the run was on --device %s before and is on %s now: it goes on, but its last digits will differ from an undisturbed one",
			device, t->be->name);
	t->channels = (int64_t)meta_number(m, "channels", 0);
	t->schedule.lr = meta_number(m, "lr", t->schedule.lr);
	t->schedule.best = meta_number(m, "plateau_best", -INFINITY);
	t->schedule.bad = (int64_t)meta_number(m, "plateau_bad", 0);
}

void checkpoint_weights(struct trainer *t)
{
	struct params *sets[PM_SETS];
	struct optim *optim[PM_SETS];
	const int n = ordered(t, sets, optim);
	char *path = in_folder(t->conf, "last.pmm");
	struct err e;

	if (model_read(path, sets, optim, n, &e))
		die(PM_FAIL, "%s", e.msg);
	free(path);
}

void checkpoint_position(const char *path)
{
	struct meta m = { .buf = NULL };
	struct err e;
	double samples;

	if (model_about(path, &m, &e))
		die(PM_FAIL, "%s", e.msg);
	samples = meta_number(&m, "samples", -1);
	if (samples < 0)
		die(PM_FAIL, "%s: a model, but not the checkpoint of a training (last.pmm is one)", path);
	if (meta_number(&m, "in_order", 0) == 0)
		die(PM_FAIL, "%s: pymic-batch had put samples aside, or joined two inputs: there is no one place to skip to; resume with "
			"the whole input, without --skip", path);
	printf("%.0f\n", samples);
	meta_fini(&m);
}
