/* info.c: --info says what is in files, --check whether they are whole. */
#include "load.h"
#include "io/check.h"

#include <stdlib.h>
#include <string.h>

static void info_image(const char *path, const struct volume *v)
{
	const int64_t *d = v->t.dim;
	const struct geometry *g = &v->geo;
	printf("file\t%s\nkind\t%s, %d-D\n", path, format_of(path)->name, g->dims);
	printf("image\t%s %lldx%lldx%lldx%lld (channels, z, y, x)\n", dtype_name(v->t.dtype), (long long)d[0], (long long)d[1],
		(long long)d[2], (long long)d[3]);
	printf("spacing\t%.9g %.9g %.9g %s (z, y, x)\n", g->spacing[0], g->spacing[1], g->spacing[2], g->units);
	for (int i = 0; i < 3; i++)
		printf("affine\t%.9g %.9g %.9g %.9g\n", g->affine[4 * i], g->affine[4 * i + 1], g->affine[4 * i + 2],
			g->affine[4 * i + 3]);
	if (g->has_nifti)
		printf("header\tNIfTI-%g, qform code %g, sform code %g\n", g->nifti[0], g->nifti[1], g->nifti[2]);
}

static int one_image(const char *path, const char *what, bool check, struct volume *v, struct err *e)
{
	int failed = volume_read(path, what, v, e);
	if (!check) {
		if (!failed)
			info_image(path, v);
		return failed;
	}
	size_t bytes = 0;
	if (!failed)
		tensor_bytes(&v->t, &bytes);
	struct check line = { path, format_of(path) ? format_of(path)->name : "", failed ? -1 : 1, failed ? -1 : (int64_t)bytes,
		failed ? e->msg : NULL };
	check_line(stdout, &line);
	return failed;
}

/* A list: every file that it names. */
static int one_list(const char *path, bool check, struct volume *v, struct err *e)
{
	struct options o = { .label = "" };
	struct dataset d;
	dataset_init(&d, path);
	int failed = dataset_add(&d, path, &o, e);
	if (failed && check)
		check_line(stdout, &(struct check){ path, "list", -1, -1, e->msg });
	else if (!failed && !check)
		printf("file\t%s\nkind\tlist\ncases\t%lld%s%s\n", path, (long long)d.n, d.labels ? ", with labels" : "",
			d.weights ? ", with weights" : "");
	for (int64_t i = 0; i < d.n && check && !failed; i++) {
		struct item *it = &d.item[i];
		for (int k = 0; k < it->images; k++)
			failed |= one_image(it->image[k], "image", true, v, e);
		if (it->label)
			failed |= one_image(it->label, "label", true, v, e);
		if (it->weight)
			failed |= one_image(it->weight, "weight", true, v, e);
	}
	dataset_fini(&d);
	return failed;
}

int info_run(char **file, int n, bool check)
{
	struct volume v = { 0 };
	struct err e;
	int bad = 0;
	if (check)
		check_header(stdout);
	for (int i = 0; i < n; i++) {
		int failed;
		if (volume_ending(file[i], "csv tsv txt"))
			failed = one_list(file[i], check, &v, &e);
		else if (is_stream(file[i]) || volume_ending(file[i], "pms pmm"))
			failed = check ? check_stream(file[i], stdout) : info_stream(file[i], stdout, &e);
		else
			failed = one_image(file[i], "image", check, &v, &e);
		if (failed && !check)
			warning("%s", e.msg);
		bad += failed != 0;
	}
	volume_fini(&v);
	return bad ? PM_FAIL : PM_OK;
}
