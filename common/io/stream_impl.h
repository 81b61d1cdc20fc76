/* stream_impl.h: what the reader and the writer of streams share and nobody else needs. */
#ifndef PM_STREAM_IMPL_H
#define PM_STREAM_IMPL_H

#include "io/stream.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "payloads are written as they lie in memory");

enum {
	STREAM_VERSION = 1,
	STREAM_MAP = 1 << 20,   /* the largest map; histories and undo stacks grow, payloads do not belong in there */
	STREAM_CHUNK = 1 << 20, /* bytes moved by one call: what a pipe holds, and the checksum finds it in the cache */
};

/* The first bytes of every stream, after the map's own: its first key. */
#define STREAM_MAGIC "\xa5" "pymic"

/* Bytes of a payload piece that the writer makes: PM_PIECE, smaller in tests. */
extern size_t stream_piece;

/* The abort object that open output streams write when this process dies, instead of one of their own. */
void stream_forward_abort(const char *object, size_t len);

#endif
