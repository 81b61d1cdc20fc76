/* info.c: --info says what is in files, --check whether they are whole. */
#include "load.h"
#include "io/check.h"

static void info_image(const char *path, const struct volume *v)
{
	const int64_t *d = v->t.dim;
	const struct geometry *g = &v->geo;
	printf("file\t%s\nkind\t%s, %d-D\n", path, format_of(path)->p.name, g->dims);
	printf("image\t%s %lldx%lldx%lldx%lld (channels, z, y, x)\n", dtype_name(v->t.dtype), (long long)d[0], (long long)d[1],
		(long long)d[2], (long long)d[3]);
	printf("spacing\t%.9g %.9g %.9g %s (z, y, x)\n", g->spacing[0], g->spacing[1], g->spacing[2], g->units);
	for (int i = 0; i < 3; i++)
		printf("affine\t%.9g %.9g %.9g %.9g\n", g->affine[4 * i], g->affine[4 * i + 1], g->affine[4 * i + 2],
			g->affine[4 * i + 3]);
	if (g->has_nifti)
		printf("header\tNIfTI-%g, qform code %g, sform code %g\n", g->nifti[0], g->nifti[1], g->nifti[2]);
}

static int show_list(const char *path, const struct options *o, struct err *e)
{
	struct dataset d;
	dataset_init(&d, path);
	int failed = dataset_add(&d, path, o, e);
	if (!failed)
		printf("file\t%s\nkind\tlist\ncases\t%lld%s%s\n", path, (long long)d.n, d.labels ? ", with labels" : "",
			d.weights ? ", with weights" : "");
	dataset_fini(&d);
	return failed;
}

static int show(const char *path, bool list, bool stream, const struct options *o, struct volume *v)
{
	struct err e;
	int failed = list ? show_list(path, o, &e) : stream ? info_stream(path, stdout, &e) : volume_get(path,
		&(struct wanted){ .array = "image", .fix_affine = o->fix_affine }, v, &e);
	if (failed)
		warning("%s", e.msg);
	else if (!list && !stream)
		info_image(path, v);
	return failed;
}

int info_run(char **file, int n, const struct options *o)
{
	struct volume v = { 0 };
	struct audit *a = o->check ? audit_new(o) : NULL;
	int bad = 0;
	if (a)
		check_header(stdout);
	for (int i = 0; i < n; i++) {
		bool list = volume_ending(file[i], "csv tsv txt"), stream = !list && (is_stream(file[i]) || volume_ending(file[i], "pms pmm"));
		bad += (!a ? show(file[i], list, stream, o, &v) : list ? audit_list(a, file[i]) : stream ? check_stream(file[i], stdout) :
			audit_image(a, file[i])) != 0;
	}
	bad += a ? audit_end(a) : 0;
	volume_fini(&v);
	close_stdout();
	return bad ? PM_FAIL : PM_OK;
}
