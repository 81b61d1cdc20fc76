/* model.c: parameters (and, in a checkpoint, optimizer states) to and from a stream of kind "model". */
#include "nn/model.h"

#include "io/stream.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATES PM_COUNT(((struct optim *)0)->state)

static const enum dtype real_type = sizeof(real) == sizeof(double) ? PM_F64 : PM_F32;
static const char *const state_name[STATES] = { "moment0", "moment1" };

static bool has_state(const struct optim *o, const struct param *p, size_t k)
{
	return o && p->trainable && o->state[k];
}

static void put_tensor(struct record *r, const char *field, const struct params *ps, const struct param *p,
	const real *from)
{
	struct tensor *t = record_put(r, field, real_type, p->rank, p->dim);

	ps->be->get(t->data, from + p->offset, (size_t)p->count * sizeof(real));
}

void model_write(const char *path, const struct meta *about, const struct params *const *nets,
	const struct optim *const *optim, int n)
{
	struct stream_field field[1 + STATES] = { { .name = "value", .dtype = (int)real_type } };
	struct record r = { .n = 0 };
	double steps[16] = { 0 };
	int fields = 1;

	assert(n <= (int)PM_COUNT(steps));
	for (size_t k = 0; optim && k < STATES; k++) {
		snprintf(field[fields].name, sizeof field[fields].name, "%s", state_name[k]);
		field[fields++].dtype = (int)real_type;
	}
	struct ostream *s = ostream_open(path, "model", field, fields, NULL);

	snprintf(r.id, sizeof r.id, "model");
	meta_copy(&r.meta, about);
	for (int i = 0; optim && i < n; i++)
		steps[i] = optim[i] ? (double)optim[i]->step : 0;
	if (optim)
		meta_set_numbers(&r.meta, "optimizer_steps", steps, n);
	ostream_put(s, &r);
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < nets[i]->n; j++) {
			const struct param *p = nets[i]->p[j];

			record_clear(&r);
			snprintf(r.id, sizeof r.id, "%d/%s", i, p->name);
			put_tensor(&r, "value", nets[i], p, nets[i]->value);
			for (size_t k = 0; optim && k < STATES; k++)
				if (has_state(optim[i], p, k))
					put_tensor(&r, state_name[k], nets[i], p, optim[i]->state[k]);
			ostream_put(s, &r);
		}
	}
	ostream_end(s);
	record_fini(&r);
}

/* Opens a model and reads its first record. */
static struct istream *model_open(const char *path, struct record *first, struct err *e)
{
	struct istream *s = istream_open(path, e);
	int got;

	if (!s)
		return NULL;
	if (strcmp(istream_head(s)->kind, "model")) {
		err_set(e, "%s: not a model but a stream of kind %s", path, istream_head(s)->kind);
	} else if ((got = istream_next(s, first, e)) < 0) {
		err_prefix(e, "%s", path);
	} else if (!got || strcmp(first->id, "model")) {
		err_set(e, "%s: the model has no description", path);
	} else {
		return s;
	}
	istream_close(s);
	return NULL;
}

int model_about(const char *path, struct meta *about, struct err *e)
{
	struct record r = { .n = 0 };
	struct istream *s = model_open(path, &r, e);

	if (s) {
		meta_copy(about, &r.meta);
		istream_close(s);
	}
	record_fini(&r);
	return s ? 0 : -1;
}

