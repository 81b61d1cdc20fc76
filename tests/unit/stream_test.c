#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/opt.h"
#include "io/stream_impl.h"
#include "tensor/pack.h"

static const struct stream_field fields[] = { { "image", PM_F32, 4 }, { "label", -1, 0 } };

static int fd_of(const void *data, size_t n)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	assert_true(fd >= 0 && write(fd, data, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static struct bytes contents(int fd)
{
	struct bytes b = { 0 };
	char buf[4096];
	ssize_t n;
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		bytes_add(&b, buf, (size_t)n);
	return b;
}

static void make_record(struct record *r, int i)
{
	record_clear(r);
	snprintf(r->id, sizeof r->id, "case_%d", i);
	r->epoch = i;
	struct tensor *t = record_put(r, "image", PM_F32, 4, (int64_t[]){ 1, 2, 3, 5 });
	for (int64_t k = 0; k < 30; k++)
		tensor_set(t, k, (double)(k * i) / 7);
	if (i % 2 == 0)
		memset(record_put(r, "label", PM_U8, 3, (int64_t[]){ 2, 3, 5 })->data, i, 30);
	meta_set_numbers(&r->meta, "spacing", (double[]){ 5, 0.7, 0.7 }, 3);
	meta_set_text(&r->meta, "somebody's key", "passed on unread");
}

/* Writes to a new memory file in a child whose standard output it is; how the child ends is up to the caller. */
static int child_writes(void (*write_it)(void), int *status)
{
	int fd = memfd_create("out", 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(fd, STDOUT_FILENO);
		freopen("/dev/null", "w", stderr);
		write_it();
		_exit(PM_OK);
	}
	waitpid(child, status, 0);
	assert_true(WIFEXITED(*status));
	*status = WEXITSTATUS(*status);
	return fd;
}

static void write_three(void)
{
	struct record r = { 0 };
	static char *argv[] = { (char *)"./maker", (char *)"--seed", (char *)"7" };
	pm_tool = "maker";
	pm_argc = 3;
	pm_argv = argv;
	ostream_seed(7);
	struct ostream *s = ostream_open("-", "sample", fields, 2, NULL);
	for (int i = 1; i <= 3; i++) {
		make_record(&r, i);
		ostream_put(s, &r);
	}
	ostream_end(s);
	record_fini(&r);
}

static void write_pieces(void)
{
	stream_piece = 16;
	write_three();
}

static struct bytes three(void)
{
	int status, fd = child_writes(write_three, &status);
	struct bytes b = contents(fd);
	assert_int_equal(status, 0);
	close(fd);
	return b;
}

static bool same_record(const struct record *a, const struct record *b)
{
	if (strcmp(a->id, b->id) || a->epoch != b->epoch || a->n != b->n || a->meta.len != b->meta.len
		|| memcmp(a->meta.buf, b->meta.buf, a->meta.len))
		return false;
	for (int i = 0; i < a->n; i++) {
		const struct field *f = &a->f[i], *g = &b->f[i];
		size_t n = 0;
		if (strcmp(f->name, g->name) || f->t.dtype != g->t.dtype || f->t.rank != g->t.rank
			|| memcmp(f->t.dim, g->t.dim, (size_t)f->t.rank * sizeof *f->t.dim) || tensor_bytes(&f->t, &n)
			|| memcmp(f->t.data, g->t.data, n))
			return false;
	}
	return true;
}

/* Reads all. Returns how many records came; each must be one that make_record makes. The last status goes to *rc. */
static int read_all(const void *data, size_t n, int *rc, struct err *e)
{
	struct record r = { 0 }, want = { 0 };
	struct istream *s = istream_fd(fd_of(data, n), NULL, e);
	int good = 0;
	*rc = -1;
	while (s && (*rc = istream_next(s, &r, e)) > 0) {
		make_record(&want, (int)r.epoch);
		if (!same_record(&r, &want))
			fail_msg("record %d is not what was written", good + 1);
		good++;
	}
	if (s) {
		struct err again;
		assert_int_equal(istream_next(s, &r, &again), *rc);
		istream_close(s);
	}
	record_fini(&r);
	record_fini(&want);
	return good;
}

static void test_round_trip(void **state)
{
	(void)state;
	int rc, status, fd = child_writes(write_pieces, &status);
	struct err e;
	struct bytes whole = three(), pieces = contents(fd);
	assert_int_equal(read_all(whole.buf, whole.len, &rc, &e), 3);
	assert_int_equal(rc, 0);
	assert_true(pieces.len > whole.len);
	assert_int_equal(read_all(pieces.buf, pieces.len, &rc, &e), 3);
	assert_int_equal(rc, 0);
	close(fd);
	free(whole.buf);
	free(pieces.buf);
}

static void test_head(void **state)
{
	(void)state;
	struct err e;
	struct bytes b = three();
	struct istream *s = istream_fd(fd_of(b.buf, b.len), NULL, &e);
	const struct stream_head *h = istream_head(s);
	assert_string_equal(h->kind, "sample");
	assert_int_equal(h->n, 2);
	assert_true(h->field[0].dtype == PM_F32 && h->field[0].rank == 4 && h->field[1].dtype == -1 && h->field[1].rank == 0);
	assert_true(stream_has(h, "label") && !stream_has(h, "weight"));

	const char want[] = "\x91\x84\xa4tool\xa5maker\xa7version\xa5" PM_VERSION "\xa4" "argv\x92\xa6--seed\xa1" "7\xa4seed\x07";
	assert_int_equal(h->history_len, sizeof want - 1);
	assert_memory_equal(h->history, want, sizeof want - 1);
	istream_close(s);
	free(b.buf);
}

static void test_truncation(void **state)
{
	(void)state;
	struct bytes b = three();
	for (size_t n = 0; n < b.len; n++) {
		struct err e = { "" };
		int rc;
		int good = read_all(b.buf, n, &rc, &e);
		if (rc != -1)
			fail_msg("a stream cut at byte %zu of %zu looked whole", n, b.len);
		if (!strstr(e.msg, "truncated"))
			fail_msg("cut at byte %zu: \"%s\"", n, e.msg);
		assert_true(good <= 3);
	}
	free(b.buf);
}

static void test_every_bit(void **state)
{
	(void)state;
	struct bytes b = three();
	for (size_t i = 0; i < b.len * 8; i++) {
		struct err e;
		int rc;
		b.buf[i / 8] ^= (char)(1 << i % 8);
		int good = read_all(b.buf, b.len, &rc, &e); /* fails when a record came through changed */
		if (rc == 0 && good != 3)
			fail_msg("bit %zu: %d records and no error", i, good);
		b.buf[i / 8] ^= (char)(1 << i % 8);
	}
	free(b.buf);
}

/* Streams made by hand: a head and then one record with a part spoilt. */
static const char head[] = "\x84\xa5pymic\x01\xa4kind\xa6sample\xa6" "fields\x90\xa7history\x90";

#define GOOD_TENSOR "\x91\x83\xa4name\xa1x\xa5" "dtype\xa2u8\xa5shape\x91\x02"
#define TENSOR(shape) "\x91\x83\xa4name\xa1x\xa5" "dtype\xa2u8\xa5shape" shape
#define WIDE "\xcf\x00\x00\x01\x00\x00\x00\x00\x00" /* 2^40 */

/* The literals hold zero bytes only as part of numbers, so lengths are passed. */
struct part {
	const char *p;
	size_t n;
};
#define P(text) { text, sizeof text - 1 }

static void test_hostile(void **state)
{
	(void)state;
	static const struct {
		struct part id, meta, tensors, payload;
		const char *says;
	} c[] = {
		{ P("\xa1" "a"), P("\x80"), P(GOOD_TENSOR), P("\xc4\x02zz\x00"), "the checksum does not match in record 1" },
		{ P("\xa1" "a"), P("\x80"), P(GOOD_TENSOR), P("\xc4\x02zz\xa1x"), "the checksum does not match" },
		{ P("\xa1" "a"), P("\x80"), P(GOOD_TENSOR), P("\xc4\x03zzz"), "a payload that does not fit its shape" },
		{ P("\xa1" "a"), P("\x80"), P(GOOD_TENSOR), P("\xc4\x00"), "a payload that does not fit its shape" },
		{ P("\xa1" "a"), P("\x80"), P(GOOD_TENSOR), P("\xa2zz"), "no payload where one belongs" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x91\x00")), P(""), "tensor 1 is malformed" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x91\xff")), P(""), "tensor 1 is malformed" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x97\1\1\1\1\1\1\1")), P(""), "tensor 1 is malformed" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x92" WIDE WIDE)), P(""), "tensor 1 is malformed" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x91\xcb\0\0\0\0\0\0\0\0")), P(""), "tensor 1 is malformed" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x91" WIDE)), P("\xc6\x04\x00\x00\x00zz"), "truncated" },
		{ P("\xa1" "a"), P("\x80"), P(TENSOR("\x91" WIDE)), P("\xc6\xff\xff\xff\xffzz"), "a payload that does not fit" },
		{ P("\xa1" "a"), P("\x80"), P("\x91\x83\xa4name\xa1x\xa5" "dtype\xa3" "f16\xa5shape\x91\x02"), P(""), "malformed" },
		{ P("\xa1" "a"), P("\x80"), P("\x91\x83\xa4name\xa0\xa5" "dtype\xa2u8\xa5shape\x91\x02"), P(""), "malformed" },
		{ P("\xa1" "a"), P("\x80"), P("\x92\x83\xa4name\xa1x\xa5" "dtype\xa2u8\xa5shape\x90\x83\xa4name\xa1x\xa5" "dtype\xa2u8"
			"\xa5shape\x90"), P(""), "two tensors of the same name" },
		{ P("\xa1" "a"), P("\x80"), P("\xdc\x00\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), P(""), "no list of tensors" },
		{ P("\xa1" "a"), P("\x80"), P("\xdd\xff\xff\xff\xff"), P(""), "truncated" },
		{ P("\xa1" "a"), P("\x01"), P("\x90"), P(""), "no meta" },
		{ P("\xa1" "a"), P("\xc1"), P("\x90"), P(""), "no msgpack" },
		{ P("\xa1\n"), P("\x80"), P("\x90"), P(""), "no id" },
		{ P("\xa1\0"), P("\x80"), P("\x90"), P(""), "no id" },
		{ P("\x07"), P("\x80"), P("\x90"), P(""), "no id" },
	};
	for (size_t i = 0; i < PM_COUNT(c); i++) {
		struct bytes b = { 0 };
		struct record r = { 0 };
		struct err e = { "" };
		bytes_add(&b, head, sizeof head - 1);
		bytes_add(&b, "\x85\xa1k\xa3rec\xa2id", 10);
		bytes_add(&b, c[i].id.p, c[i].id.n);
		bytes_add(&b, "\xa5" "epoch\x00\xa4meta", 12);
		bytes_add(&b, c[i].meta.p, c[i].meta.n);
		bytes_add(&b, "\xa1t", 2);
		bytes_add(&b, c[i].tensors.p, c[i].tensors.n);
		bytes_add(&b, c[i].payload.p, c[i].payload.n);
		struct istream *s = istream_fd(fd_of(b.buf, b.len), NULL, &e);
		if (!s)
			fail_msg("case %zu: %s", i, e.msg);
		assert_int_equal(istream_next(s, &r, &e), -1);
		if (!strstr(e.msg, c[i].says))
			fail_msg("case %zu: \"%s\" does not say \"%s\"", i, e.msg, c[i].says);
		assert_true(r.n == 0 && r.f[0].cap <= 8 << 20); /* a claim alone gets no memory */
		istream_close(s);
		record_fini(&r);
		free(b.buf);
	}
}

