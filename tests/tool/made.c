/*
 * made.c: image files and lists for the tests, the same bytes every time.
 *   made balls FOLDER CASES D H W   bright and brighter balls on noise, with their labels: list.csv
 *   made shapes FOLDER CASES SIZE   pictures of a disc, a ring or a bar in noise: list.csv with classes 0, 1, 2
 *   made images FOLDER              small volumes of several types, pictures and lists, some of them odd
 *   made sparse FILE.h5 D H W       arrays image (i16) and label of 64^3 chunks, of which the first and the middle one are there
 *   made pairs FOLDER               cases a, b, c as truth/ and pred/ (moved/: elsewhere), list.csv, pairs.csv and the
 *                                   streams pred.pms, both.pms (with labels), bare.pms (no spacing), soft.pms (floats)
 */
#include <math.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/rng.h"
#include "io/outfile.h"
#include "io/stream.h"
#include "files.h"

static const double thick[3] = { 1.5, 1.5, 3 };

static void folder(const char *path)
{
	struct err e;
	if (make_folder(path, &e))
		die(PM_FAIL, "%s", e.msg);
}

static void enter(const char *path)
{
	folder(path);
	if (chdir(path))
		die(PM_FAIL, "cannot enter %s", path);
}

static void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text), "", 0);
}

/* A list: the header, then count rows made from row, in which each # is the number of the case. */
static void write_list(const char *path, const char *header, const char *row, int count)
{
	FILE *fp = fopen(path, "w");
	if (!fp)
		die(PM_FAIL, "cannot write %s", path);
	fprintf(fp, "%s\n", header);
	for (int i = 0; i < count; i++) {
		for (const char *c = row; *c; c++)
			if (*c == '#')
				fprintf(fp, "%d", i);
			else
				putc(*c, fp);
		putc('\n', fp);
	}
	if (fclose(fp))
		die(PM_FAIL, "cannot write %s", path);
}

static void balls(int cases, const int64_t size[3])
{
	const int64_t h = size[1], w = size[2], n = size[0] * h * w;
	int16_t *image = xcalloc((size_t)n, sizeof *image);
	uint8_t *label = xcalloc((size_t)n, 1);
	char name[64];

	for (int k = 0; k < cases; k++) {
		struct rng r;
		rng_init(&r, 5, "balls", 0, "", (uint32_t)k);
		const double cy = (double)h * rng_range(&r, 0.4, 0.6), cx = (double)w * rng_range(&r, 0.4, 0.6);
		const double radius = (double)(h < w ? h : w) * rng_range(&r, 0.25, 0.35);
		for (int64_t i = 0; i < n; i++) {
			const double far = hypot((double)(i / w % h) - cy, (double)(i % w) - cx);
			label[i] = (uint8_t)((far < radius) + (far < radius / 2));
			image[i] = (int16_t)(300 * label[i] + 200 + 40 * rng_normal(&r));
		}
		snprintf(name, sizeof name, "case_%d.nii.gz", k);
		write_nifti(name, size, CODE_I16, image, thick);
		snprintf(name, sizeof name, "case_%d_label.nii.gz", k);
		write_nifti(name, size, CODE_U8, label, thick);
	}
	write_list("list.csv", "image,label", "case_#.nii.gz,case_#_label.nii.gz", cases);
	free(image);
	free(label);
}

static void shapes(int cases, int size)
{
	uint8_t *image = xcalloc((size_t)(size * size), 1);
	char name[64], list[64 * 1024] = "id,image,class\n", *at = list + strlen(list);

	for (int k = 0; k < cases && at < list + sizeof list - sizeof name; k++) {
		struct rng r;
		rng_init(&r, 5, "shapes", 0, "", (uint32_t)k);
		const double cy = size * rng_range(&r, 0.35, 0.65), cx = size * rng_range(&r, 0.35, 0.65), radius = size * rng_range(&r, 0.2, 0.3);
		for (int i = 0; i < size * size; i++) {
			const double y = i / size - cy, x = i % size - cx, far = hypot(y, x);
			const bool in = k % 3 == 2 ? fabs(x) < radius && fabs(y) < radius / 2 : far < radius && (k % 3 == 0 || far > radius / 2);
			image[i] = (uint8_t)fmin(255, fmax(0, 60 + 100 * in + 30 * rng_normal(&r)));
		}
		snprintf(name, sizeof name, "case_%d.png", k);
		write_png(name, size, size, 1, image);
		at += sprintf(at, "case_%d,%s,%d\n", k, name, k % 3);
	}
	write_text("list.csv", list);
	free(image);
}

