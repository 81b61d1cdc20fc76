/* pymic-load: from lists of cases, images and saved streams to a stream of samples. */
#include "load.h"
#include "base/progress.h"

#include <stdlib.h>
#include <string.h>

#define T struct options
static const struct opt table[] = {
	OPT_NUMBER(T, epochs, 'e', "N", "1", 0, 1e15, "how often each case comes; 0: without end"),
	OPT_SWITCH(T, shuffle, 's', "a new random order in every epoch"),
	OPT_NUMBER(T, seed, 0, "N", "0", 0, 9e15, "of the random order"),
	OPT_STRING(T, mix, 0, "N:N", "", "take so many cases in a row from each list, in turn; the first list counts the epochs "
		"and gives the labels"),
	OPT_SWITCH(T, all_labels, 0, "with --mix: the labels of every list count (clean and noisy ones)"),
	OPT_STRING(T, shard, 0, "I/N", "", "only the I-th of N parts of each epoch"),
	OPT_NUMBER(T, skip, 0, "N", "0", 0, 9e15, "leave out the first N records, without reading their files"),
	OPT_NUMBER(T, threads, 'j', "N", "2", 1, 256, "threads that read ahead; the result is the same for any number"),
	OPT_STRING(T, cache, 0, "SIZE", "1G", "keep decoded cases in memory, up to this size"),
	OPT_STRING(T, label, 'l', "NAME", "", "the column with the labels, where it is not named label; class: that of whole images"),
	OPT_NUMBER(T, classes, 'c', "N", "0", 0, 65536, "refuse labels outside 0..N-1; 0: no check"),
	OPT_NUMBER(T, labels, 0, "LIST", "", -2147483648.0, 4294967295.0, "refuse labels that are not in this list"),
	OPT_CHOICE(T, dims, 0, "auto|2|3", "auto", "take images as 2-D (an HDF5 array of rank 3 is then channels) or 3-D"),
	OPT_CHOICE(T, geometry, 0, "strict|image", "strict", "when image and label are apart: strict refuses, image trusts the image"),
	OPT_SWITCH(T, fix_affine, 0, "where a header's affine is damaged (NaN, singular), use the next best that it knows, and warn"),
	OPT_SWITCH(T, allow_missing, 0, "a blank image cell is a channel of zeros, where the case has another image"),
	OPT_NUMBER(T, crop, 0, "D,H,W", "", 0, 65536, "load a random box of this size, anew each time; H,W keep the depth, 0 keeps an axis"),
	OPT_NUMBER(T, foreground, 0, "P", "0", 0, 1, "with --crop: probability of a box around a voxel of a random class of the label"),
	OPT_CHOICE(T, nan, 0, "error|zero", "error", "what to do with voxels that are NaN or infinite"),
	OPT_STRING(T, output, 'o', "FILE", "-", "where the stream goes"),
	OPT_SWITCH(T, info, 0, "say what is in the files, in words"),
	OPT_SWITCH(T, check, 0, "read the files to the end and say in a table whether they are whole, fit together and come once; lists: a summary too"),
	OPT_END,
};
#undef T

static const struct kind *const kinds[] = { &format_kind, NULL };

static const struct tool tool = {
	.name = "pymic-load",
	.summary = "read lists of cases, images and saved streams",
	.synopsis = "LIST.csv | FILE.pms | IMAGE... | -",
	.opts = table,
	.kinds = kinds,
	.more =
		"A list has a header line. Columns image, image2, image_t1, ... are the channels, in order (none so named: the first\n"
		"column); label or class, pixel_weight, annotated, spacing and id are optional; a blank label is an unlabeled case. Paths start at the\n"
		"list's own folder. HDF5 and .npz files give their arrays image, label and weight.\n"
		"Without --mix all operands are one list. A case is named after its first image, folders included, or by id.\n",
};

/* A whole stream, once, in its order: nothing needs to be known of it beforehand. */
static bool passes_by(const struct options *o, char **operand, int n)
{
	bool pipe = false;
	for (int i = 0; i < n; i++)
		pipe |= !strcmp(operand[i], "-");
	bool plain = n == 1 && o->epochs == 1 && !o->shuffle && !o->shard[0] && !o->mix[0];
	if (pipe && !plain)
		die(PM_USAGE, "'-' is read once and in its order: no other operand, --epochs, --shuffle, --shard or --mix");
	return pipe || (plain && volume_ending(operand[0], "pms"));
}

