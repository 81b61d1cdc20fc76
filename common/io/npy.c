/* npy.c: see npy.h. The header is a line of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. */
#include "io/npy.h"
#include "io/deflate.h"
#include "io/outfile.h"
#include "io/raster.h"
#include "io/unzip.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char codes[PM_DTYPES][3] = {
	[PM_U8] = "u1", [PM_I8] = "i1", [PM_U16] = "u2", [PM_I16] = "i2", [PM_U32] = "u4", [PM_I32] = "i4", [PM_U64] = "u8",
	[PM_I64] = "i8", [PM_F32] = "f4", [PM_F64] = "f8",
};

struct npy_head {
	enum dtype dtype;
	bool half, swap, fortran;
	int rank;
	int64_t dim[4];
};

static int take_bytes(struct npy_source *s, void *to, int64_t n, struct err *e)
{
	int64_t got = n <= s->left ? s->read(s, to, n, e) : 0;
	if (got < 0)
		return -1;
	if (got < n)
		return err_set(e, "%s: ends before the array that it promises: truncated", s->path);
	s->left -= n;
	return 0;
}

/* Behind "'key':" in the header. */
static const char *behind(const char *text, const char *key)
{
	const char *s = strstr(text, key);
	return s ? s + strlen(key) + strspn(s + strlen(key), " ") : "";
}

static int parse(const char *text, const char *path, struct npy_head *h, struct err *e)
{
	const char *d = behind(text, "'descr':"), *order = behind(text, "'fortran_order':"), *shape = behind(text, "'shape':");
	const char *end = *shape == '(' ? strchr(shape, ')') : NULL;
	char list[128];
	double n[4];
	memset(h, 0, sizeof(*h));
	bool known = *d == '\'' && d[1] && d[2] && d[3] && d[4] == '\'' && strchr("<>|=", d[1]);
	h->half = known && !memcmp(d + 2, "f2", 2);
	const char *code = known && !memcmp(d + 2, "b1", 2) ? "u1" : h->half ? "f4" : d + 2;
	int i = 0;
	while (known && i < PM_DTYPES && memcmp(codes[i], code, 2))
		i++;
	if (!known || i == PM_DTYPES)
		return err_set(e, "%s: its type (descr %.12s) is not read: save it as integers or floats", path, d);
	h->dtype = (enum dtype)i;
	h->swap = d[1] == '>';
	h->fortran = !strncmp(order, "True", 4);
	if (!h->fortran && strncmp(order, "False", 5))
		return err_set(e, "%s: no order in its header: corrupt", path);
	if (!end || end - shape > (long)sizeof(list))
		return err_set(e, "%s: no shape in its header: corrupt", path);
	snprintf(list, sizeof(list), "%.*s", (int)(end - shape - 1), shape + 1);
	h->rank = numbers_of(list, ",", n, 4);
	if (h->rank < 2 || h->rank > 4)
		return err_set(e, "%s: an array of shape (%s): 2, 3 or 4 axes are read", path, list);
	for (i = 0; i < 4; i++) {
		double size = i < 4 - h->rank ? 1 : n[i - (4 - h->rank)];
		if (!(size >= 1 && size <= 0x1p40) || size != (double)(int64_t)size)
			return err_set(e, "%s: an array of shape (%s): holds no voxels, or is corrupt", path, list);
		h->dim[i] = (int64_t)size;
	}
	return 0;
}

static int read_head(struct npy_source *s, struct npy_head *h, struct err *e)
{
	unsigned char start[12];
	struct err short_one;
	if (take_bytes(s, start, 10, &short_one) != 0 || memcmp(start, "\x93NUMPY", 6) || start[6] < 1 || start[6] > 3)
		return err_set(e, "%s: not an array of numpy", s->path);
	if (start[6] > 1 && take_bytes(s, start + 10, 2, e) != 0)
		return -1;
	int64_t n = start[8] | start[9] << 8 | (start[6] > 1 ? (int64_t)start[10] << 16 | (int64_t)start[11] << 24 : 0);
	if (n > HEADER_MOST)
		return err_set(e, "%s: a header of %lld bytes: corrupt", s->path, (long long)n);
	char *text = xcalloc((size_t)n + 1, 1);
	int failed = take_bytes(s, text, n, e) || parse(text, s->path, h, e);
	free(text);
	return failed ? -1 : 0;
}

static float from_half(uint16_t h)
{
	int exponent = h >> 10 & 31, part = h & 1023;
	float v = exponent == 31 ? (part ? NAN : INFINITY) : exponent ? ldexpf((float)(1024 + part), exponent - 25) : ldexpf((float)part, -24);
	return h >> 15 ? -v : v;
}