static void expect(const void *data, size_t n, const char *says)
{
	struct record r = { 0 };
	struct err e = { "" };
	struct istream *s = istream_fd(fd_of(data, n), "f.pms", &e);
	int rc = -1;
	while (s && (rc = istream_next(s, &r, &e)) > 0)
		;
	if (rc != -1 || !strstr(e.msg, says) || strncmp(e.msg, "f.pms: ", 7) != 0)
		fail_msg("%d \"%s\" does not say \"%s\"", rc, e.msg, says);
	if (s)
		istream_close(s);
	record_fini(&r);
}

static void test_frame(void **state)
{
	(void)state;
	struct bytes b = three();
	expect("", 0, "empty");
	expect("\x89PNG\r\n\x1a\n", 8, "no pymic stream");
	expect("\x84\xa5pymid\x01", 8, "no pymic stream");
	expect("\x81\xa5pymic\x02", 8, "version 2");
	expect("\x81\xa5pymic\x01", 8, "no kind");
	expect("\x81\xa5pymic\xdd\xff\xff\xff\xff", 12, "truncated");

	bytes_add(&b, "\x00", 1);
	expect(b.buf, b.len, "data after the end mark");
	b.buf[b.len - 2]++; /* the count of the end mark */
	expect(b.buf, b.len - 1, "does not count the 3 records");

	b.len = 0;
	bytes_add(&b, head, sizeof head - 1);
	bytes_add(&b, "\x83\xa1k\xa5" "abort\xa4tool\xa4load\xa3why\xa7no disk", 31);
	expect(b.buf, b.len, "f.pms: load: no disk");
	b.buf[b.len - 8] = (char)0xa8;
	expect(b.buf, b.len, "truncated");

	/* 100000 arrays in one another; zero voxels; two streams in a row. */
	b.len = 0;
	bytes_add(&b, head, sizeof head - 10); /* without the history */
	bytes_add(&b, "\xa7history", 8);
	for (int i = 0; i < 100000; i++)
		bytes_add(&b, "\x91", 1);
	bytes_add(&b, "\x90", 1);
	expect(b.buf, b.len, "no msgpack");
	b.len = 0;
	bytes_add(&b, head, sizeof head - 1);
	bytes_add(&b, "\x82\xa1k\xa3" "end\xa7records\0", 16);
	size_t one = b.len;
	bytes_add(&b, head, sizeof head - 1);
	expect(b.buf, one - 1, "truncated");
	expect(b.buf, b.len, "data after the end mark");
	/* Keys that nobody knows, be they text or not, are let be. */
	b.len = 0;
	bytes_add(&b, head, sizeof head - 1);
	b.buf[0]++;
	bytes_add(&b, "\xa2\xff\xfe\x01\x82\xa1k\xa3" "end\xa7records\0", 20);
	int rc, records = read_all(b.buf, b.len, &rc, &(struct err){ "" });
	assert_true(rc == 0 && records == 0);

	/* A map that never ends is given up after 1 MiB. */
	b.len = 0;
	bytes_add(&b, head, sizeof head - 1);
	bytes_add(&b, "\xdf\x7f\xff\xff\xff", 5);
	for (int i = 0; i < 1 << 20; i++)
		bytes_add(&b, "\0\0", 2);
	expect(b.buf, b.len, "more than 1 MiB");
	free(b.buf);
}

