/* pack.h: msgpack as bytes, for what meta and the streams have in common. */
#ifndef PM_PACK_H
#define PM_PACK_H

#include <msgpack.h>

#include "base/base.h"

/* A buffer that grows; packers write to its end. Zero-initialised is empty. */
struct bytes {
	char *buf;
	size_t len, cap;
};

void bytes_add(struct bytes *b, const void *data, size_t n);
msgpack_packer bytes_packer(struct bytes *b);

void pack_text(msgpack_packer *pk, const char *text);
void pack_number(msgpack_packer *pk, double v); /* as an integer where it is one; -0.0 and NaN stay doubles */

/*
 * How many bytes the object at the start of buf takes. 0: it goes on beyond len; -1: this is not msgpack, or it is nested
 * deeper than 16. Nothing is allocated, so a count or length that lies costs nothing.
 */
int64_t pack_span(const char *buf, size_t len);

/* Of an object that pack_span has measured. items: how many pairs (elements), *head: the bytes before them; -1: none. */
bool pack_is_map(const char *object);
bool pack_is_array(const char *object);
int64_t pack_items(const char *object, size_t *head);

/* Where a pair lies in a map that pack_span has measured: offsets of the key, of the value and behind it. */
struct pack_pair {
	size_t key, value, end;
};
bool pack_find(const char *map, const char *key, struct pack_pair *pair);

/* The same on an unpacked map; NULL: no map, or no such key. And its values: 0, or -1 when the type is another. */
const msgpack_object *object_get(const msgpack_object *map, const char *key);
int object_text(const msgpack_object *o, char *out, size_t size); /* -1 also when too long or with a zero byte inside */
int object_int(const msgpack_object *o, int64_t *v);
int object_number(const msgpack_object *o, double *v);

#endif
