/* raster.c: see raster.h. */
#include "io/raster.h"
#include "io/unzip.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int header_read(struct header *h, const char *path, struct err *e)
{
	struct unzip *z = unzip_open_at(path, 0, UNZIP_PLAIN, e);
	int64_t got = z ? unzip_read(z, h->text, HEADER_MOST, e) : -1;
	unzip_close(z);
	if (got < 0)
		return -1;
	h->len = (size_t)got;
	h->at = 0;
	h->text[got] = '\0';
	return 0;
}

char *header_line(struct header *h)
{
	char *line = h->text + h->at, *end = memchr(line, '\n', h->len - h->at);
	if (!end && (h->at == h->len || h->len == HEADER_MOST))
		return NULL;
	if (!end)
		end = h->text + h->len; /* the last line of the file */
	h->at = (size_t)(end - h->text) + (end < h->text + h->len);
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

bool same_word(const char *a, const char *b)
{
	return !strcasecmp(a, b);
}

char *trimmed(char *text)
{
	char *end = text + strlen(text);
	while (end > text && isblank((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text + strspn(text, " \t");
}

/* A number, or nan and inf, which headers and text of voxels may hold. */
static int number_of(const char *word, double *v)
{
	const char *s = word + (*word == '-' || *word == '+');
	if (parse_number(word, v) == 0)
		return 0;
	if (!same_word(s, "nan") && !same_word(s, "inf") && !same_word(s, "infinity"))
		return -1;
	*v = tolower((unsigned char)*s) == 'n' ? NAN : *word == '-' ? -INFINITY : INFINITY;
	return 0;
}

int numbers_of(const char *text, const char *between, double *v, int max)
{
	char word[64], blanks[16];
	int n = 0;
	double x;
	snprintf(blanks, sizeof(blanks), " \t%s", between);
	for (const char *s = text + strspn(text, blanks); *s; s += strspn(s, blanks)) {
		size_t len = strcspn(s, blanks);
		if (len >= sizeof(word))
			return -1;
		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		if (number_of(word, &x) != 0)
			return -1;
		if (n < max)
			v[n] = x;
		n++;
		s += len;
	}
	return n;
}

int whole_of(const char *text, int64_t lo, int64_t hi, int64_t *v)
{
	double x;
	if (numbers_of(text, "", &x, 1) != 1 || !(x >= (double)lo && x <= (double)hi) || x != floor(x) || fabs(x) > 0x1p53)
		return -1;
	*v = (int64_t)x;
	return 0;
}

int raster_beside(struct raster *r, const char *path, const char *name, const char *one, struct err *e)
{
	const char *slash = strrchr(path, '/');
	if (!strncasecmp(name, "LIST", 4) || strchr(name, '%'))
		return err_set(e, "%s: its slices are in many files: save it as one %s", path, one);
	bool inside = name[0] && name[0] != '/';
	for (const char *s = name; *s; s += strcspn(s, "/"), s += *s == '/')
		inside &= !(s[0] == '.' && s[1] == '.' && (s[2] == '/' || !s[2]));
	if (!inside)
		return err_set(e, "%s: its voxels are said to be in '%s': a file in the header's own folder is read; move it there", path, name);
	free(r->file);
	r->file = slash ? xprintf("%.*s/%s", (int)(slash - path), path, name) : xstrdup(name);
	r->offset = 0;
	return 0;
}

void raster_fini(struct raster *r)
{
	free(r->file);
}

/* Where the bytes of the voxels begin. A byte at a time: there are few lines. */
static int skip(struct unzip *z, const struct raster *r, struct err *e)
{
	char c = 0;
	for (int64_t i = 0; i < r->lines; i++) {
		int64_t got;
		while ((got = unzip_read(z, &c, 1, e)) == 1 && c != '\n')
			;
		if (got != 1)
			return got < 0 ? -1 : err_set(e, "%s: has fewer lines than are to be skipped: truncated", r->file);
	}
	return unzip_skip(z, r->bytes > 0 ? r->bytes : 0, e);
}

static int too_short(const struct raster *r, int64_t got, int64_t want, const char *what, struct err *e)
{
	return err_set(e, "%s: holds %lld %s of voxels, but the header promises %lld: truncated", r->file, (long long)got, what,
		(long long)want);
}

/* The next character of a text; 0 at its end, -1 with e. */
struct text {
	struct unzip *z;
	char buf[4096];
	int64_t at, n;
};

static int next_char(struct text *t, struct err *e)
{
	if (t->at == t->n) {
		t->at = 0;
		t->n = unzip_read(t->z, t->buf, sizeof(t->buf), e);
		if (t->n <= 0)
			return (int)t->n;
	}
	int c = (unsigned char)t->buf[t->at++];
	return c ? c : ' ';
}

static bool is_between(int c)
{
	return isspace(c) || c == ',';
}

static int read_ascii(struct unzip *z, const struct raster *r, struct tensor *t, struct err *e)
{
	struct text *s = xcalloc(1, sizeof(*s));
	int64_t n = tensor_count(t), i = 0;
	int c = ' ', failed = 0;
	s->z = z;
	while (c > 0 && !failed) {
		char word[64];
		size_t len = 0;
		double x;
		while ((c = next_char(s, e)) > 0 && is_between(c))
			;
		for (; c > 0 && !is_between(c) && len < sizeof(word) - 1; c = next_char(s, e))
			word[len++] = (char)c;
		word[len] = '\0';
		if (!len)
			continue;
		if (c > 0 && !is_between(c))
			failed = err_set(e, "%s: '%s...' is not a number: corrupt", r->file, word);
		else if (number_of(word, &x) != 0)
			failed = err_set(e, "%s: '%s' is not a number: corrupt", r->file, word);
		else if (i == n)
			failed = err_set(e, "%s: data goes on behind the last voxel that the header promises: corrupt", r->file);
		else
			tensor_set(t, i++, x);
	}
	free(s);
	if (failed || c < 0)
		return -1;
	return i < n ? too_short(r, i, n, "numbers", e) : 0;
}

static int read_hex(struct unzip *z, const struct raster *r, unsigned char *to, int64_t bytes, struct err *e)
{
	struct text *s = xcalloc(1, sizeof(*s));
	int64_t n = 0; /* digits */
	int c, failed = 0;
	s->z = z;
	while (!failed && (c = next_char(s, e)) > 0) {
		if (isspace(c))
			continue;
		if (!isxdigit(c))
			failed = err_set(e, "%s: '%c' is no hexadecimal digit: corrupt", r->file, isprint(c) ? c : '?');
		else if (n == 2 * bytes)
			failed = err_set(e, "%s: data goes on behind the last voxel that the header promises: corrupt", r->file);
		else {
			int digit = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
			to[n / 2] = (unsigned char)(n % 2 ? to[n / 2] | digit : digit << 4);
			n++;
		}
	}
	free(s);
	if (failed || c < 0)
		return -1;
	return n < 2 * bytes ? too_short(r, n / 2, bytes, "bytes", e) : 0;
}

static int read_bytes(struct unzip *z, const struct raster *r, void *to, int64_t bytes, struct err *e)
{
	int64_t got = unzip_read(z, to, bytes, e);
	if (got < 0)
		return -1;
	return got < bytes ? too_short(r, got, bytes, "bytes", e) : unzip_end(z, e);
}

static void separate_channels(struct volume *v)
{
	int64_t c = v->t.dim[0], n = tensor_count(&v->t) / c;
	size_t size = dtype_size(v->t.dtype), cap = (size_t)(n * c) * size;
	void *planes = xmalloc(cap);
	to_planes(planes, v->t.data, n, c, size);
	free(v->t.data);
	v->t.data = planes;
	v->cap = cap;
}

int raster_read(const struct raster *r, struct volume *v, struct err *e)
{
	struct tensor t = { .dtype = r->dtype, .rank = 4 };
	size_t bytes = 0, size = dtype_size(r->dtype);
	int64_t offset = r->offset, whole;
	memcpy(t.dim, r->dim, sizeof(r->dim));
	if (r->bytes < 0) { /* the voxels end with the file */
		int fd = volume_open(r->file, &whole, e);
		if (fd < 0)
			return -1;
		close(fd);
		if (tensor_bytes(&t, &bytes) != 0 || bytes > (size_t)whole)
			return err_set(e, "%s: the header promises more than the file holds: truncated or corrupt", r->file);
		offset = whole - (int64_t)bytes;
	}
	struct unzip *z = unzip_open_at(r->file, offset, r->encoding == CODE_DEFLATED ? UNZIP_DEFLATED : UNZIP_PLAIN, e);
	if (!z)
		return -1;
	/* A number of a text has a digit and a blank at least. */
	int64_t most = r->encoding == CODE_ASCII ? (unzip_justifies(z) / 2 + 1) * (int64_t)size : unzip_justifies(z);
	int failed = skip(z, r, e) || volume_reserve(v, r->file, r->dtype, r->dim, most, e);
	if (!failed) {
		tensor_bytes(&v->t, &bytes);
		failed = r->encoding == CODE_ASCII ? read_ascii(z, r, &v->t, e) :
			r->encoding == CODE_HEX ? read_hex(z, r, v->t.data, (int64_t)bytes, e) : read_bytes(z, r, v->t.data, (int64_t)bytes, e);
	}
	unzip_close(z);
	if (failed)
		return -1;
	if (r->swap && r->encoding != CODE_ASCII)
		swap_bytes(v->t.data, tensor_count(&v->t), size);
	if (r->interleaved && r->dim[0] > 1)
		separate_channels(v);
	return 0;
}
