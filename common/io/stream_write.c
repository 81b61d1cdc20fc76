#include "io/outfile.h"
#include "io/stream_impl.h"
#include "base/opt.h"
#include "base/progress.h"
#include "tensor/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

struct ostream {
	int fd;
	char *name;           /* for messages: "stdout" or the path */
	struct outfile *file; /* NULL: stdout, or the caller's */
	struct bytes small;   /* what is not payload and not written yet */
	size_t summed;        /* bytes of it that crc has seen */
	uint32_t crc;
	bool inside;          /* of a record: no place for an abort object */
	int64_t records;
};

size_t stream_piece = PM_PIECE;
static const char *forward;
static size_t forward_len;
static bool seeded;
static uint64_t seed_used;

void stream_forward_abort(const char *object, size_t len)
{
	forward = object;
	forward_len = len;
}

void ostream_seed(uint64_t seed)
{
	seeded = true;
	seed_used = seed;
}

/* 0, or -1 with errno. */
static int write_all(int fd, struct iovec v[2])
{
	for (int i = 0; i < 2;) {
		if (v[i].iov_len == 0) {
			i++;
			continue;
		}
		wait_begin(WAIT_OUT);
		ssize_t k = writev(fd, v + i, 2 - i);
		wait_end(WAIT_OUT);
		if (k < 0 && errno != EINTR)
			return -1;
		for (int j = i; j < 2 && k > 0; j++) {
			size_t part = (size_t)k < v[j].iov_len ? (size_t)k : v[j].iov_len;
			v[j].iov_base = (char *)v[j].iov_base + part;
			v[j].iov_len -= part;
			k -= (ssize_t)part;
		}
	}
	return 0;
}

static void sum(struct ostream *s, const void *data, size_t n)
{
	s->crc = (uint32_t)crc32_z(s->crc, data, n);
}

/* Everything packed so far enters the checksum. */
static void sum_small(struct ostream *s)
{
	sum(s, s->small.buf + s->summed, s->small.len - s->summed);
	s->summed = s->small.len;
}

/* Writes what was packed, and n bytes of payload behind it. */
static void flush(struct ostream *s, const void *payload, size_t n)
{
	struct iovec v[2] = { { s->small.buf, s->small.len }, { (void *)payload, n } };
	if (write_all(s->fd, v)) {
		int why = errno;
		at_die_cancel(s);
		if (why == EPIPE) /* the reader has had enough */
			quit(PM_OK);
		die(PM_FAIL, "%s: cannot write: %s", s->name, strerror(why));
	}
	s->small.len = s->summed = 0;
}

static void abort_mark(void *arg, enum status status, const char *why)
{
	struct ostream *s = arg;
	if (s->inside || (!why && status == PM_OK))
		return;
	struct bytes b = { 0 };
	if (forward)
		bytes_add(&b, forward, forward_len);
	else {
		msgpack_packer pk = bytes_packer(&b);
		msgpack_pack_map(&pk, 4);
		pack_text(&pk, "k");
		pack_text(&pk, "abort");
		pack_text(&pk, "tool");
		pack_text(&pk, pm_tool);
		pack_text(&pk, "why");
		pack_text(&pk, why ? why : "stopped before the end");
		pack_text(&pk, "status");
		msgpack_pack_int(&pk, (int)status);
	}
	struct iovec v[2] = { { b.buf, b.len } };
	if (write_all(s->fd, v) == 0)
		s->inside = true; /* nothing may follow */
	free(b.buf);
}

/* One entry for this tool. Very long command lines are cut: the head has a limit that a few tools must share. */
static void pack_history(msgpack_packer *pk)
{
	enum { MAX_ARGV = 16 << 10 };
	size_t total = 0;
	int words = pm_argc > 1 ? pm_argc - 1 : 0, n = 0; /* without the program's path, which may differ */
	while (n < words && (total += strlen(pm_argv[n + 1])) < MAX_ARGV)
		n++;
	msgpack_pack_map(pk, 4);
	pack_text(pk, "tool");
	pack_text(pk, pm_tool);
	pack_text(pk, "version");
	pack_text(pk, PM_VERSION);
	pack_text(pk, "argv");
	msgpack_pack_array(pk, (size_t)(n + (n < words)));
	for (int i = 1; i <= n; i++)
		pack_text(pk, pm_argv[i]);
	if (n < words)
		pack_text(pk, "...");
	pack_text(pk, "seed");
	if (seeded)
		msgpack_pack_uint64(pk, seed_used);
	else
		msgpack_pack_nil(pk);
}