enum { VOXELS = 40 };
static const int64_t box_size[3] = { 2, 4, 5 };

static void volumes(struct rng *r)
{
	char name[64];

	for (int k = 0; k < 7; k++) {
		int16_t image[VOXELS];
		uint8_t other[VOXELS], label[VOXELS];
		for (int i = 0; i < VOXELS; i++) {
			image[i] = (int16_t)rng_int(r, 0, 999);
			other[i] = (uint8_t)(image[i] / 4);
			label[i] = (uint8_t)rng_int(r, 0, 3);
		}
		snprintf(name, sizeof name, "v%d.nii.gz", k);
		write_nifti(name, box_size, CODE_I16, image, thick);
		snprintf(name, sizeof name, "v%d_t2.nii.gz", k);
		write_nifti(name, box_size, CODE_U8, other, thick);
		snprintf(name, sizeof name, "sub/v%d_gt.nii.gz", k);
		write_nifti(name, box_size, CODE_U8, label, thick);
	}
}

/* Volumes in which something is odd: types of labels, shapes, places, NaN. */
static void odd_volumes(struct rng *r)
{
	const uint8_t five[VOXELS] = { 5, 5, 5 };
	uint8_t grid[VOXELS], small[30];
	float whole[VOXELS], half[VOXELS], spoilt[VOXELS];
	double wide[VOXELS];

	for (int i = 0; i < VOXELS; i++) {
		grid[i] = (uint8_t)rng_int(r, 0, 199);
		whole[i] = (float)(grid[i] % 3);
		half[i] = whole[i] + 0.5f;
		wide[i] = grid[i] > 150 ? 300 : 0;
		spoilt[i] = grid[i];
	}
	spoilt[(1 * 4 + 2) * 5 + 3] = NAN;
	spoilt[(1 * 4 + 3) * 5 + 4] = INFINITY;
	for (int i = 0; i < 30; i++)
		small[i] = grid[i / 15 * 20 + i % 15];
	write_plain("grid.nii", box_size, CODE_U8, grid);
	write_plain("float.nii", box_size, CODE_F32, whole);
	write_plain("half.nii", box_size, CODE_F32, half);
	write_plain("wide.nii", box_size, CODE_F64, wide);
	write_plain("nan.nii", box_size, CODE_F32, spoilt);
	write_plain("small.nii", (int64_t[3]){ 2, 3, 5 }, CODE_U8, small);
	write_plain("five.nii", box_size, CODE_U8, five);
	write_moved("here.nii", box_size, CODE_U8, grid, 0);
	write_moved("near.nii", box_size, CODE_U8, five, 1e-5);
	write_moved("off.nii", box_size, CODE_U8, five, 0.05);
	write_moved("far.nii", box_size, CODE_U8, five, 2);
}

static void pictures(struct rng *r)
{
	uint8_t image[54], label[54], colour[3 * 54];
	char name[64];

	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < 54; i++) {
			image[i] = (uint8_t)rng_int(r, 0, 254);
			label[i] = (uint8_t)rng_int(r, 0, 1);
		}
		snprintf(name, sizeof name, "p%d.png", k);
		write_png(name, 6, 9, 1, image);
		snprintf(name, sizeof name, "p%d_gt.png", k);
		write_png(name, 6, 9, 1, label);
	}
	for (int i = 0; i < 3 * 54; i++)
		colour[i] = (uint8_t)rng_int(r, 0, 254);
	write_png("rgb.png", 6, 9, 3, colour);
}

