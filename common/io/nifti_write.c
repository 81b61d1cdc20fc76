/* nifti_write.c: .nii and .nii.gz. The geometry of a NIfTI source goes back as it was, byte for byte. */
#include "io/deflate.h"
#include "io/nifti.h"
#include "io/outfile.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <nifti1.h>
#include <nifti2.h>

/* Whether the raw numbers still say where the voxels are: a resampled image has left them behind. */
static bool raw_holds(const struct geometry *g)
{
	struct geometry was;
	struct err ignored;
	double version = g->nifti[RAW_VERSION];
	if (!g->has_nifti || (version != 1 && version != 2) || nifti_geometry(g->nifti, g->dims, &was, "", &ignored) != 0)
		return false;
	for (int i = 0; i < 12; i++)
		if (!(fabs(was.affine[i] - g->affine[i]) <= 1e-9 * (fabs(was.affine[i]) + 1)))
			return false;
	for (int i = 0; i < 3; i++)
		if (!(fabs(was.spacing[i] - g->spacing[i]) <= 1e-9 * g->spacing[i]))
			return false;
	return true;
}

/* Raw numbers for a geometry that no header has yet: an sform where places are known, the spacing alone where not. */
static void make_raw(const struct geometry *g, double raw[32])
{
	bool mm = !strcmp(g->units, "mm");
	double code = g->has_nifti ? fmax(g->nifti[RAW_SFORM], g->nifti[RAW_QFORM]) : NIFTI_XFORM_SCANNER_ANAT;
	memset(raw, 0, 32 * sizeof(*raw));
	raw[RAW_VERSION] = g->has_nifti && g->nifti[RAW_VERSION] == 2 ? 2 : 1;
	raw[RAW_SFORM] = mm ? fmax(code, NIFTI_XFORM_SCANNER_ANAT) : 0;
	raw[RAW_UNITS] = mm ? NIFTI_UNITS_MM : NIFTI_UNITS_UNKNOWN;
	for (int i = 0; i < 8; i++)
		raw[RAW_PIXDIM + i] = i >= 1 && i <= 3 ? g->spacing[3 - i] : 1;
	for (int i = 0; i < 12; i++)
		raw[RAW_SROW + i] = g->affine[i];
}

#define FILL_HEAD(h, T) \
	do { \
		(h).sizeof_hdr = sizeof(h); \
		(h).datatype = nifti_code[v->t.dtype]; \
		(h).bitpix = (short)(8 * dtype_size(v->t.dtype)); \
		(h).vox_offset = sizeof(h) + 4; \
		(h).scl_slope = 1; \
		(h).qform_code = (short)raw[RAW_QFORM]; \
		(h).sform_code = (short)raw[RAW_SFORM]; \
		(h).xyzt_units = (char)raw[RAW_UNITS]; \
		for (int i = 0; i < 8; i++) { \
			(h).pixdim[i] = (T)raw[RAW_PIXDIM + i]; \
			(h).dim[i] = (__typeof__((h).dim[0]))dim[i]; \
		} \
		(h).quatern_b = (T)raw[RAW_QUATERN]; \
		(h).quatern_c = (T)raw[RAW_QUATERN + 1]; \
		(h).quatern_d = (T)raw[RAW_QUATERN + 2]; \
		(h).qoffset_x = (T)raw[RAW_QOFFSET]; \
		(h).qoffset_y = (T)raw[RAW_QOFFSET + 1]; \
		(h).qoffset_z = (T)raw[RAW_QOFFSET + 2]; \
		for (int i = 0; i < 4; i++) { \
			(h).srow_x[i] = (T)raw[RAW_SROW + i]; \
			(h).srow_y[i] = (T)raw[RAW_SROW + 4 + i]; \
			(h).srow_z[i] = (T)raw[RAW_SROW + 8 + i]; \
		} \
		snprintf((h).descrip, sizeof((h).descrip), "pymic %s", PM_VERSION); \
	} while (0)

/* The header and the four bytes that say there is no extension. Returns the length. */
static size_t make_head(const struct volume *v, unsigned char out[NIFTI_HEAD + 4])
{
	double raw[32];
	if (raw_holds(&v->geo))
		memcpy(raw, v->geo.nifti, sizeof(raw));
	else
		make_raw(&v->geo, raw);
	const int64_t *d = v->t.dim;
	int64_t dim[8] = { d[0] > 1 ? 4 : v->geo.dims == 2 && d[1] == 1 ? 2 : 3, d[3], d[2], d[1], d[0], 1, 1, 1 };
	memset(out, 0, NIFTI_HEAD + 4);
	if (raw[RAW_VERSION] == 1 && d[0] <= INT16_MAX && d[1] <= INT16_MAX && d[2] <= INT16_MAX && d[3] <= INT16_MAX) {
		struct nifti_1_header h = { 0 };
		FILL_HEAD(h, float);
		h.regular = 'r';
		memcpy(h.magic, "n+1", 4);
		memcpy(out, &h, sizeof(h));
		return sizeof(h) + 4;
	}
	struct nifti_2_header h = { 0 };
	FILL_HEAD(h, double);
	memcpy(h.magic, "n+2\0\r\n\032\n", 8);
	memcpy(out, &h, sizeof(h));
	return sizeof(h) + 4;
}

int nifti_write(const char *path, const struct array *a, int n, struct err *e)
{
	const struct volume *v = a->v;
	size_t bytes;
	(void)n;
	if (!volume_ending(path, "nii.gz nii"))
		return err_set(e, "%s: NIfTI is written as .nii.gz or .nii", path);
	if (v->t.rank != 4 || tensor_bytes(&v->t, &bytes) != 0)
		return err_set(e, "%s: only [C,D,H,W] can be written", path);
	unsigned char head[NIFTI_HEAD + 4];
	size_t len = make_head(v, head);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	FILE *fp = outfile_stream(out);
	int failed;
	if (volume_ending(path, "nii.gz")) {
		z_stream z = { 0 };
		/* 15 + 16: a gzip header without a date. */
		failed = deflateInit2(&z, deflate_level(v->t.dtype), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK;
		if (!failed) {
			failed = put_deflated(fp, &z, head, len, false) || put_deflated(fp, &z, v->t.data, bytes, true);
			deflateEnd(&z);
		}
	} else
		failed = put_plain(fp, head, len) || put_plain(fp, v->t.data, bytes);
	if (failed) {
		err_set(e, "%s: %s", path, strerror(errno));
		outfile_discard(out);
		return -1;
	}
	return outfile_close(out, e);
}
