/* meta.c: the map of a record, read and changed as bytes, so that what nobody here knows stays as it came. */
#include "tensor/pack.h"
#include "tensor/record.h"

#include <stdlib.h>
#include <string.h>

void meta_fini(struct meta *m)
{
	free(m->buf);
	*m = (struct meta){ 0 };
}

void meta_copy(struct meta *dst, const struct meta *src)
{
	struct bytes b = { dst->buf, 0, dst->cap };
	bytes_add(&b, src->buf, src->len);
	*dst = (struct meta){ b.buf, b.len, b.cap };
}

static bool find(const struct meta *m, const char *key, struct pack_pair *pair)
{
	return m->len && pack_find(m->buf, key, pair);
}

/* Puts a pair in the place of the old one, or at the end; value NULL: takes it away. */
static void replace(struct meta *m, const char *key, const struct bytes *value)
{
	struct pack_pair old;
	size_t head = 0;
	const char *buf = m->len ? m->buf : "";
	int64_t n = m->len ? pack_items(buf, &head) : 0;
	bool there = find(m, key, &old);
	if (!there)
		old = (struct pack_pair){ m->len, m->len, m->len };
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	msgpack_pack_map(&pk, (size_t)(n - there + !!value));
	bytes_add(&b, buf + head, old.key - head);
	if (value) {
		pack_text(&pk, key);
		bytes_add(&b, value->buf, value->len);
	}
	bytes_add(&b, buf + old.end, m->len - old.end);
	meta_fini(m);
	*m = (struct meta){ b.buf, b.len, b.cap };
}

void meta_delete(struct meta *m, const char *key)
{
	struct pack_pair old;
	if (find(m, key, &old))
		replace(m, key, NULL);
}

/* A packer on an empty value, then the value into the map. */
static void set(struct meta *m, const char *key, struct bytes *value)
{
	replace(m, key, value);
	free(value->buf);
}

void meta_set_text(struct meta *m, const char *key, const char *text)
{
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	pack_text(&pk, text);
	set(m, key, &b);
}

void meta_set_number(struct meta *m, const char *key, double v)
{
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	pack_number(&pk, v);
	set(m, key, &b);
}

static void pack_numbers(msgpack_packer *pk, const double *v, int n)
{
	msgpack_pack_array(pk, (size_t)n);
	for (int i = 0; i < n; i++)
		pack_number(pk, v[i]);
}

void meta_set_numbers(struct meta *m, const char *key, const double *v, int n)
{
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	pack_numbers(&pk, v, n);
	set(m, key, &b);
}

/* A number, or an array of nothing but numbers. */
static int numbers(const msgpack_object *o, double *v, int max)
{
	bool array = o->type == MSGPACK_OBJECT_ARRAY;
	const msgpack_object *item = array ? o->via.array.ptr : o;
	uint32_t n = array ? o->via.array.size : 1;
	double ignored;
	for (uint32_t i = 0; i < n; i++)
		if (object_number(&item[i], i < (uint32_t)max ? &v[i] : &ignored))
			return -1;
	return n > INT32_MAX ? -1 : (int)n;
}

/* Unpacks the value of a key; the caller destroys *u in any case. */
static const msgpack_object *unpack(const struct meta *m, const char *key, msgpack_unpacked *u)
{
	struct pack_pair p;
	msgpack_unpacked_init(u);
	if (!find(m, key, &p)
		|| msgpack_unpack_next(u, m->buf + p.value, p.end - p.value, NULL) < MSGPACK_UNPACK_EXTRA_BYTES)
		return NULL;
	return &u->data;
}

int meta_numbers(const struct meta *m, const char *key, double *v, int max)
{
	msgpack_unpacked u;
	const msgpack_object *o = unpack(m, key, &u);
	int n = o ? numbers(o, v, max) : -1;
	msgpack_unpacked_destroy(&u);
	return n;
}

double meta_number(const struct meta *m, const char *key, double absent)
{
	double v;
	return meta_numbers(m, key, &v, 1) == 1 ? v : absent;
}

int meta_text(const struct meta *m, const char *key, char *out, size_t size)
{
	msgpack_unpacked u;
	int rc = object_text(unpack(m, key, &u), out, size);
	msgpack_unpacked_destroy(&u);
	return rc;
}

/* The elements of the undo stack as they lie in the meta; n is 0 when there is none. */
struct stack {
	int64_t n;
	const char *first;
	size_t len;
};

static struct stack stack_of(const struct meta *m)
{
	struct pack_pair p;
	struct stack s = { 0 };
	size_t head;
	if (!find(m, "undo", &p) || !pack_is_array(m->buf + p.value))
		return s;
	s.n = pack_items(m->buf + p.value, &head);
	s.first = m->buf + p.value + head;
	s.len = p.end - p.value - head;
	return s;
}

void meta_push_undo(struct meta *m, const char *name, const double *v, int n)
{
	struct stack s = stack_of(m);
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	msgpack_pack_array(&pk, (size_t)s.n + 1);
	bytes_add(&b, s.first, s.len);
	msgpack_pack_map(&pk, 2);
	pack_text(&pk, "t");
	pack_text(&pk, name);
	pack_text(&pk, "p");
	pack_numbers(&pk, v, n);
	set(m, "undo", &b);
}

int meta_pop_undo(struct meta *m, char *name, size_t size, double *v, int max)
{
	struct stack s = stack_of(m);
	size_t top = 0;
	if (s.n < 1)
		return -1;
	for (int64_t i = 0; i < s.n - 1; i++)
		top += (size_t)pack_span(s.first + top, s.len - top);
	msgpack_unpacked u;
	int count = -1;
	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, s.first + top, s.len - top, NULL) >= MSGPACK_UNPACK_EXTRA_BYTES) {
		const msgpack_object *p = object_get(&u.data, "p");
		if (p && object_text(object_get(&u.data, "t"), name, size) == 0)
			count = numbers(p, v, max);
	}
	msgpack_unpacked_destroy(&u);
	if (count < 0)
		return -1;
	struct bytes b = { 0 };
	msgpack_packer pk = bytes_packer(&b);
	msgpack_pack_array(&pk, (size_t)s.n - 1);
	bytes_add(&b, s.first, top);
	if (s.n > 1)
		set(m, "undo", &b);
	else {
		meta_delete(m, "undo");
		free(b.buf);
	}
	return count;
}