/* Sizes of the axes in Fortran's order to C's: a[i][j][k][l] is at ((l K + k) J + j) I + i. */
static void transpose(void *to, const void *from, const int64_t d[4], size_t size)
{
	char *at = to;
	for (int64_t i = 0; i < d[0]; i++)
		for (int64_t j = 0; j < d[1]; j++)
			for (int64_t k = 0; k < d[2]; k++)
				for (int64_t l = 0; l < d[3]; l++, at += size)
					memcpy(at, (const char *)from + (size_t)(((l * d[2] + k) * d[1] + j) * d[0] + i) * size, size);
}

static void rearrange(struct volume *v, const struct npy_head *h, size_t stored)
{
	int64_t n = tensor_count(&v->t);
	if (h->swap)
		swap_bytes(v->t.data, n, stored);
	if (h->half) { /* from the last one: the wider numbers lie over the others */
		uint16_t half;
		for (int64_t i = n - 1; i >= 0; i--) {
			memcpy(&half, (char *)v->t.data + 2 * i, 2);
			((float *)v->t.data)[i] = from_half(half);
		}
	}
	if (!h->fortran)
		return;
	size_t size = dtype_size(h->dtype), cap = (size_t)n * size;
	void *data = xmalloc(cap);
	transpose(data, v->t.data, h->dim, size);
	free(v->t.data);
	v->t.data = data;
	v->cap = cap;
}

int npy_take(struct npy_source *s, struct volume *v, struct err *e)
{
	struct npy_head h;
	if (read_head(s, &h, e) != 0 || volume_reserve(v, s->path, h.dtype, h.dim, s->most * (h.half ? 2 : 1), e) != 0)
		return -1;
	size_t stored = h.half ? 2 : dtype_size(h.dtype);
	int64_t bytes = tensor_count(&v->t) * (int64_t)stored;
	if (bytes != s->left)
		return err_set(e, "%s: holds %lld bytes of voxels, but the header promises %lld: truncated or corrupt", s->path,
			(long long)s->left, (long long)bytes);
	if (take_bytes(s, v->t.data, bytes, e) != 0)
		return -1;
	rearrange(v, &h, stored);
	geometry_plain(&v->geo, h.rank == 2 ? 2 : 3);
	return 0;
}

static int64_t read_file(struct npy_source *s, void *to, int64_t n, struct err *e)
{
	return unzip_read(s->from, to, n, e);
}

static int npy_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct unzip *z = unzip_open_at(path, 0, UNZIP_PLAIN, e);
	(void)w;
	if (!z)
		return -1;
	struct npy_source s = { .read = read_file, .from = z, .path = path, .left = unzip_justifies(z), .most = unzip_justifies(z) };
	int failed = npy_take(&s, v, e);
	unzip_close(z);
	return failed;
}

int plain_shape(const struct volume *v, int64_t dim[4])
{
	int drop = v->t.dim[0] > 1 ? 0 : v->geo.dims == 2 && v->t.dim[1] == 1 ? 2 : 1;
	memcpy(dim, v->t.dim + drop, (size_t)(4 - drop) * sizeof(*dim));
	return 4 - drop;
}

void npy_head(char head[NPY_HEAD], const struct volume *v)
{
	char shape[96] = "";
	int64_t dim[4];
	int rank = plain_shape(v, dim);
	size_t n = 0, size = dtype_size(v->t.dtype);
	for (int i = 0; i < rank; i++)
		n += (size_t)snprintf(shape + n, sizeof(shape) - n, "%s%lld", i ? ", " : "", (long long)dim[i]);
	memset(head, ' ', NPY_HEAD);
	memcpy(head, "\x93NUMPY\1\0", 8);
	head[8] = (char)(NPY_HEAD - 10);
	head[9] = 0;
	int len = snprintf(head + 10, NPY_HEAD - 10, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s), }",
		size == 1 ? '|' : '<', codes[v->t.dtype], shape);
	head[10 + len] = ' ';
	head[NPY_HEAD - 1] = '\n';
}

static int npy_write(const char *path, const struct array *a, int n, struct err *e)
{
	char head[NPY_HEAD];
	size_t bytes;
	(void)n;
	if (a->v->t.rank != 4 || tensor_bytes(&a->v->t, &bytes) != 0)
		return err_set(e, "%s: only [C,D,H,W] can be written", path);
	npy_head(head, a->v);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	FILE *fp = outfile_stream(out);
	if (put_plain(fp, head, NPY_HEAD) != 0 || put_plain(fp, a->v->t.data, bytes) != 0) {
		err_set(e, "%s: %s", path, strerror(errno));
		outfile_discard(out);
		return -1;
	}
	return outfile_close(out, e);
}

const struct format format_npy = {
	{ .name = "npy", .summary = ".npy: an array of numpy of 2 axes (y, x), 3 (z, y, x) or 4 (channels first)" },
	"npy", npy_read, npy_write, false,
};
