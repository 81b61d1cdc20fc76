#include "base/progress.h"
#include "io/stream_impl.h"
#include "tensor/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

enum {
	BUFFER = 16 << 10,   /* for maps; it grows up to STREAM_MAP only as bytes come */
	FIRST_STEP = 4 << 20, /* what a tensor gets before its first byte has come; then twice what has come is added */
};

struct istream {
	int fd;
	char *name; /* for messages; NULL: none is needed */
	struct stream_head head;
	char *buf;
	size_t off, len, cap;
	uint32_t crc;
	int64_t records;
	bool over;              /* there is nothing more: failed tells which of the two */
	bool failed;
	struct err why;
	struct bytes abort;     /* the object that ended the stream, as it came */
	msgpack_unpacked map;   /* the last one, until the next */
	const char *raw;        /* and its bytes in buf */
	size_t raw_len;
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Reads n bytes or fewer to dst, and what comes in the same call behind them to the end of the buffer. Returns how many
 * bytes came in all; 0 at the end of the file, -1 with e.
 */
static ssize_t receive(struct istream *s, void *dst, size_t n, struct err *e)
{
	ssize_t k;
	struct iovec v[2] = { { dst, n }, { s->buf + s->len, s->cap - s->len } };
	wait_begin(WAIT_IN);
	do
		k = readv(s->fd, v, 2);
	while (k < 0 && errno == EINTR);
	wait_end(WAIT_IN);
	if (k < 0)
		return err_set(e, "cannot read: %s", strerror(errno));
	if ((size_t)k > n)
		s->len += (size_t)k - n;
	return k;
}

/* Puts more bytes behind those in the buffer. */
static ssize_t fill(struct istream *s, struct err *e)
{
	memmove(s->buf, s->buf + s->off, s->len - s->off);
	s->len -= s->off;
	s->off = 0;
	if (s->len == s->cap) {
		if (s->cap == STREAM_MAP)
			return err_set(e, "corrupt: a map of more than 1 MiB after %" PRId64 " records", s->records);
		s->cap *= 2;
		s->buf = xresize(s->buf, s->cap, 1);
	}
	return receive(s, NULL, 0, e);
}

static int truncated(struct istream *s, struct err *e)
{
	return err_set(e, "truncated: the stream ends after %" PRId64 " records without an end mark "
		"(did the tool before this one die?)", s->records);
}

static int corrupt(struct istream *s, const char *what, struct err *e)
{
	return err_set(e, "corrupt: %s in record %" PRId64, what, s->records + 1);
}

/* Makes n bytes available in the buffer. */
static int need(struct istream *s, size_t n, struct err *e)
{
	while (s->len - s->off < n) {
		ssize_t k = fill(s, e);
		if (k <= 0)
			return k ? -1 : truncated(s, e);
	}
	return 0;
}

static void consume(struct istream *s, size_t n)
{
	s->crc = (uint32_t)crc32_z(s->crc, (const Bytef *)s->buf + s->off, n);
	s->off += n;
}

/* The next object, small enough to be whole in the buffer. */
static int next_object(struct istream *s, struct err *e)
{
	int64_t span;
	if (need(s, 1, e))
		return -1;
	while ((span = pack_span(s->buf + s->off, s->len - s->off)) == 0)
		if (need(s, s->len - s->off + 1, e))
			return -1;
	if (span < 0)
		return corrupt(s, "bytes that are no msgpack", e);
	s->raw = s->buf + s->off;
	s->raw_len = (size_t)span;
	/* The span was measured: a count cannot ask for more memory than its bytes justify. */
	if (msgpack_unpack_next(&s->map, s->raw, s->raw_len, NULL) < MSGPACK_UNPACK_EXTRA_BYTES)
		return corrupt(s, "an object that cannot be unpacked", e);
	consume(s, s->raw_len);
	return 0;
}

/* Names and ids end up in messages, tables and file names: no control characters. */
static int object_word(const msgpack_object *o, char *out, size_t size)
{
	if (object_text(o, out, size))
		return -1;
	for (const char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return -1;
	return 0;
}

static int parse_field(const msgpack_object *o, struct stream_field *f)
{
	char type[8];
	enum dtype t;
	int64_t rank;
	if (object_word(object_get(o, "name"), f->name, sizeof f->name)
		|| object_text(object_get(o, "dtype"), type, sizeof type)
		|| object_int(object_get(o, "rank"), &rank) || rank < 0 || rank > PM_MAX_RANK)
		return -1;
	f->rank = (int)rank;
	f->dtype = -1;
	if (strcmp(type, "any") == 0)
		return 0;
	if (dtype_parse(type, &t))
		return -1;
	f->dtype = t;
	return 0;
}

/* Unknown keys are let pass: a later version may have added them. */
static int read_head(struct istream *s, struct err *e)
{
	struct stream_head *h = &s->head;
	struct pack_pair history;
	int64_t version;
	ssize_t k = 1;
	while (s->len < sizeof STREAM_MAGIC && (k = fill(s, e)) > 0)
		;
	if (k < 0)
		return -1;
	if (s->len == 0)
		return err_set(e, "truncated: the input is empty (did the tool before this one die?)");
	if (!pack_is_map(s->buf) || memcmp(s->buf + 1, STREAM_MAGIC, least(s->len, sizeof STREAM_MAGIC) - 1) != 0)
		return err_set(e, "this is no pymic stream");
	if (next_object(s, e))
		return -1;
	const msgpack_object *map = &s->map.data, *fields = object_get(map, "fields"), *past = object_get(map, "history");
	if (object_int(object_get(map, "pymic"), &version))
		return err_set(e, "this is no pymic stream");
	if (version != STREAM_VERSION)
		return err_set(e, "a stream of version %" PRId64 ": this tool knows version %d", version, STREAM_VERSION);
	if (object_word(object_get(map, "kind"), h->kind, sizeof h->kind))
		return err_set(e, "corrupt: the head says no kind");
	if (!fields || fields->type != MSGPACK_OBJECT_ARRAY || fields->via.array.size > PM_MAX_FIELDS)
		return err_set(e, "corrupt: the head lists no fields, or more than %d", PM_MAX_FIELDS);
	for (h->n = 0; h->n < (int)fields->via.array.size; h->n++)
		if (parse_field(&fields->via.array.ptr[h->n], &h->field[h->n]))
			return err_set(e, "corrupt: field %d in the head is malformed", h->n + 1);
	if (!past || past->type != MSGPACK_OBJECT_ARRAY || !pack_find(s->raw, "history", &history))
		return err_set(e, "corrupt: the head has no history");
	h->history_len = history.end - history.value;
	h->history = xmalloc(h->history_len);
	memcpy(h->history, s->raw + history.value, h->history_len);
	return 0;
}

struct istream *istream_fd(int fd, const char *name, struct err *e)
{
	struct istream *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->name = name ? xstrdup(name) : NULL;
	s->cap = BUFFER;
	s->buf = xmalloc(s->cap);
	msgpack_unpacked_init(&s->map);
	fcntl(fd, F_SETPIPE_SZ, STREAM_CHUNK);
	if (read_head(s, e)) {
		if (name)
			err_prefix(e, "%s", name);
		istream_close(s);
		return NULL;
	}
	return s;
}

struct istream *istream_open(const char *path, struct err *e)
{
	if (strcmp(path, "-") == 0)
		return istream_fd(STDIN_FILENO, NULL, e);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	return istream_fd(fd, path, e);
}

void istream_close(struct istream *s)
{
	close(s->fd);
	msgpack_unpacked_destroy(&s->map);
	free(s->head.history);
	free(s->abort.buf);
	free(s->name);
	free(s->buf);
	free(s);
}

const struct stream_head *istream_head(const struct istream *s)
{
	return &s->head;
}

bool stream_has(const struct stream_head *h, const char *field)
{
	for (int i = 0; i < h->n; i++)
		if (strcmp(h->field[i].name, field) == 0)
			return true;
	return false;
}

/* The head of a payload piece: its length goes to *n. */
static int bin_head(struct istream *s, size_t *n, struct err *e)
{
	if (need(s, 1, e))
		return -1;
	unsigned tag = (uint8_t)s->buf[s->off];
	if (tag < 0xc4 || tag > 0xc6)
		return corrupt(s, "no payload where one belongs", e);
	size_t field = (size_t)1 << (tag - 0xc4);
	if (need(s, 1 + field, e))
		return -1;
	*n = 0;
	for (size_t i = 1; i <= field; i++)
		*n = *n << 8 | (uint8_t)s->buf[s->off + i];
	consume(s, 1 + field);
	return 0;
}

/* At least one and at most n bytes of payload, from the buffer or straight from the file. How many, or -1. */
static ssize_t take(struct istream *s, void *dst, size_t n, struct err *e)
{
	size_t ready = s->len - s->off;
	if (ready) {
		n = least(n, ready);
		memcpy(dst, s->buf + s->off, n);
		s->off += n;
	} else {
		s->off = s->len = 0;
		ssize_t k = receive(s, dst, n, e);
		if (k <= 0)
			return k ? -1 : truncated(s, e);
		n = least(n, (size_t)k);
	}
	s->crc = (uint32_t)crc32_z(s->crc, dst, n);
	return (ssize_t)n;
}

/* The memory grows as the bytes come, so that a record that only claims to be large costs nothing. */
static int read_payload(struct istream *s, struct field *f, size_t bytes, struct err *e)
{
	for (size_t got = 0; got < bytes;) {
		size_t piece = 0;
		if (bin_head(s, &piece, e))
			return -1;
		if (piece == 0 || piece > PM_PIECE || piece > bytes - got)
			return corrupt(s, "a payload that does not fit its shape", e);
		for (size_t end = got + piece; got < end;) {
			field_reserve(f, least(bytes, 2 * got + FIRST_STEP));
			ssize_t k = take(s, (char *)f->t.data + got, least(least(end, f->cap) - got, STREAM_CHUNK), e);
			if (k < 0)
				return -1;
			got += (size_t)k;
		}
	}
	return 0;
}

static int parse_tensor(const msgpack_object *o, struct field *f)
{
	const msgpack_object *shape = object_get(o, "shape");
	char type[8];
	size_t bytes;
	if (object_word(object_get(o, "name"), f->name, sizeof f->name) || !f->name[0]
		|| object_text(object_get(o, "dtype"), type, sizeof type) || dtype_parse(type, &f->t.dtype)
		|| !shape || shape->type != MSGPACK_OBJECT_ARRAY || shape->via.array.size > PM_MAX_RANK)
		return -1;
	f->t.rank = (int)shape->via.array.size;
	for (int d = 0; d < f->t.rank; d++)
		if (object_int(&shape->via.array.ptr[d], &f->t.dim[d]))
			return -1;
	return tensor_bytes(&f->t, &bytes);
}

static int read_record(struct istream *s, struct record *r, struct err *e)
{
	const msgpack_object *map = &s->map.data, *list = object_get(map, "t"), *meta = object_get(map, "meta");
	struct pack_pair m;
	char why[64];
	int64_t crc;
	if (object_word(object_get(map, "id"), r->id, sizeof r->id))
		return corrupt(s, "no id, or an impossible one,", e);
	if (object_int(object_get(map, "epoch"), &r->epoch))
		return corrupt(s, "no epoch", e);
	if (!meta || meta->type != MSGPACK_OBJECT_MAP || !pack_find(s->raw, "meta", &m))
		return corrupt(s, "no meta", e);
	if (!list || list->type != MSGPACK_OBJECT_ARRAY || list->via.array.size > PM_MAX_FIELDS)
		return corrupt(s, "no list of tensors, or too many,", e);
	meta_copy(&r->meta, &(struct meta){ (char *)s->raw + m.value, m.end - m.value, 0 });
	int n = (int)list->via.array.size;
	for (int i = 0; i < n; i++) {
		snprintf(why, sizeof why, "tensor %d is malformed", i + 1);
		if (parse_tensor(&list->via.array.ptr[i], &r->f[i]))
			return corrupt(s, why, e);
		if (record_peek(r, r->f[i].name))
			return corrupt(s, "two tensors of the same name", e);
		r->n = i + 1;
	}
	/* Until its payload has come a field's shape promises memory that is not there. */
	for (r->n = 0; r->n < n; r->n++) {
		struct field *f = &r->f[r->n];
		size_t bytes;
		if (tensor_bytes(&f->t, &bytes) || read_payload(s, f, bytes, e))
			return -1;
	}
	uint32_t sum = s->crc;
	if (next_object(s, e))
		return -1;
	if (object_int(&s->map.data, &crc) || crc != (int64_t)sum)
		return corrupt(s, "the checksum does not match", e);
	s->records++;
	return 1;
}

static int read_end(struct istream *s, struct err *e)
{
	int64_t n;
	if (object_int(object_get(&s->map.data, "records"), &n) || n != s->records)
		return err_set(e, "corrupt: the end mark does not count the %" PRId64 " records that came", s->records);
	ssize_t more = s->len > s->off ? 1 : fill(s, e);
	if (more > 0)
		return err_set(e, "corrupt: there are data after the end mark");
	return (int)more;
}

static int read_abort(struct istream *s, struct err *e)
{
	char tool[PM_NAME], why[4096];
	const msgpack_object *map = &s->map.data;
	if (object_word(object_get(map, "tool"), tool, sizeof tool) || object_word(object_get(map, "why"), why, sizeof why))
		return err_set(e, "corrupt: a malformed abort after %" PRId64 " records", s->records);
	bytes_add(&s->abort, s->raw, s->raw_len);
	return err_set(e, "%s: %s", tool, why);
}

int istream_next(struct istream *s, struct record *r, struct err *e)
{
	char what[8];
	int rc;
	if (s->over) {
		*e = s->why;
		return s->failed ? -1 : 0;
	}
	record_clear(r);
	s->crc = 0;
	if (next_object(s, e))
		rc = -1;
	else if (object_text(object_get(&s->map.data, "k"), what, sizeof what))
		rc = corrupt(s, "something that is no record", e);
	else if (strcmp(what, "rec") == 0)
		rc = read_record(s, r, e);
	else if (strcmp(what, "end") == 0)
		rc = read_end(s, e);
	else if (strcmp(what, "abort") == 0)
		rc = read_abort(s, e);
	else
		rc = corrupt(s, "something that is no record", e);
	if (rc > 0)
		return rc;
	s->over = true;
	s->failed = rc < 0;
	if (s->failed) {
		record_clear(r);
		if (s->name)
			err_prefix(e, "%s", s->name);
		s->why = *e;
	}
	return rc;
}

bool istream_read(struct istream *s, struct record *r)
{
	struct err e;
	int rc = istream_next(s, r, &e);
	if (rc >= 0)
		return rc;
	if (s->abort.len)
		stream_forward_abort(s->abort.buf, s->abort.len);
	die(PM_INPUT, "%s", e.msg);
}

/* Is kind one of the words of "a|b"? */
static bool is_one_of(const char *kind, const char *words)
{
	size_t n = strlen(kind);
	for (const char *p = words; p; p = (p = strchr(p, '|')) ? p + 1 : NULL)
		if (strncmp(p, kind, n) == 0 && (p[n] == 0 || p[n] == '|'))
			return true;
	return false;
}

struct istream *istream_stdin(const char *kinds)
{
	struct err e;
	if (isatty(STDIN_FILENO))
		die(PM_USAGE, "the input is a terminal: pipe a stream in, as in \"pymic-load cases.csv | %s\"", pm_tool);
	struct istream *s = istream_open("-", &e);
	if (!s)
		die(PM_INPUT, "%s", e.msg);
	if (!is_one_of(s->head.kind, kinds))
		die(PM_INPUT, "the input is a stream of kind \"%s\", but %s reads \"%s\"", s->head.kind, pm_tool, kinds);
	return s;
}

int64_t istream_tell(const struct istream *s)
{
	off_t at = lseek(s->fd, 0, SEEK_CUR);
	return at < 0 ? -1 : (int64_t)at - (int64_t)(s->len - s->off);
}

int istream_seek(struct istream *s, int64_t offset, struct err *e)
{
	if (lseek(s->fd, offset, SEEK_SET) < 0)
		return err_set(e, "%s: cannot go to byte %" PRId64 ": %s", s->name ? s->name : "stdin", offset,
			strerror(errno));
	s->off = s->len = 0;
	s->over = s->failed = false;
	return 0;
}
