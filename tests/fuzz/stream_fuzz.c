#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/opt.h"
#include "fuzz.h"
#include "io/check.h"
#include "io/stream_impl.h"
#include "tensor/collate.h"
#include "tensor/pack.h"

/* One map of 1 MiB unpacks to 24 bytes for each of its own; the rest is bounded by what has come. */
const size_t fuzz_memory = 96 << 20;

static void make(struct record *r, int i)
{
	record_clear(r);
	snprintf(r->id, sizeof r->id, "case_%d", i);
	memset(record_put(r, "image", PM_I16, 4, (int64_t[]){ 2, 1, 8, 8 })->data, 3, 256);
	if (i != 1)
		memset(record_put(r, "label", PM_U8, 3, (int64_t[]){ 1, 8, 8 })->data, 1, 64);
	meta_set_numbers(&r->meta, "spacing", (double[]){ 5, 0.7, 0.7 }, 3);
	meta_set_text(&r->meta, "units", "mm");
	meta_push_undo(&r->meta, "crop", (double[]){ 1, 2, 3 }, 3);
	meta_push_undo(&r->meta, "flip", (double[]){ 0.5 }, 1);
}

/* 0: a stream, 1: one in many pieces, 2: an aborted one, 3: a meta map alone. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static char *argv[] = { (char *)"maker", (char *)"--shuffle" };
	const struct stream_field fields[] = { { "image", PM_I16, 4 }, { "label", PM_U8, 3 } };
	struct record r = { 0 };
	if (i > 3)
		return 0;
	if (i == 3) {
		make(&r, 0);
		size_t n = r.meta.len;
		memcpy(data, r.meta.buf, n);
		record_fini(&r);
		return n;
	}
	/* The writer knows files by name and its process' output: the latter is put aside for a while. */
	int fd = memfd_create("seed", 0), saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	pm_tool = "maker";
	pm_argc = 2;
	pm_argv = argv;
	stream_piece = i == 1 ? 50 : PM_PIECE;
	struct ostream *s = ostream_open("-", "sample", fields, 2, NULL);
	for (int k = 0; k < 3; k++) {
		make(&r, k);
		ostream_put(s, &r);
	}
	record_fini(&r);
	if (i < 2)
		ostream_end(s);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	ssize_t n = pread(fd, data, max, 0);
	close(fd);
	if (i == 2) {
		const char mark[] = "\x84\xa1k\xa5" "abort\xa4tool\xa5maker\xa3why\xa7no disk\xa6status\x01";
		memcpy(data + n, mark, sizeof mark - 1);
		n += (ssize_t)sizeof mark - 1;
	}
	return n > 0 ? (size_t)n : 0;
}

/* Whatever a meta holds, its readers refuse it and its writers leave a map. */
static void use_meta(struct meta *m)
{
	char text[16];
	double v[4];
	meta_numbers(m, "spacing", v, 4);
	meta_text(m, "units", text, sizeof text);
	for (int i = 0; i < 4; i++)
		meta_pop_undo(m, text, sizeof text, v, 4);
	meta_push_undo(m, "pad", v, 2);
	meta_set_text(m, "units", "vox");
	meta_delete(m, "spacing");
	if (pack_span(m->buf, m->len) != (int64_t)m->len || meta_pop_undo(m, text, sizeof text, v, 4) != 2)
		abort();
}

static void use_stream(int fd)
{
	struct err e;
	struct record r[2] = { 0 }, batch = { 0 };
	struct istream *s = istream_fd(fd, "fuzz", &e);
	for (int i = 0; s && istream_next(s, &r[i & 1], &e) > 0; i++) {
		const struct record *both[] = { &r[0], &r[1] };
		if (i & 1)
			collate(&batch, both, 2, 1, &e);
		use_meta(&r[i & 1].meta);
	}
	if (s)
		istream_close(s);
	record_fini(&r[0]);
	record_fini(&r[1]);
	record_fini(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct meta m = { 0 };
	struct err e;
	char path[32];
	if (size && pack_span((const char *)data, size) == (int64_t)size && pack_is_map((const char *)data)) {
		meta_copy(&m, &(struct meta){ (char *)data, size, 0 });
		use_meta(&m);
		meta_fini(&m);
	}
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	info_stream(path, nowhere, &e);
	check_stream(path, nowhere);
	use_stream(fd);
	return 0;
}
