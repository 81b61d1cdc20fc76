/* pymic-save: from a stream to image files, the inverse of pymic-load. */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "base/progress.h"
#include "io/outfile.h"
#include "io/stream.h"
#include "io/volume.h"
#include "overlay.h"

struct conf {
	const char *output, *field, *format;
	bool prob, force, overlay;
	int slices;
};

#define T struct conf
static const struct opt table[] = {
	OPT_STRING(T, output, 'o', "DIR", "", "the folder for the files; it is made where it is missing"),
	OPT_STRING(T, field, 0, "NAMES", "", "what to save: pred, image, label, weight, prob, ...; by default pred, or image in a "
		"stream without predictions; several, as in image,label, go into one h5 or npz"),
	OPT_CHOICE(T, format, 0, "source|nii.gz|nii|png|npy|npz|h5", "source", "kind of file; source: as the image came (2-D arrays: png, "
		"volumes: nii.gz)"),
	OPT_SWITCH(T, prob, 0, "save the probabilities too, as ID_prob.nii.gz with a channel per class"),
	OPT_SWITCH(T, force, 'f', "overwrite files that are there"),
	OPT_SWITCH(T, overlay, 0, "save pictures instead: ID.png, the image in grey, pred tinted and label outlined in colour"),
	OPT_NUMBER(T, slices, 0, "N", "12", 1, 1000, "with --overlay: at most so many slices of a volume"),
	OPT_END,
};
#undef T

static const struct tool tool = {
	.name = "pymic-save",
	.summary = "write a stream's images, labels or predictions to files",
	.synopsis = "-o DIR [FILE.pms]",
	.opts = table,
	.more =
		"A file is named after its case, folders included: images/7.nii.gz gives DIR/images/7.nii.gz. Spacing, affine, qform\n"
		"and sform are those of the source. Two cases of the same name, or a file that is there, are errors (--force\n"
		"overwrites what is there). --overlay takes the image from the stream (pymic-infer --keep-image) or reads the\n"
		"case's source file again.\n",
};

static void *written; /* names of this run, a tree */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* An id comes from outside and must stay below the folder. */
static void check_id(const char *id)
{
	const char *s = id;
	bool bad = !*s || *s == '/';
	while (*s) {
		size_t n = strcspn(s, "/");
		bad |= n == 2 && s[0] == '.' && s[1] == '.';
		s += n;
		s += *s == '/';
	}
	if (bad)
		die(PM_FAIL, "%s: this id is no name for a file below the folder of --output", id);
}

/* The path of a new file, its folder made. The caller frees it, but not before the end. */
static char *new_file(const struct conf *c, const char *id, const char *suffix)
{
	struct err e;
	check_id(id);
	char *path = xprintf("%s/%s%s", c->output, id, suffix);
	char **node = tsearch(path, &written, compare);
	if (!node)
		die(PM_FAIL, "out of memory");
	if (*node != path)
		die(PM_FAIL, "%s: %s would be written twice: the case comes again in this stream", id, path);
	if (!c->force && access(path, F_OK) == 0)
		die(PM_FAIL, "%s: %s is there already; --force overwrites it", id, path);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	if (make_folder(path, &e) != 0)
		die(PM_FAIL, "%s: %s", id, e.msg);
	*slash = '/';
	return path;
}

static void check_shape(const struct record *r, const char *name, const struct tensor *t)
{
	if (t->rank < 3 || t->rank > 4)
		die(PM_FAIL, "%s: %s has %d dimensions, images have 3 or 4 (is this a stream of batches?)", r->id, name, t->rank);
	for (int i = 0; i < t->rank; i++)
		if (t->dim[i] < 1)
			die(PM_FAIL, "%s: %s holds no voxels", r->id, name);
}

/* A field as [C,D,H,W], its data borrowed. */
static struct volume borrow(const struct record *r, const char *name)
{
	const struct tensor *t = record_peek(r, name);
	struct volume v = { 0 };
	if (!t)
		die(PM_FAIL, "%s: has no %s to save", r->id, name);
	check_shape(r, name, t);
	v.t = *t;
	v.t.rank = 4;
	if (t->rank == 3) {
		v.t.dim[0] = 1;
		memcpy(v.t.dim + 1, t->dim, 3 * sizeof(*t->dim));
	}
	geometry_get(&r->meta, &v.geo);
	return v;
}

/* The ending that suits: the one asked for, or that of the source where the format can hold the data. */
static const char *choose_ending(const struct conf *c, const struct record *r, const struct volume *v)
{
	static const char *const ending[] = { ".nii.gz", ".nii", ".png", ".npy", ".npz", ".h5" };
	char source[4096] = "";
	bool flat = v->t.dim[1] == 1, bytes = v->t.dtype == PM_U8 || v->t.dtype == PM_U16;
	for (size_t i = 0; i < PM_COUNT(ending); i++)
		if (!strcmp(c->format, ending[i] + 1))
			return ending[i];
	meta_text(&r->meta, "source", source, sizeof(source));
	if (volume_ending(source, "nii hdr img"))
		return ".nii";
	if (volume_ending(source, "nii.gz hdr.gz img.gz") || !flat || !bytes || (v->t.dim[0] != 1 && v->t.dim[0] != 3))
		return ".nii.gz";
	return v->geo.dims == 2 ? ".png" : ".nii.gz";
}