static void die_in_between(void)
{
	struct record r = { 0 };
	pm_tool = "maker";
	struct ostream *s = ostream_open("-", "sample", fields, 2, NULL);
	make_record(&r, 1);
	ostream_put(s, &r);
	die(PM_FAIL, "%s", "case_2: no such file");
}

static struct bytes input; /* of pass_on */

static void pass_on(void)
{
	struct record r = { 0 };
	struct err e;
	pm_tool = "passer";
	struct istream *in = istream_fd(fd_of(input.buf, input.len), NULL, &e);
	const struct stream_head *h = istream_head(in);
	struct ostream *out = ostream_open("-", h->kind, h->field, h->n, h);
	while (istream_read(in, &r))
		ostream_put(out, &r);
	ostream_end(out);
	istream_close(in);
	record_fini(&r);
}

static void test_abort(void **state)
{
	(void)state;
	int status, fd = child_writes(die_in_between, &status), rc;
	struct err e;
	input = contents(fd);
	assert_int_equal(status, PM_FAIL);
	assert_int_equal(read_all(input.buf, input.len, &rc, &e), 1);
	assert_int_equal(rc, -1);
	assert_string_equal(e.msg, "maker: case_2: no such file");
	close(fd);

	fd = child_writes(pass_on, &status);
	struct bytes passed = contents(fd);
	const char mark[] = "\x84\xa1k\xa5" "abort\xa4tool\xa5maker\xa3why\xb4" "case_2: no such file\xa6status\x01";
	assert_int_equal(status, PM_INPUT);
	assert_memory_equal(input.buf + input.len - sizeof mark + 1, mark, sizeof mark - 1);
	assert_memory_equal(passed.buf + passed.len - sizeof mark + 1, mark, sizeof mark - 1);
	close(fd);
	free(input.buf);
	free(passed.buf);

	/* The records of a stream that is passed on are the same bytes; its history has grown. */
	input = three();
	fd = child_writes(pass_on, &status);
	passed = contents(fd);
	assert_int_equal(status, PM_OK);
	const char *was = memmem(input.buf, input.len, "\x85\xa1k\xa3rec", 7);
	size_t n = (size_t)(input.buf + input.len - was);
	assert_true(passed.len > input.len);
	assert_memory_equal(was, passed.buf + passed.len - n, n);
	assert_non_null(memmem(passed.buf, passed.len, "\x92\x84\xa4tool\xa5maker", 13));
	close(fd);
	free(input.buf);
	free(passed.buf);
}

static void to_early_reader(void)
{
	int p[2];
	if (pipe(p))
		abort();
	dup2(p[1], STDOUT_FILENO);
	close(p[0]);
	close(p[1]);
	write_three();
}

static void to_full_disk(void)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	write_three();
}

static void to_closed(void)
{
	close(STDOUT_FILENO);
	write_three();
}

static void test_outputs(void **state)
{
	(void)state;
	int status;
	close(child_writes(to_early_reader, &status));
	assert_int_equal(status, PM_OK);
	close(child_writes(to_full_disk, &status));
	assert_int_equal(status, PM_FAIL);
	close(child_writes(to_closed, &status));
	assert_int_equal(status, PM_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_outputs),
	};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