static void check_crop(const struct options *o, char **operand, int n)
{
	if (!o->crop.n && o->foreground > 0)
		die(PM_USAGE, "--foreground is for --crop");
	if (!o->crop.n)
		return;
	if (o->crop.n != 2 && (o->crop.n != 3 || !strcmp(o->dims, "2")))
		die(PM_USAGE, "--crop has %d numbers: give %s (0 keeps an axis)", o->crop.n, strcmp(o->dims, "2") ? "D,H,W or H,W" : "H,W");
	for (int i = 0; i < o->crop.n; i++)
		if (o->crop.v[i] != (int64_t)o->crop.v[i])
			die(PM_USAGE, "--crop: %g is not a whole number", o->crop.v[i]);
	for (int i = 0; i < n; i++)
		if (!strcmp(operand[i], "-") || volume_ending(operand[i], "pms"))
			die(PM_USAGE, "%s: --crop reads boxes of image files; a stream is cut by pymic-augment crop", operand[i]);
}

static void load(const struct options *o, struct plan *plan, struct dataset *d, int64_t cache)
{
	struct err e;
	struct step s;
	if (plan_init(plan, d, &e) != 0)
		die(PM_FAIL, "%s", e.msg);
	struct stream_field field[PM_MAX_FIELDS];
	int fields = 0;
	for (int i = 0; i < plan->lanes; i++)
		fields = dataset_fields(&d[i], field, fields);
	ostream_seed((uint64_t)o->seed);
	struct ostream *out = ostream_open(o->output, d[0].kind, field, fields, d[0].first ? source_head(d[0].first) : NULL);
	int64_t skipped = 0;
	while (skipped < o->skip && plan_next(plan, &s))
		skipped++;
	bool show = strcmp(o->output, "-") != 0; /* on stdout the next tool has more to tell */
	if (show)
		progress_start("cases", plan_total(plan) - skipped);
	ahead_run(plan, o, cache, out);
	if (show)
		progress_end();
	ostream_end(out);
	plan_fini(plan);
}

int main(int argc, char **argv)
{
	struct options o;
	struct plan plan;
	struct err e;
	char **operand;
	int64_t cache;
	int n = opt_parse(&tool, &o, argc, argv, &operand);
	if (n == 0)
		die(PM_USAGE, "no input: give a list of cases (.csv), a saved stream (.pms) or images; see --help");
	if (o.info && o.check)
		die(PM_USAGE, "--info and --check exclude each other");
	if (o.info || o.check)
		return info_run(operand, n, &o);
	if (parse_size(o.cache, &cache) != 0)
		die(PM_USAGE, "--cache %s: expected bytes, such as 500M or 4G", o.cache);
	if (plan_parse(&plan, &o, n, &e) != 0)
		die(PM_USAGE, "%s", e.msg);
	check_crop(&o, operand, n);
	if (passes_by(&o, operand, n)) {
		source_pass(operand[0], &o);
		return PM_OK;
	}
	int lists = plan.lanes;
	struct dataset *d = xcalloc((size_t)lists, sizeof(*d));
	for (int i = 0; i < lists; i++)
		dataset_init(&d[i], operand[i]);
	for (int i = 0; i < n; i++)
		if (dataset_add(o.mix[0] ? &d[i] : d, operand[i], &o, &e) != 0)
			die(volume_ending(operand[i], "pms") ? PM_INPUT : PM_FAIL, "%s", e.msg);
	for (int i = 0; i < lists; i++) {
		if (i > 0 && !o.all_labels)
			dataset_drop_labels(&d[i]);
		if (dataset_check(&d[i], &e) != 0 || (i > 0 && dataset_kind(&d[i], d[0].kind, d[i].name, &e) != 0))
			die(PM_FAIL, "%s", e.msg);
	}
	load(&o, &plan, d, cache);
	for (int i = 0; i < lists; i++)
		dataset_fini(&d[i]);
	free(d);
	return PM_OK;
}
