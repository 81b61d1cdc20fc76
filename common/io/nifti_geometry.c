/* nifti_geometry.c: where the voxels lie, by the rules of nifti1.h (nibabel's choice: sform, then qform, then pixdim). */
#include "io/nifti.h"

#include <math.h>
#include <string.h>

#include <nifti1.h>

static bool finite_all(const double *v, int n)
{
	for (int i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/* The voxel size along axis i, or 0 where the header does not say. */
static double pixdim(const double *raw, int i)
{
	double p = fabs(raw[RAW_PIXDIM + i]);
	return isfinite(p) && p > 1e-20 && p < 1e20 ? p : 0;
}

static void from_qform(const double *raw, double a[16])
{
	double b = raw[RAW_QUATERN], c = raw[RAW_QUATERN + 1], d = raw[RAW_QUATERN + 2], w = 1 - (b * b + c * c + d * d);
	if (w < 1e-7) { /* a rotation by 180 degrees, up to rounding */
		double f = 1 / sqrt(b * b + c * c + d * d);
		b *= f;
		c *= f;
		d *= f;
		w = 0;
	} else
		w = sqrt(w);
	const double r[9] = {
		w * w + b * b - c * c - d * d, 2 * (b * c - w * d), 2 * (b * d + w * c),
		2 * (b * c + w * d), w * w + c * c - b * b - d * d, 2 * (c * d - w * b),
		2 * (b * d - w * c), 2 * (c * d + w * b), w * w + d * d - c * c - b * b,
	};
	for (int row = 0; row < 3; row++) {
		for (int i = 0; i < 3; i++) {
			double size = pixdim(raw, i + 1);
			a[4 * row + i] = r[3 * row + i] * (size > 0 ? size : 1) * (i == 2 && raw[RAW_PIXDIM] < 0 ? -1 : 1);
		}
		a[4 * row + 3] = raw[RAW_QOFFSET + row];
	}
}

static int from_sform(const double *raw, double a[16], const char *path, struct err *e)
{
	memcpy(a, raw + RAW_SROW, 12 * sizeof(*a));
	if (!finite_all(a, 12))
		return err_set(e, "%s: the sform holds NaN or infinity: repair the header (fslorient -deleteorient) or see --fix-affine", path);
	double size = 1, det = a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) +
		a[2] * (a[4] * a[9] - a[5] * a[8]);
	for (int i = 0; i < 3; i++)
		size *= sqrt(a[i] * a[i] + a[4 + i] * a[4 + i] + a[8 + i] * a[8 + i]);
	if (!(fabs(det) > 1e-9 * size))
		return err_set(e, "%s: the sform is singular: repair the header (fslorient -deleteorient) or see --fix-affine", path);
	return 0;
}

/* Voxel sizes: pixdim, unless the affine clearly says otherwise. */
static void find_spacing(const double *raw, struct geometry *g)
{
	for (int i = 0; i < 3; i++) {
		const double *a = g->affine + i;
		double column = sqrt(a[0] * a[0] + a[4] * a[4] + a[8] * a[8]), p = pixdim(raw, i + 1);
		g->spacing[2 - i] = fabs(p - column) <= 1e-3 * column ? p : column;
	}
}

int nifti_geometry(const double raw[32], int dims, struct geometry *g, const char *path, struct err *e)
{
	memset(g, 0, sizeof(*g));
	g->dims = dims;
	g->has_nifti = true;
	memcpy(g->nifti, raw, sizeof(g->nifti));
	g->affine[15] = 1;
	bool sform = raw[RAW_SFORM] > 0, qform = raw[RAW_QFORM] > 0;
	if (sform && dims == 2 && raw[RAW_SROW + 2] == 0 && raw[RAW_SROW + 6] == 0 && raw[RAW_SROW + 10] == 0)
		sform = false; /* a flat image has no third axis to speak of */
	if (sform) {
		if (from_sform(raw, g->affine, path, e) != 0)
			return -1;
	} else if (qform) {
		if (!finite_all(raw + RAW_QUATERN, 6))
			return err_set(e, "%s: the qform holds NaN or infinity: repair the header (fslorient -deleteorient) or see --fix-affine", path);
		from_qform(raw, g->affine);
	} else
		for (int i = 0; i < 3; i++) {
			double p = pixdim(raw, i + 1);
			g->affine[5 * i] = p > 0 ? p : 1;
		}
	find_spacing(raw, g);
	int units = (int)raw[RAW_UNITS] & 7;
	bool ones = g->spacing[0] == 1 && g->spacing[1] == 1 && g->spacing[2] == 1;
	strcpy(g->units, units || sform || qform || !ones ? "mm" : "vox");
	double mm = units == NIFTI_UNITS_METER ? 1000 : units == NIFTI_UNITS_MICRON ? 0.001 : 1;
	for (int i = 0; i < 12; i++)
		g->affine[i] *= mm;
	for (int i = 0; i < 3; i++)
		g->spacing[i] *= mm;
	if (!finite_all(g->affine, 12) || !(g->spacing[0] > 0 && g->spacing[1] > 0 && g->spacing[2] > 0))
		return err_set(e, "%s: the affine in the header is not usable: repair the header", path);
	return 0;
}

bool nifti_repair(double raw[32], int dims)
{
	struct geometry g;
	struct err ignored;
	static const int code[] = { RAW_SFORM, RAW_QFORM };
	bool repaired = false;
	for (size_t i = 0; i < PM_COUNT(code) && nifti_geometry(raw, dims, &g, "", &ignored) != 0; i++) {
		repaired |= raw[code[i]] > 0;
		raw[code[i]] = 0;
	}
	return repaired;
}
