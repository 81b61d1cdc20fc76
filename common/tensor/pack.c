#include "tensor/pack.h"

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 16 };

void bytes_add(struct bytes *b, const void *data, size_t n)
{
	if (n > b->cap - b->len) {
		b->cap = b->cap * 2 > b->len + n ? b->cap * 2 : b->len + n + 256;
		b->buf = xresize(b->buf, b->cap, 1);
	}
	if (n)
		memcpy(b->buf + b->len, data, n);
	b->len += n;
}

static int add(void *b, const char *data, size_t n)
{
	bytes_add(b, data, n);
	return 0;
}

msgpack_packer bytes_packer(struct bytes *b)
{
	msgpack_packer pk;
	msgpack_packer_init(&pk, b, add);
	return pk;
}

void pack_text(msgpack_packer *pk, const char *text)
{
	msgpack_pack_str_with_body(pk, text, strlen(text));
}

void pack_number(msgpack_packer *pk, double v)
{
	if (fabs(v) < 0x1p53 && v == trunc(v) && !(v == 0 && signbit(v)))
		msgpack_pack_int64(pk, (int64_t)v);
	else
		msgpack_pack_double(pk, v);
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* What one tag says: bytes of its length field, payload bytes and children when there is none, children per count. */
struct tag {
	size_t field, skip;
	uint64_t children;
	int each; /* children per count in the length field; 0: the field counts bytes */
};

static int read_tag(uint8_t b, struct tag *t)
{
	static const uint8_t scalar[] = { 4, 8, 1, 2, 4, 8, 1, 2, 4, 8 }; /* 0xca..0xd3 */
	*t = (struct tag){ 0 };
	if (b <= 0x7f || b >= 0xe0 || b == 0xc0 || b == 0xc2 || b == 0xc3)
		return 0;
	if (b <= 0x8f)
		t->children = 2u * (b & 15);
	else if (b <= 0x9f)
		t->children = b & 15;
	else if (b <= 0xbf)
		t->skip = b & 31;
	else if (b == 0xc1)
		return -1;
	else if (b <= 0xc6) /* bin */
		t->field = (size_t)1 << (b - 0xc4);
	else if (b <= 0xc9) { /* ext: a type byte too */
		t->field = (size_t)1 << (b - 0xc7);
		t->skip = 1;
	} else if (b <= 0xd3)
		t->skip = scalar[b - 0xca];
	else if (b <= 0xd8) /* fixext */
		t->skip = 1 + ((size_t)1 << (b - 0xd4));
	else if (b <= 0xdb) /* str */
		t->field = (size_t)1 << (b - 0xd9);
	else {
		t->field = b & 1 ? 4 : 2;
		t->each = b >= 0xde ? 2 : 1;
	}
	return 0;
}

int64_t pack_span(const char *buf, size_t len)
{
	const uint8_t *p = (const uint8_t *)buf;
	uint64_t left[MAX_DEPTH] = { 1 };
	size_t at = 0;
	int depth = 0;
	for (;;) {
		while (left[depth] == 0)
			if (depth-- == 0)
				return (int64_t)at;
		left[depth]--;
		struct tag t;
		if (at == len)
			return 0;
		if (read_tag(p[at++], &t))
			return -1;
		if (t.field > len - at)
			return 0;
		uint64_t count = big_endian(p + at, t.field);
		at += t.field;
		if (t.each)
			t.children = count * (uint64_t)t.each;
		else
			t.skip += count;
		if (t.skip > len - at)
			return 0;
		at += t.skip;
		if (t.children) {
			if (++depth == MAX_DEPTH)
				return -1;
			left[depth] = t.children;
		}
	}
}

bool pack_is_map(const char *object)
{
	uint8_t b = (uint8_t)*object;
	return (b & 0xf0) == 0x80 || b == 0xde || b == 0xdf;
}

bool pack_is_array(const char *object)
{
	uint8_t b = (uint8_t)*object;
	return (b & 0xf0) == 0x90 || b == 0xdc || b == 0xdd;
}

int64_t pack_items(const char *object, size_t *head)
{
	const uint8_t *p = (const uint8_t *)object;
	struct tag t;
	if (!pack_is_map(object) && !pack_is_array(object))
		return -1;
	read_tag(*p, &t);
	*head = 1 + t.field;
	return t.field ? (int64_t)big_endian(p + 1, t.field) : *p & 15;
}

/* For bytes that were measured as part of a whole. */
static size_t span(const char *buf)
{
	return (size_t)pack_span(buf, SIZE_MAX / 2);
}

/* The text of a str and its length; NULL: another type. */
static const char *text_at(const char *buf, size_t *len)
{
	uint8_t b = (uint8_t)*buf;
	size_t field = b >= 0xd9 && b <= 0xdb ? (size_t)1 << (b - 0xd9) : 0;
	if (!field && (b & 0xe0) != 0xa0)
		return NULL;
	*len = field ? big_endian((const uint8_t *)buf + 1, field) : b & 31u;
	return buf + 1 + field;
}

bool pack_find(const char *map, const char *key, struct pack_pair *pair)
{
	size_t at, want = strlen(key), len;
	int64_t n = pack_items(map, &at);
	while (n-- > 0) {
		const char *text = text_at(map + at, &len);
		pair->key = at;
		pair->value = at + span(map + at);
		pair->end = pair->value + span(map + pair->value);
		if (text && len == want && memcmp(text, key, len) == 0)
			return true;
		at = pair->end;
	}
	return false;
}

const msgpack_object *object_get(const msgpack_object *map, const char *key)
{
	if (map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];
		const msgpack_object_str *s = &kv->key.via.str;
		if (kv->key.type == MSGPACK_OBJECT_STR && s->size == strlen(key) && memcmp(s->ptr, key, s->size) == 0)
			return &kv->val;
	}
	return NULL;
}

int object_text(const msgpack_object *o, char *out, size_t size)
{
	if (!o || o->type != MSGPACK_OBJECT_STR || o->via.str.size >= size || memchr(o->via.str.ptr, 0, o->via.str.size))
		return -1;
	memcpy(out, o->via.str.ptr, o->via.str.size);
	out[o->via.str.size] = 0;
	return 0;
}

int object_int(const msgpack_object *o, int64_t *v)
{
	if (!o || (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER && o->type != MSGPACK_OBJECT_NEGATIVE_INTEGER))
		return -1;
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 > INT64_MAX)
		return -1;
	*v = o->via.i64;
	return 0;
}

int object_number(const msgpack_object *o, double *v)
{
	if (!o)
		return -1;
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		*v = (double)o->via.u64;
	else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		*v = (double)o->via.i64;
	else if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64)
		*v = o->via.f64;
	else
		return -1;
	return 0;
}
