/* geometry.c: geometry as it travels in meta, and how far two of them are apart. */
#include "io/geometry.h"

#include <math.h>
#include <string.h>

static void plain(struct geometry *g)
{
	memset(g, 0, sizeof(*g));
	g->dims = 3;
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
	plain(g);
	plain(&got);
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