static void images(void)
{
	struct rng r;

	rng_init(&r, 3, "images", 0, "", 0);
	folder("sub");
	volumes(&r);
	odd_volumes(&r);
	pictures(&r);
	write_list("list.csv", "image,label", "v#.nii.gz,sub/v#_gt.nii.gz", 7);
	write_list("three.csv", "image,label", "v#.nii.gz,sub/v#_gt.nii.gz", 3);
	write_list("flat.csv", "image,label", "p#.png,p#_gt.png", 3);
	write_text("bare.csv", "path\nv5.nii.gz\nv6.nii.gz\n./v4.nii.gz\n../data/v3.nii.gz\nv2.nii.gz\n");
	write_text("two.csv", "id,image_t1,image_t2,label,pixel_weight\n"
		"first,v0.nii.gz,v0_t2.nii.gz,sub/v0_gt.nii.gz,v1_t2.nii.gz\nsecond,v1.nii.gz,v1_t2.nii.gz,,\n");
}

static void sparse(const char *path, const hsize_t size[3])
{
	const hsize_t chunk[3] = { 64, 64, 64 };
	static int16_t one[64 * 64 * 64];
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), how = H5Pcreate(H5P_DATASET_CREATE);
	hid_t space = H5Screate_simple(3, size, NULL), memory = H5Screate_simple(3, chunk, NULL);

	for (size_t i = 0; i < PM_COUNT(one); i++)
		one[i] = (int16_t)(i % 7);
	H5Pset_chunk(how, 3, chunk);
	for (int label = 0; label <= 1; label++) {
		hid_t set = H5Dcreate2(file, label ? "label" : "image", label ? H5T_STD_U8LE : H5T_STD_I16LE, space, H5P_DEFAULT, how, H5P_DEFAULT);
		for (int middle = 0; middle <= 1; middle++) {
			hsize_t from[3];
			for (int a = 0; a < 3; a++)
				from[a] = middle ? size[a] / 128 * 64 : 0;
			H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, chunk, NULL);
			if (set < 0 || H5Dwrite(set, H5T_NATIVE_INT16, memory, space, H5P_DEFAULT, one) < 0)
				die(PM_FAIL, "cannot write %s", path);
		}
		H5Dclose(set);
	}
	H5Sclose(space);
	H5Sclose(memory);
	H5Pclose(how);
	if (H5Fclose(file) < 0)
		die(PM_FAIL, "cannot write %s", path);
}

/* a: two boxes that overlap, and a stray voxel; label 2 nowhere. b: 1 missed, 2 right. c: 1 invented, 2 moved. */
enum { TRUTH, PRED, CASES = 3, PAIR_VOXELS = 6 * 16 * 16 };
static const struct box {
	int of, number;
	uint8_t value;
	int lo[3], hi[3];
} boxes[] = {
	{ PRED, 0, 1, { 1, 3, 4 }, { 5, 10, 12 } }, { PRED, 0, 1, { 0, 0, 0 }, { 1, 1, 1 } },
	{ TRUTH, 0, 1, { 1, 4, 4 }, { 4, 11, 13 } },
	{ TRUTH, 1, 1, { 0, 0, 0 }, { 1, 3, 3 } },
	{ TRUTH, 1, 2, { 2, 5, 5 }, { 4, 9, 9 } }, { PRED, 1, 2, { 2, 5, 5 }, { 4, 9, 9 } },
	{ PRED, 2, 1, { 5, 15, 15 }, { 6, 16, 16 } },
	{ TRUTH, 2, 2, { 1, 5, 5 }, { 3, 9, 9 } }, { PRED, 2, 2, { 2, 5, 5 }, { 4, 9, 9 } },
};
static const int64_t pair_size[3] = { 6, 16, 16 };
static uint8_t pair[2][CASES][PAIR_VOXELS];

static void draw_pairs(void)
{
	for (size_t k = 0; k < PM_COUNT(boxes); k++) {
		const struct box *b = &boxes[k];
		for (int z = b->lo[0]; z < b->hi[0]; z++)
			for (int y = b->lo[1]; y < b->hi[1]; y++)
				for (int x = b->lo[2]; x < b->hi[2]; x++)
					pair[b->of][b->number][(z * 16 + y) * 16 + x] = b->value;
	}
}