static void pack_head(struct ostream *s, const char *kind, const struct stream_field *f, int n,
	const struct stream_head *in)
{
	msgpack_packer pk = bytes_packer(&s->small);
	msgpack_pack_map(&pk, 4);
	pack_text(&pk, "pymic");
	msgpack_pack_int(&pk, STREAM_VERSION);
	pack_text(&pk, "kind");
	pack_text(&pk, kind);
	pack_text(&pk, "fields");
	msgpack_pack_array(&pk, (size_t)n);
	for (int i = 0; i < n; i++) {
		msgpack_pack_map(&pk, 3);
		pack_text(&pk, "name");
		pack_text(&pk, f[i].name);
		pack_text(&pk, "dtype");
		pack_text(&pk, f[i].dtype < 0 ? "any" : dtype_name((enum dtype)f[i].dtype));
		pack_text(&pk, "rank");
		msgpack_pack_int(&pk, f[i].rank);
	}
	pack_text(&pk, "history");
	size_t head = 0;
	int64_t before = in && in->history_len ? pack_items(in->history, &head) : 0;
	msgpack_pack_array(&pk, (size_t)before + 1);
	if (before)
		bytes_add(&s->small, in->history + head, in->history_len - head);
	pack_history(&pk);
	if (s->small.len > STREAM_MAP)
		die(PM_FAIL, "%s: the history of this stream has grown above 1 MiB", s->name);
}

static struct ostream *begin(struct ostream *s, const char *kind, const struct stream_field *f, int n, const struct stream_head *in)
{
	signal(SIGPIPE, SIG_IGN);
	fcntl(s->fd, F_SETPIPE_SZ, STREAM_CHUNK); /* no harm when this is no pipe, or the user has too many */
	pack_head(s, kind, f, n, in);
	flush(s, NULL, 0);
	at_die(abort_mark, s);
	return s;
}

struct ostream *ostream_open(const char *path, const char *kind, const struct stream_field *f, int n,
	const struct stream_head *in)
{
	struct ostream *s = xcalloc(1, sizeof *s);
	struct err e;
	if (strcmp(path, "-") == 0) {
		if (isatty(STDOUT_FILENO))
			die(PM_USAGE, "the result is binary: pipe it into another tool or into a file");
		s->fd = STDOUT_FILENO;
		s->name = xstrdup("stdout");
	} else {
		if (!(s->file = outfile_open(path, &e)))
			die(PM_FAIL, "%s", e.msg);
		s->fd = outfile_fd(s->file);
		s->name = xstrdup(path);
	}
	return begin(s, kind, f, n, in);
}

struct ostream *ostream_fd(int fd, const char *name, const char *kind, const struct stream_field *f, int n, const struct stream_head *in)
{
	struct ostream *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->name = xstrdup(name);
	return begin(s, kind, f, n, in);
}

static void pack_record(struct ostream *s, const struct record *r)
{
	msgpack_packer pk = bytes_packer(&s->small);
	msgpack_pack_map(&pk, 5);
	pack_text(&pk, "k");
	pack_text(&pk, "rec");
	pack_text(&pk, "id");
	pack_text(&pk, r->id);
	pack_text(&pk, "epoch");
	msgpack_pack_int64(&pk, r->epoch);
	pack_text(&pk, "meta");
	if (r->meta.len)
		bytes_add(&s->small, r->meta.buf, r->meta.len);
	else
		msgpack_pack_map(&pk, 0);
	pack_text(&pk, "t");
	msgpack_pack_array(&pk, (size_t)r->n);
	for (int i = 0; i < r->n; i++) {
		const struct tensor *t = &r->f[i].t;
		msgpack_pack_map(&pk, 3);
		pack_text(&pk, "name");
		pack_text(&pk, r->f[i].name);
		pack_text(&pk, "dtype");
		pack_text(&pk, dtype_name(t->dtype));
		pack_text(&pk, "shape");
		msgpack_pack_array(&pk, (size_t)t->rank);
		for (int d = 0; d < t->rank; d++)
			msgpack_pack_int64(&pk, t->dim[d]);
	}
	if (s->small.len > STREAM_MAP)
		die(PM_FAIL, "%s: the meta of this record has grown above 1 MiB", r->id);
}

void ostream_put(struct ostream *s, const struct record *r)
{
	msgpack_packer pk = bytes_packer(&s->small);
	s->crc = 0;
	pack_record(s, r);
	s->inside = true;
	for (int i = 0; i < r->n; i++) {
		const char *data = r->f[i].t.data;
		size_t left;
		if (tensor_bytes(&r->f[i].t, &left))
			die(PM_FAIL, "%s: the field %s has an impossible shape", r->id, r->f[i].name);
		while (left) {
			size_t piece = left < stream_piece ? left : stream_piece;
			left -= piece;
			msgpack_pack_bin(&pk, piece);
			sum_small(s);
			while (piece) {
				size_t n = piece < STREAM_CHUNK ? piece : STREAM_CHUNK;
				sum(s, data, n);
				flush(s, data, n);
				data += n;
				piece -= n;
			}
		}
	}
	sum_small(s);
	msgpack_pack_uint32(&pk, s->crc);
	flush(s, NULL, 0);
	s->inside = false;
	s->records++;
}

void ostream_end(struct ostream *s)
{
	msgpack_packer pk = bytes_packer(&s->small);
	struct err e;
	msgpack_pack_map(&pk, 2);
	pack_text(&pk, "k");
	pack_text(&pk, "end");
	pack_text(&pk, "records");
	msgpack_pack_int64(&pk, s->records);
	flush(s, NULL, 0);
	at_die_cancel(s);
	if (!s->file && s->fd == STDOUT_FILENO)
		close_stdout();
	else if (s->file && outfile_close(s->file, &e))
		die(PM_FAIL, "%s", e.msg);
	free(s->small.buf);
	free(s->name);
	free(s);
}
