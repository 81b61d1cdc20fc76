#include "tensor/record.h"

#include <stdlib.h>
#include <string.h>

const struct tensor *record_peek(const struct record *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->f[i].name, name) == 0)
			return &r->f[i].t;
	return NULL;
}

struct tensor *record_get(struct record *r, const char *name)
{
	return (struct tensor *)record_peek(r, name);
}

void field_reserve(struct field *f, size_t bytes)
{
	if (bytes <= f->cap)
		return;
	f->t.data = xresize(f->t.data, bytes, 1);
	f->cap = bytes;
}

struct tensor *record_put(struct record *r, const char *name, enum dtype t, int rank, const int64_t *dim)
{
	struct field *f = r->f;
	while (f < r->f + r->n && strcmp(f->name, name) != 0)
		f++;
	if (f == r->f + PM_MAX_FIELDS || strlen(name) >= sizeof f->name || rank < 0 || rank > PM_MAX_RANK)
		die(PM_FAIL, "%s: no room for the field %s of rank %d", r->id, name, rank);
	struct tensor shape = { .dtype = t, .rank = rank, .data = f->t.data };
	size_t bytes;
	memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
	if (tensor_bytes(&shape, &bytes))
		die(PM_FAIL, "%s: the field %s would have an impossible shape", r->id, name);
	if (f == r->f + r->n) {
		strcpy(f->name, name);
		r->n++;
	}
	f->t = shape;
	/* The old contents need not be carried over to a larger buffer. */
	if (bytes > f->cap) {
		free(f->t.data);
		f->t.data = NULL;
		f->cap = 0;
		field_reserve(f, bytes);
	}
	return &f->t;
}

void record_drop(struct record *r, const char *name)
{
	for (int i = 0; i < r->n; i++) {
		if (strcmp(r->f[i].name, name) != 0)
			continue;
		struct field gone = r->f[i];
		r->n--;
		memmove(&r->f[i], &r->f[i + 1], (size_t)(r->n - i) * sizeof gone);
		r->f[r->n] = gone; /* its buffer waits for the next field */
		return;
	}
}

void record_copy(struct record *dst, const struct record *src)
{
	record_clear(dst);
	memcpy(dst->id, src->id, sizeof dst->id);
	dst->epoch = src->epoch;
	meta_copy(&dst->meta, &src->meta);
	for (int i = 0; i < src->n; i++) {
		const struct tensor *s = &src->f[i].t;
		struct tensor *d = record_put(dst, src->f[i].name, s->dtype, s->rank, s->dim);
		memcpy(d->data, s->data, (size_t)tensor_count(s) * dtype_size(s->dtype));
	}
}

void record_swap(struct record *a, struct record *b)
{
	struct record t = *a;
	*a = *b;
	*b = t;
}

void record_clear(struct record *r)
{
	r->id[0] = 0;
	r->epoch = 0;
	r->n = 0;
	r->meta.len = 0;
}

void record_fini(struct record *r)
{
	for (int i = 0; i < PM_MAX_FIELDS; i++)
		free(r->f[i].t.data);
	meta_fini(&r->meta);
	*r = (struct record){ 0 };
}