/* As a stream of predictions; soft: floats, those of case b a quarter. */
static void pair_stream(const char *path, bool placed, bool labeled, bool soft)
{
	const enum dtype type = soft ? PM_F32 : PM_U8;
	const struct stream_field field[2] = { { "pred", (int)type, 3 }, { "label", PM_U8, 3 } };
	const double spacing[3] = { 3, 1, 0.5 }, affine[16] = { 0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1 };
	struct ostream *s = ostream_open(path, "prediction", field, labeled ? 2 : 1, NULL);
	struct record r = { .n = 0 };

	for (int k = 0; k < CASES; k++) {
		record_clear(&r);
		snprintf(r.id, sizeof r.id, "%c", 'a' + k);
		struct tensor *t = record_put(&r, "pred", type, 3, pair_size);
		for (int i = 0; i < PAIR_VOXELS; i++)
			tensor_set(t, i, pair[PRED][k][i] / (soft && k == 1 ? 4.0 : 1.0));
		if (labeled)
			memcpy(record_put(&r, "label", PM_U8, 3, pair_size)->data, pair[TRUTH][k], PAIR_VOXELS);
		if (placed) {
			meta_set_numbers(&r.meta, "spacing", spacing, 3);
			meta_set_numbers(&r.meta, "affine", affine, 16);
			meta_set_text(&r.meta, "units", "mm");
			meta_set_number(&r.meta, "dims", 3);
		}
		ostream_put(s, &r);
	}
	ostream_end(s);
	record_fini(&r);
}

static void pairs(void)
{
	const double spacing[3] = { 0.5, 1, 3 }, ones[3] = { 1, 1, 1 };
	char name[64];

	draw_pairs();
	folder("truth");
	folder("pred");
	folder("moved");
	for (int k = 0; k < CASES; k++) {
		snprintf(name, sizeof name, "truth/%c.nii.gz", 'a' + k);
		write_nifti(name, pair_size, CODE_U8, pair[TRUTH][k], spacing);
		snprintf(name, sizeof name, "pred/%c.nii.gz", 'a' + k);
		write_nifti(name, pair_size, CODE_U8, pair[PRED][k], spacing);
		snprintf(name, sizeof name, "moved/%c.nii.gz", 'a' + k);
		write_nifti(name, pair_size, CODE_U8, pair[PRED][k], ones);
	}
	write_text("list.csv", "image,label\na.nii.gz,truth/a.nii.gz\nb.nii.gz,truth/b.nii.gz\nc.nii.gz,truth/c.nii.gz\n");
	write_text("pairs.csv",
		"pred,truth\npred/a.nii.gz,truth/a.nii.gz\npred/b.nii.gz,truth/b.nii.gz\npred/c.nii.gz,truth/c.nii.gz\n");
	pair_stream("pred.pms", false, false, false);
	pair_stream("both.pms", true, true, false);
	pair_stream("bare.pms", false, true, false);
	pair_stream("soft.pms", true, true, true);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	pm_tool = "made";
	if (!strcmp(what, "balls") && argc == 7) {
		enter(argv[2]);
		balls(atoi(argv[3]), (int64_t[3]){ atoi(argv[4]), atoi(argv[5]), atoi(argv[6]) });
	} else if (!strcmp(what, "shapes") && argc == 5) {
		enter(argv[2]);
		shapes(atoi(argv[3]), atoi(argv[4]));
	} else if (!strcmp(what, "sparse") && argc == 6) {
		sparse(argv[2], (hsize_t[3]){ (hsize_t)atoi(argv[3]), (hsize_t)atoi(argv[4]), (hsize_t)atoi(argv[5]) });
	} else if (!strcmp(what, "images") && argc == 3) {
		enter(argv[2]);
		images();
	} else if (!strcmp(what, "pairs") && argc == 3) {
		enter(argv[2]);
		pairs();
	} else {
		die(PM_USAGE, "made balls FOLDER CASES D H W | shapes FOLDER CASES SIZE | images FOLDER | sparse FILE.h5 D H W | pairs FOLDER");
	}
	return 0;
}