static void shape_text(char *out, size_t size, int rank, const int64_t *dim)
{
	size_t at = 0;

	snprintf(out, size, "a scalar");
	for (int i = 0; i < rank && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%lld", i ? "x" : "", (long long)dim[i]);
}

static bool same_shape(const struct tensor *t, const struct param *p)
{
	return t->rank == p->rank && !memcmp(t->dim, p->dim, (size_t)p->rank * sizeof *p->dim);
}

static int get_tensor(const struct record *r, const char *field, const struct params *ps, const struct param *p,
	real *to, struct err *e)
{
	const struct tensor *t = record_peek(r, field);

	if (!t)
		return err_set(e, "parameter %s has no %s%s", r->id, field,
			strcmp(field, "value") ? ": this is a model, not a checkpoint" : "");
	if (!same_shape(t, p)) {
		char file[96], net[96];
		shape_text(file, sizeof file, t->rank, t->dim);
		shape_text(net, sizeof net, p->rank, p->dim);
		return err_set(e, "parameter %s is %s but this network's is %s: the settings of the network differ",
			r->id, file, net);
	}
	if (dtype_is_integer(t->dtype))
		return err_set(e, "parameter %s is of type %s", r->id, dtype_name(t->dtype));
	real *host = xmalloc((size_t)p->count * sizeof *host);
	convert(host, real_type, t->data, t->dtype, p->count);
	for (int64_t i = 0; i < p->count; i++)
		if (!isfinite(host[i])) {
			free(host);
			return err_set(e, "parameter %s holds NaN or infinity: take a model from before the training went wrong", r->id);
		}
	ps->be->put(to + p->offset, host, (size_t)p->count * sizeof *host);
	free(host);
	return 0;
}

/* The network that the record is of, and the parameter's name in it; -1 with e: it is of none. */
static long network_of(const struct record *r, const char **name, struct err *e)
{
	char *end;
	const long i = strtol(r->id, &end, 10);

	if (end == r->id || *end != '/' || i < 0)
		return err_set(e, "\"%s\" does not name a parameter", r->id);
	*name = end + 1;
	return i;
}

/* Index of the parameter of that name, or -1. */
static int find(const struct params *ps, const char *name)
{
	int j = ps->n - 1;

	while (j >= 0 && strcmp(ps->p[j]->name, name))
		j--;
	return j;
}

/* Index of the parameter that the record is meant for; -1: of a network not asked for; -2 with e. */
static int place(const struct record *r, struct params *const *nets, int n, int *net, struct err *e)
{
	const char *name;
	const long i = network_of(r, &name, e);

	if (i < 0)
		return -2;
	if (i >= n)
		return -1;
	*net = (int)i;
	const int j = find(nets[i], name);
	return j < 0 ? (err_set(e, "this network has no parameter %s: the settings of the network differ", name), -2) : j;
}

static int read_all(struct istream *s, struct record *r, struct params *const *nets, struct optim *const *optim, int n,
	bool **seen, struct err *e)
{
	int got, i = 0;

	while ((got = istream_next(s, r, e)) > 0) {
		int j = place(r, nets, n, &i, e);

		if (j == -2)
			return -1;
		if (j == -1)
			continue;
		struct param *p = nets[i]->p[j];
		if (seen[i][j])
			return err_set(e, "parameter %s comes twice", r->id);
		seen[i][j] = true;
		if (get_tensor(r, "value", nets[i], p, nets[i]->value, e))
			return -1;
		for (size_t k = 0; optim && k < STATES; k++)
			if (has_state(optim[i], p, k) && get_tensor(r, state_name[k], nets[i], p, optim[i]->state[k], e))
				return -1;
	}
	if (got < 0)
		return -1;
	for (i = 0; i < n; i++)
		for (int j = 0; j < nets[i]->n; j++)
			if (!seen[i][j])
				return err_set(e, "parameter %d/%s is missing: the settings of the network differ", i, nets[i]->p[j]->name);
	return 0;
}

int model_read(const char *path, struct params *const *nets, struct optim *const *optim, int n, struct err *e)
{
	struct record r = { .n = 0 };
	struct istream *s = model_open(path, &r, e);
	bool **seen = xcalloc((size_t)n, sizeof *seen);
	int failed = -1;

	if (s) {
		double steps[16] = { 0 };
		int counted = optim ? meta_numbers(&r.meta, "optimizer_steps", steps, (int)PM_COUNT(steps)) : n;

		for (int i = 0; i < n; i++)
			seen[i] = xcalloc((size_t)nets[i]->n + 1, sizeof **seen);
		failed = counted != n ? err_set(e, "no optimizer state for %d networks: not a checkpoint of this run", n) :
			read_all(s, &r, nets, optim, n, seen, e);
		if (failed)
			err_prefix(e, "%s", path);
		for (int i = 0; i < n; i++) {
			if (optim && optim[i])
				optim[i]->step = (int64_t)steps[i];
			params_touch(nets[i]);
			free(seen[i]);
		}
		istream_close(s);
	}
	free(seen);
	record_fini(&r);
	return failed;
}

int model_take(const char *path, int net, const char *prefix, struct params *ps, bool *taken, struct err *e)
{
	struct record r = { .n = 0 };
	struct istream *s = model_open(path, &r, e);
	int got = -1;

	memset(taken, 0, (size_t)ps->n * sizeof *taken);
	while (s && (got = istream_next(s, &r, e)) > 0) {
		const struct tensor *t = record_peek(&r, "value");
		const char *name;
		const long i = network_of(&r, &name, e);
		int j;

		if (i < 0 && (got = -1))
			break;
		if (i != net || !t || strncmp(name, prefix, strlen(prefix)) || (j = find(ps, name)) < 0 || !same_shape(t, ps->p[j]))
			continue;
		if ((got = get_tensor(&r, "value", ps, ps->p[j], ps->value, e)))
			break;
		taken[j] = true;
	}
	if (s && got < 0)
		err_prefix(e, "%s", path);
	if (s)
		istream_close(s);
	params_touch(ps);
	record_fini(&r);
	return got;
}
