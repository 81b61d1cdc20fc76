/* geometry.c: geometry as it travels in meta, and how far two of them are apart. */
#include "io/geometry.h"

#include <math.h>
#include <string.h>

void geometry_plain(struct geometry *g, int dims)
{
	memset(g, 0, sizeof(*g));
	g->dims = dims;
	for (int i = 0; i < 3; i++)
		g->spacing[i] = 1;
	for (int i = 0; i < 4; i++)
		g->affine[5 * i] = 1;
	strcpy(g->units, "vox");
}

void geometry_put(const struct geometry *g, struct meta *m)
{
	meta_set_number(m, "dims", g->dims);
	meta_set_numbers(m, "spacing", g->spacing, 3);
	meta_set_numbers(m, "affine", g->affine, 16);
	meta_set_text(m, "units", g->units);
	if (g->has_nifti)
		meta_set_numbers(m, "nifti", g->nifti, PM_COUNT(g->nifti));
	else
		meta_delete(m, "nifti");
}

int geometry_get(const struct meta *m, struct geometry *g)
{
	struct geometry got;
	geometry_plain(g, 3);
	geometry_plain(&got, 3);
	if (meta_numbers(m, "spacing", got.spacing, 3) != 3 || meta_numbers(m, "affine", got.affine, 16) != 16)
		return -1;
	for (int i = 0; i < 3; i++)
		if (!isfinite(got.spacing[i]) || got.spacing[i] <= 0)
			return -1;
	for (int i = 0; i < 16; i++)
		if (!isfinite(got.affine[i]))
			return -1;
	got.dims = meta_number(m, "dims", 3) == 2 ? 2 : 3;
	char units[8];
	if (!meta_text(m, "units", units, sizeof(units)) && !strcmp(units, "mm"))
		strcpy(got.units, "mm");
	got.has_nifti = meta_numbers(m, "nifti", got.nifti, PM_COUNT(got.nifti)) == (int)PM_COUNT(got.nifti);
	*g = got;
	return 0;
}

void geometry_spacing(struct geometry *g, const double mm[3])
{
	for (int i = 0; i < 3; i++) {
		g->spacing[i] = mm[i];
		g->affine[5 * i] = mm[2 - i];
	}
	strcpy(g->units, "mm");
}

int geometry_take(struct geometry *g, const double *spacing, const double *affine)
{
	for (int i = 0; i < 3 && spacing; i++)
		if (!(isfinite(spacing[i]) && spacing[i] > 0))
			return -1;
	for (int i = 0; i < 16 && affine; i++)
		if (!isfinite(affine[i]) || (i >= 12 && affine[i] != (i == 15)))
			return -1;
	if (spacing)
		geometry_spacing(g, spacing);
	if (affine)
		memcpy(g->affine, affine, sizeof(g->affine));
	for (int i = 0; i < 3 && affine; i++) {
		double length = sqrt(affine[i] * affine[i] + affine[4 + i] * affine[4 + i] + affine[8 + i] * affine[8 + i]);
		if (!spacing)
			g->spacing[2 - i] = length;
		if (!(length > 0))
			return -1;
	}
	if (affine)
		strcpy(g->units, "mm");
	return 0;
}

bool geometry_placed(const struct geometry *g)
{
	struct geometry bare;
	if (g->has_nifti)
		return true;
	geometry_plain(&bare, g->dims);
	geometry_spacing(&bare, g->spacing);
	for (int i = 0; i < 16; i++)
		if (g->affine[i] != bare.affine[i])
			return true;
	return false;
}

int geometry_from_lps(struct geometry *g, const double axis[3][3], const double origin[3])
{
	static const double sign[3] = { -1, -1, 1 }; /* to RAS */
	double det = axis[0][0] * (axis[1][1] * axis[2][2] - axis[1][2] * axis[2][1]) -
		axis[0][1] * (axis[1][0] * axis[2][2] - axis[1][2] * axis[2][0]) +
		axis[0][2] * (axis[1][0] * axis[2][1] - axis[1][1] * axis[2][0]);
	double volume = 1;
	for (int i = 0; i < 3; i++) {
		double length = sqrt(axis[i][0] * axis[i][0] + axis[i][1] * axis[i][1] + axis[i][2] * axis[i][2]);
		g->spacing[2 - i] = length;
		volume *= length;
		for (int row = 0; row < 3; row++)
			g->affine[4 * row + i] = sign[row] * axis[i][row];
		g->affine[4 * i + 3] = sign[i] * origin[i];
	}
	for (int i = 0; i < 12; i++)
		if (!isfinite(g->affine[i]))
			return -1;
	strcpy(g->units, "mm");
	return fabs(det) > 1e-9 * volume ? 0 : -1;
}

double geometry_distance(const struct geometry *a, const struct geometry *b, const int64_t size[3])
{
	double unit = INFINITY, most = 0;
	for (int i = 0; i < 3; i++)
		unit = fmin(unit, fmin(a->spacing[i], b->spacing[i]));
	for (int corner = 0; corner < 8; corner++) {
		double v[4] = { 0, 0, 0, 1 }, sum = 0;
		for (int i = 0; i < 3; i++) /* the affine takes x, y, z; size is d, h, w */
			v[i] = corner >> i & 1 ? (double)(size[2 - i] - 1) : 0;
		for (int row = 0; row < 3; row++) {
			double d = 0;
			for (int k = 0; k < 4; k++)
				d += (a->affine[4 * row + k] - b->affine[4 * row + k]) * v[k];
			sum += d * d;
		}
		most = fmax(most, sqrt(sum));
	}
	return unit > 0 ? most / unit : INFINITY;
}
