#include "io/check.h"

#include "io/stream_impl.h"
#include "tensor/pack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool is_stream(const char *path)
{
	char start[sizeof STREAM_MAGIC];
	struct stat st;
	if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode)))
		return true;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, start, sizeof start);
	close(fd);
	return n == sizeof start && memcmp(start + 1, STREAM_MAGIC, sizeof start - 1) == 0;
}

/* Text from a file, without what would break a line or a column; quoted: as a shell would read it back. */
static void put_text(FILE *out, const char *text, bool quoted)
{
	if (quoted)
		putc('\'', out);
	for (; *text; text++)
		if (quoted && *text == '\'')
			fputs("'\\''", out);
		else
			putc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, out);
	if (quoted)
		putc('\'', out);
}

static void put_word(FILE *out, const char *word)
{
	put_text(out, word, !*word || strpbrk(word, " \t\n'\"\\$&|;<>()*?[]#~`!{}"));
}

static void put_entry(FILE *out, const msgpack_object *entry)
{
	const msgpack_object *argv = object_get(entry, "argv"), *seed = object_get(entry, "seed");
	char tool[PM_NAME] = "?", version[32] = "?";
	object_text(object_get(entry, "tool"), tool, sizeof tool);
	object_text(object_get(entry, "version"), version, sizeof version);
	fputs("history\t", out);
	put_text(out, tool, false);
	putc(' ', out);
	put_text(out, version, false);
	if (seed && seed->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		fprintf(out, " seed %" PRIu64, seed->via.u64);
	fputs("\t", out);
	for (uint32_t i = 0; argv && argv->type == MSGPACK_OBJECT_ARRAY && i < argv->via.array.size; i++) {
		const msgpack_object *w = &argv->via.array.ptr[i];
		char word[4096];
		if (object_text(w, word, sizeof word) == 0) {
			if (i)
				putc(' ', out);
			put_word(out, word);
		}
	}
	putc('\n', out);
}

int info_stream(const char *path, FILE *out, struct err *e)
{
	struct istream *s = istream_open(path, e);
	if (!s)
		return -1;
	const struct stream_head *h = istream_head(s);
	fprintf(out, "file\t");
	put_text(out, path, false);
	fprintf(out, "\nkind\t%s\n", h->kind);
	for (int i = 0; i < h->n; i++) {
		const struct stream_field *f = &h->field[i];
		fprintf(out, "field\t%s %s", f->name, f->dtype < 0 ? "any" : dtype_name((enum dtype)f->dtype));
		if (f->rank)
			fprintf(out, " rank %d", f->rank);
		putc('\n', out);
	}
	msgpack_unpacked u;
	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, h->history, h->history_len, NULL) >= MSGPACK_UNPACK_EXTRA_BYTES)
		for (uint32_t i = 0; i < u.data.via.array.size; i++)
			put_entry(out, &u.data.via.array.ptr[i]);
	msgpack_unpacked_destroy(&u);
	istream_close(s);
	return 0;
}

void check_header(FILE *tsv)
{
	fputs("file\tstatus\tkind\trecords\tbytes\tshape\tspacing\trange\tnan\tlabels\tmessage\n", tsv);
}

void check_line(FILE *tsv, const struct check *c)
{
	put_text(tsv, c->path, false);
	fprintf(tsv, "\t%s\t%s\t", !c->message ? "ok" : c->odd ? "odd" : "bad", c->kind);
	if (c->records >= 0)
		fprintf(tsv, "%" PRId64, c->records);
	putc('\t', tsv);
	if (c->bytes >= 0)
		fprintf(tsv, "%" PRId64, c->bytes);
	fprintf(tsv, "\t%s\t", c->facts ? c->facts : "\t\t\t\t");
	if (c->message)
		put_text(tsv, c->message, false);
	putc('\n', tsv);
}

int check_stream(const char *path, FILE *tsv)
{
	struct err e;
	struct check c = { .path = path, .kind = "", .records = -1, .bytes = -1 };
	struct istream *s = istream_open(path, &e);
	int rc = -1;
	if (s) {
		struct record r = { 0 };
		c.kind = istream_head(s)->kind;
		c.records = c.bytes = 0;
		while ((rc = istream_next(s, &r, &e)) > 0) {
			c.records++;
			for (int i = 0; i < r.n; i++)
				c.bytes += tensor_count(&r.f[i].t) * (int64_t)dtype_size(r.f[i].t.dtype);
		}
		record_fini(&r);
	}
	c.message = rc < 0 ? e.msg : NULL;
	check_line(tsv, &c);
	if (s)
		istream_close(s);
	return rc;
}