/* What --field asks for. */
struct fields {
	int n;
	char *name[PM_MAX_FIELDS], *text; /* names lie in text */
};

/* The fields into one file: of several those that the record has, as some cases have no label. */
static void save_fields(const struct conf *c, const struct record *r, const struct fields *f, const char *suffix)
{
	struct err e;
	struct volume v[PM_MAX_FIELDS];
	struct array a[PM_MAX_FIELDS];
	int n = 0;
	for (int i = 0; i < f->n; i++) {
		if (f->n > 1 && !record_peek(r, f->name[i]))
			continue;
		v[n] = borrow(r, f->name[i]);
		a[n] = (struct array){ f->name[i], &v[n] };
		n++;
	}
	if (n == 0)
		die(PM_FAIL, "%s: has none of the fields to save", r->id);
	char *path = new_file(c, r->id, suffix ? suffix : choose_ending(c, r, v));
	if (volume_write_all(path, a, n, &e) != 0)
		die(PM_FAIL, "%s: %s", r->id, e.msg);
}

static void parse_fields(const struct conf *c, const struct stream_head *h, struct fields *f)
{
	char *save = NULL;
	f->text = xstrdup(c->field[0] ? c->field : stream_has(h, "pred") ? "pred" : "image");
	f->n = 0;
	for (char *s = strtok_r(f->text, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (f->n == PM_MAX_FIELDS)
			die(PM_USAGE, "--field %s: more than %d fields", c->field, PM_MAX_FIELDS);
		f->name[f->n++] = s;
	}
	if (f->n > 1 && strcmp(c->format, "h5") && strcmp(c->format, "npz"))
		die(PM_USAGE, "--field %s: several fields need --format h5 or npz", c->field);
	for (int i = 0; i < f->n && !c->overlay; i++)
		if (!stream_has(h, f->name[i]))
			die(PM_FAIL, "the stream holds no %s (its kind is %s)", f->name[i], h->kind);
}

/* The image to draw on: the stream's, or the source file again. */
static const struct tensor *find_image(const struct record *r, const struct tensor *like, struct volume *v)
{
	char source[4096];
	struct err e;
	const struct tensor *t = record_peek(r, "image");
	if (!t) {
		if (meta_text(&r->meta, "source", source, sizeof(source)) != 0)
			die(PM_FAIL, "%s: has no image to draw on; pymic-infer --keep-image passes it on", r->id);
		if (volume_read(source, "image", v, &e) != 0)
			die(PM_FAIL, "%s: %s", r->id, e.msg);
		t = &v->t;
	}
	check_shape(r, "image", t);
	if (t->rank != 4 || (like && (like->rank != 3 || memcmp(t->dim + 1, like->dim, 3 * sizeof(*like->dim)))))
		die(PM_FAIL, "%s: image and segmentation differ in shape: draw before pymic-augment, or without --no-undo", r->id);
	return t;
}

static void save_overlay(const struct conf *c, const struct record *r, struct volume *image, struct volume *picture)
{
	struct err e;
	struct geometry g;
	const struct tensor *pred = record_peek(r, "pred"), *label = record_peek(r, "label");
	const struct tensor *t = find_image(r, pred ? pred : label, image);
	if (pred && label && (label->rank != 3 || memcmp(pred->dim, label->dim, 3 * sizeof(*pred->dim))))
		die(PM_FAIL, "%s: pred and label differ in shape", r->id);
	geometry_get(&r->meta, &g);
	overlay_draw(t, pred ? pred : label, pred ? label : NULL, &g, c->slices, picture);
	char *path = new_file(c, r->id, ".png");
	if (volume_write(path, picture, &e) != 0)
		die(PM_FAIL, "%s: %s", r->id, e.msg);
}

int main(int argc, char **argv)
{
	struct conf c;
	struct err e;
	char **operand;
	int n = opt_parse(&tool, &c, argc, argv, &operand);
	if (n > 1)
		die(PM_USAGE, "one stream at most; '%s' is too many", operand[1]);
	if (!c.output[0])
		die(PM_USAGE, "no folder to write to: give -o DIR");
	struct istream *in = n && strcmp(operand[0], "-") ? istream_open(operand[0], &e) : istream_stdin("sample|prediction");
	if (!in)
		die(PM_INPUT, "%s", e.msg);
	const struct stream_head *h = istream_head(in);
	struct fields fields, prob = { 1, { (char *)"prob" }, NULL };
	parse_fields(&c, h, &fields);
	if (c.prob && !stream_has(h, "prob"))
		die(PM_FAIL, "the stream holds no probabilities: run pymic-infer with --prob");
	struct record r = { 0 };
	struct volume image = { 0 }, picture = { 0 };
	int64_t done = 0;
	progress_start("cases", -1);
	while (istream_read(in, &r)) {
		if (c.overlay)
			save_overlay(&c, &r, &image, &picture);
		else
			save_fields(&c, &r, &fields, NULL);
		if (c.prob)
			save_fields(&c, &r, &prob, "_prob.nii.gz");
		progress_to(++done, "%s", "");
	}
	progress_end();
	volume_fini(&image);
	volume_fini(&picture);
	record_fini(&r);
	istream_close(in);
	tdestroy(written, free);
	free(fields.text);
	return PM_OK;
}
