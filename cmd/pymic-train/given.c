/* given.c: see given.h. Which models they are decides what a run becomes, so that it knows them by their bytes. */
#include "given.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

static uint32_t crc_of(const char *path)
{
	static unsigned char piece[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	FILE *fp = fopen(path, "rb");
	size_t n;

	if (!fp)
		die(PM_FAIL, "%s: %s", path, strerror(errno));
	while ((n = fread(piece, 1, sizeof piece, fp)) > 0)
		crc = crc32(crc, piece, (uInt)n);
	if (ferror(fp))
		die(PM_FAIL, "%s: %s", path, strerror(errno));
	fclose(fp);
	return (uint32_t)crc;
}

void given_open(struct given *v, const struct agent *a, struct run *r, int at)
{
	const struct texts *models = a->models ? a->models(r->conf) : NULL;
	struct err e;

	if (models && !models->n)
		die(PM_USAGE, "--agent %s needs the file of a trained model to learn from (see --help=agent:%s)", a->p.name, a->p.name);
	for (int i = 0; models && i < models->n; i++) {
		const char *path = models->v[i];
		if (i == PM_NETS)
			die(PM_USAGE, "--agent %s: more than %d models", a->p.name, PM_NETS);
		struct saved *s = &v->file[v->files].about;
		v->file[v->files].path = path;
		v->file[v->files++].crc = crc_of(path);
		if (saved_about(s, path, &e))
			die(PM_FAIL, "%s", e.msg);
		if (s->classes != r->classes)
			die(PM_FAIL, "%s: a model of %d classes, but --classes is %d", path, s->classes, r->classes);
		if (arch_dims(s->arch) != arch_dims(r->arch))
			die(PM_FAIL, "%s: a %d-D network, but --net is a %d-D one: they do not see the same images", path, arch_dims(s->arch),
				arch_dims(r->arch));
		if (arch_whole(s->arch) != arch_whole(r->arch))
			die(PM_FAIL, "%s: a network that %s, but --net %s", path, arch_whole(s->arch) ? "classifies images" : "segments",
				arch_whole(r->arch) ? "classifies images" : "segments");
		for (int k = 0; k < s->nets; k++) {
			if (at + v->nets + a->critics == PM_NETS)
				die(PM_USAGE, "--agent %s: more than %d networks with those of %s", a->p.name, PM_NETS, path);
			r->arch[at + v->nets] = s->arch[k];
			r->ps[at + v->nets] = &v->ps[v->nets];
			r->given = ++v->nets;
		}
	}
}

void given_declare(struct given *v, int64_t channels)
{
	for (int i = 0, at = 0; i < v->files; i++) {
		const struct saved *s = &v->file[i].about;
		if (s->channels != channels)
			die(PM_FAIL, "%s: a model for images of %lld channels, but these have %lld", v->file[i].path, (long long)s->channels,
				(long long)channels);
		for (int k = 0; k < s->nets; k++, at++)
			predict_declare(&s->arch[k], s->classes, channels, &v->ps[at]);
	}
}

void given_read(struct given *v, const struct backend *be)
{
	struct params *ps[PM_NETS];
	struct err e;

	for (int i = 0, at = 0; i < v->files; at += v->file[i++].about.nets) {
		for (int k = 0; k < v->file[i].about.nets; k++)
			ps[k] = &v->ps[at + k];
		if (saved_read(&v->file[i].about, v->file[i].path, be, ps, &e))
			die(PM_FAIL, "%s", e.msg);
	}
}
