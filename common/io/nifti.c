/*
 * nifti.c: NIfTI-1 and NIfTI-2 files, .nii, .nii.gz and the pair .hdr/.img. nifticlib (libnifti) lends its header
 * definitions only: its reader trusts the header, this one trusts the bytes that are there.
 */
#include "io/nifti.h"
#include "io/unzip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The other file of a pair: .hdr for .img and the other way, with .gz where that is the one that exists. */
static char *partner(const char *path, const char *ending)
{
	size_t stem = volume_stem(path);
	char *name = xprintf("%.*s.%s", (int)stem, path, ending);
	if (access(name, F_OK) == 0)
		return name;
	char *zipped = xprintf("%s.gz", name);
	if (access(zipped, F_OK) == 0) {
		free(name);
		return zipped;
	}
	free(zipped);
	return name;
}

/* value * slope + inter, as f32, in a new buffer. */
static void apply_slope(struct volume *v, double slope, double inter)
{
	int64_t n = tensor_count(&v->t);
	struct tensor out = v->t;
	out.dtype = PM_F32;
	size_t cap = (size_t)n * sizeof(float);
	float *to = out.data = xmalloc(cap);
	enum { STEP = 4096 };
	double part[STEP];
	size_t size = dtype_size(v->t.dtype);
	for (int64_t i = 0; i < n; i += STEP) {
		int64_t m = n - i < STEP ? n - i : STEP;
		convert(part, PM_F64, (char *)v->t.data + (size_t)i * size, v->t.dtype, m);
		for (int64_t k = 0; k < m; k++)
			to[i + k] = (float)(part[k] * slope + inter);
	}
	free(v->t.data);
	v->t = out;
	v->cap = cap;
}

static int read_voxels(struct unzip *z, const struct nifti_head *h, const char *path, struct volume *v, struct err *e)
{
	if (volume_reserve(v, path, h->dtype, h->dim, unzip_justifies(z), e) != 0)
		return -1;
	int64_t n = tensor_count(&v->t), bytes = n * (int64_t)dtype_size(h->dtype), got = unzip_read(z, v->t.data, bytes, e);
	if (got < 0)
		return -1;
	if (got < bytes)
		return err_set(e, "%s: holds %lld bytes of voxels, but the header promises %lld: truncated", path, (long long)got,
			(long long)bytes);
	if (unzip_end(z, e) != 0)
		return -1;
	if (h->swap)
		swap_bytes(v->t.data, n, dtype_size(h->dtype));
	if (h->scaled)
		apply_slope(v, h->slope, h->inter);
	return 0;
}

/* Reads the header from z; *used: how far z has come. */
static int read_head(struct unzip *z, const char *path, struct nifti_head *h, int64_t *used, struct err *e)
{
	unsigned char bytes[NIFTI_HEAD];
	int64_t len = unzip_read(z, bytes, 348, e);
	if (len < 0)
		return -1;
	uint32_t size = 0;
	if (len == 348)
		memcpy(&size, bytes, 4);
	if (size == 540 || size == __builtin_bswap32(540)) { /* NIfTI-2: the rest of its header */
		int64_t more = unzip_read(z, bytes + 348, NIFTI_HEAD - 348, e);
		if (more < 0)
			return -1;
		len += more;
	}
	*used = len;
	return nifti_parse(bytes, (size_t)len, path, h, e);
}

static int read_open(struct unzip *z, const char *path, bool fix, struct volume *v, struct err *e)
{
	struct nifti_head h;
	int64_t used;
	struct geometry geo;
	if (read_head(z, path, &h, &used, e) != 0)
		return -1;
	int dims = h.ndim == 2 ? 2 : 3;
	if (fix)
		v->repaired = nifti_repair(h.raw, dims);
	if (nifti_geometry(h.raw, dims, &geo, path, e) != 0)
		return -1;
	v->geo = geo;
	if (!h.pair)
		return unzip_skip(z, h.vox_offset - used, e) || read_voxels(z, &h, path, v, e) ? -1 : 0;
	if (!volume_ending(path, "hdr hdr.gz"))
		return err_set(e, "%s: this header belongs to a pair of files .hdr and .img: rename it to .hdr", path);
	char *img = partner(path, "img");
	struct unzip *zi = unzip_open(img, e);
	int failed = !zi || unzip_skip(zi, h.vox_offset, e) || read_voxels(zi, &h, img, v, e);
	unzip_close(zi);
	free(img);
	return failed ? -1 : 0;
}

static int nifti_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	char *head = volume_ending(path, "img img.gz") ? partner(path, "hdr") : xstrdup(path);
	struct unzip *z = unzip_open(head, e);
	int failed = !z || read_open(z, head, w->fix_affine, v, e);
	unzip_close(z);
	free(head);
	return failed ? -1 : 0;
}

const struct format format_nifti = {
	{ .name = "nifti", .summary = ".nii.gz .nii .hdr .img: NIfTI-1 and NIfTI-2; a fourth axis (or the fifth, of vector images) "
		"are channels" },
	"nii.gz nii hdr hdr.gz img img.gz", nifti_read, nifti_write, false,
};
