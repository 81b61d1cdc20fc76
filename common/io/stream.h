/*
 * stream.h: the format of pipes, saved streams (.pms) and models (.pmm): msgpack objects one after another.
 *
 *   {pymic:1, kind:"sample"|"batch"|"prediction"|"model", fields:[{name,dtype,rank}...],
 *    history:[{tool,version,argv,seed}...]}
 *   {k:"rec", id, epoch, meta:{...}, t:[{name,dtype,shape}...]}  bin bin ...  crc          (repeated)
 *   {k:"end", records:N}      or      {k:"abort", tool, why, status}
 *
 * Payloads are bins of at most 64 MiB, little-endian and row-major, in the order of t. crc is an unsigned integer: the
 * CRC-32 (zlib) of every byte of the record before it, its map included. No end: truncated. dtype is a word ("f32"; in
 * fields also "any"); the key pymic comes first, so that the second byte on is the magic number of these files.
 */
#ifndef PM_STREAM_H
#define PM_STREAM_H

#include "tensor/record.h"

enum { PM_PIECE = 64 << 20 };

struct stream_field {
	char name[PM_NAME];
	int dtype; /* enum dtype, or -1: any (cases differ) */
	int rank;  /* 0: any */
};

struct stream_head {
	char kind[16];
	int n;
	struct stream_field field[PM_MAX_FIELDS];
	char *history; /* msgpack array, as bytes */
	size_t history_len;
};

struct istream;
struct ostream;

/*
 * path "-" is stdin. NULL, with e filled: not a stream, or cannot be read. The head is the stream's own, until close.
 * istream_fd takes fd over (and closes it also when it fails); name is put before its messages, NULL: nothing is.
 */
struct istream *istream_open(const char *path, struct err *e);
struct istream *istream_fd(int fd, const char *name, struct err *e);
const struct stream_head *istream_head(const struct istream *s);
bool stream_has(const struct stream_head *h, const char *field);

/* 1: a record (its buffers are reused), 0: the clean end, -1: truncated, corrupt or aborted upstream. */
int istream_next(struct istream *s, struct record *r, struct err *e);

/* Where the next record begins, in bytes (-1: a pipe), and back to such a place; only records are read after that. */
int64_t istream_tell(const struct istream *s);
int istream_seek(struct istream *s, int64_t offset, struct err *e);

/* As istream_next, but dies with PM_INPUT (and passes an abort on unchanged to the output streams of this process). */
bool istream_read(struct istream *s, struct record *r);
void istream_close(struct istream *s);

/* Opens stdin as a stream of one of the kinds ("sample|batch"), or dies: PM_INPUT, with what was expected. */
struct istream *istream_stdin(const char *kinds);

/*
 * path "-" is stdout (dies with PM_USAGE on a terminal); a file is written beside, synced and renamed by ostream_end.
 * in: the stream this one is made from (its history grows by this tool), or NULL. Dies on failure. Until ostream_end,
 * die() writes an abort object here. A reader that has gone away ends the process with PM_OK.
 */
struct ostream *ostream_open(const char *path, const char *kind, const struct stream_field *f, int n,
	const struct stream_head *in);
/* To a file of the caller's that has no name or is none of the reader's business: fd stays open, name is for messages. */
struct ostream *ostream_fd(int fd, const char *name, const char *kind, const struct stream_field *f, int n, const struct stream_head *in);
void ostream_put(struct ostream *s, const struct record *r);
void ostream_end(struct ostream *s); /* the only way to a valid stream; checks the close; frees */
void ostream_seed(uint64_t seed);    /* what history says this tool's seed was; before ostream_open */

#endif
