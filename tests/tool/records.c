/*
 * records.c: what is in streams, for the tests. The first print; the others end with 1 and say what is not so.
 *   records digest FILE         a line per record: id, epoch, a digest of its fields and meta
 *   records seen FILE           a line per record: id, dtype, shape and checksum of the image, units, spacing, affine
 *   records fields FILE         a line per record and field: id, name, dtype, shape
 *   records values FILE FIELD   of the first record: the shape, then a line per row
 *   records at FILE FIELD I     of the first record: the element of that number
 *   records all FILE FIELD      its elements, a line each, through all records
 *   records where FILE FIELD    the numbers of its elements that are not 0, counted on from record to record
 *   records grey FILE           of the first image, the share of pixels whose three channels are equal, in percent
 *   records batches FILE        a line per batch: ids, groups, samples in image : label : weight; image I must hold I
 *   records same A B            image, label, spacing, affine and nifti of each record are the same, B has no undo
 *   records grid A SAMPLES      shape, id, affine and spacing are those of the samples, A has no undo
 *   records prob A              probabilities sum to 1 and pred is their first maximum
 *   records equal A B [TOL]     pred is equal; with TOL instead: prob differs by at most TOL
 *   records flipped A B TOL     prob of B is that of A mirrored along W
 *   records one A all|each      the union of all classes, or each class, has not more than one component
 *   records names A NAMES       the names of the fields, in the head and in each record, joined by commas
 *   records noise A B LOG       LOG tells the truth about labels A that became B; prints: records, chosen, kinds
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <zlib.h>

#include "tensor/pack.h"
#include "tool.h"

static struct record a, b; /* of the first and of the second stream */
static const struct stream_head *head; /* of the first */
static char **word;                     /* what follows the names of the streams */

/* FNV-1a. */
static uint64_t hash(uint64_t h, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)data)[i]) * 0x100000001b3;
	return h;
}

static void digest(void)
{
	uint64_t h = hash(0xcbf29ce484222325, a.meta.buf, a.meta.len);

	for (int i = 0; i < a.n; i++) {
		const struct tensor *t = &a.f[i].t;
		size_t bytes;
		check(!tensor_bytes(t, &bytes), "%s: shape", a.id);
		h = hash(h, a.f[i].name, strlen(a.f[i].name) + 1);
		h = hash(h, &t->dtype, sizeof t->dtype);
		h = hash(h, t->dim, (size_t)t->rank * sizeof *t->dim);
		h = hash(h, t->data, bytes);
	}
	printf("%s %" PRId64 " %016" PRIx64 "\n", a.id, a.epoch, h);
}

static void seen(void)
{
	const struct tensor *t = field(&a, "image");
	double v[16] = { 0 };
	char units[8] = "";
	size_t bytes;
	check(!tensor_bytes(t, &bytes), "%s: shape", a.id);
	printf("%s %s %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64 " %08lx", a.id, dtype_name(t->dtype), t->dim[0], t->dim[1], t->dim[2],
		t->dim[3], crc32(0, t->data, (unsigned)bytes));
	meta_text(&a.meta, "units", units, sizeof units);
	meta_numbers(&a.meta, "spacing", v, 3);
	printf(" %s %.5g %.5g %.5g", units, v[0], v[1], v[2]);
	meta_numbers(&a.meta, "affine", v, 16);
	for (int i = 0; i < 12; i++)
		printf(" %.5g", fabs(v[i]) < 1e-6 ? 0 : v[i]);
	putchar('\n');
}

static void shape(const struct tensor *t)
{
	for (int i = 0; i < t->rank; i++)
		printf("%s%" PRId64, i ? " " : "", t->dim[i]);
	putchar('\n');
}

static void fields(void)
{
	for (int i = 0; i < a.n; i++) {
		printf("%s %s %s ", a.id, a.f[i].name, dtype_name(a.f[i].t.dtype));
		shape(&a.f[i].t);
	}
}

static void values(void)
{
	const struct tensor *t = field(&a, word[0]);

	shape(t);
	for (int64_t i = 0; i < tensor_count(t); i++)
		printf("%.9g%c", tensor_at(t, i), (i + 1) % width(t) ? ' ' : '\n');
}

static void at(void)
{
	printf("%.9g\n", tensor_at(field(&a, word[0]), atoll(word[1])));
}

static void where(void)
{
	static int64_t before;
	const struct tensor *t = record_peek(&a, word[0]);

	for (int64_t i = 0; t && i < tensor_count(t); i++)
		if (tensor_at(t, i) != 0)
			printf("%" PRId64 "\n", before + i);
	before += t ? tensor_count(t) : 0;
}

static void all(void)
{
	const struct tensor *t = record_peek(&a, word[0]);

	for (int64_t i = 0; t && i < tensor_count(t); i++)
		printf("%.9g\n", tensor_at(t, i));
}

static void grey(void)
{
	const struct tensor *t = field(&a, "image");
	const int64_t n = tensor_count(t) / 3;
	int64_t same = 0;

	check(t->dim[0] == 3, "%s: no colours", a.id);
	for (int64_t i = 0; i < n; i++)
		same += tensor_at(t, i) == tensor_at(t, n + i) && tensor_at(t, i) == tensor_at(t, 2 * n + i);
	printf("%" PRId64 "\n", 100 * same / n);
}

static int64_t samples(const char *name)
{
	const struct tensor *t = record_peek(&a, name);
	return t ? t->dim[0] : 0;
}

static void batch(void)
{
	static char ids[1 << 16];
	const struct tensor *t = field(&a, "image");
	const int64_t each = tensor_count(t) / t->dim[0];
	double groups[2];
	int64_t k = 0;
	char *save = NULL;

	check(!strcmp(head->kind, "batch"), "not of batches");
	check(t->dtype == PM_F32 && !meta_text(&a.meta, "ids", ids, sizeof ids), "no batch");
	check(meta_numbers(&a.meta, "groups", groups, 2) == 2, "no groups");
	for (char *id = strtok_r(ids, "\n", &save); id; id = strtok_r(NULL, "\n", &save), k++) {
		check(k < t->dim[0], "more ids than images");
		for (int64_t i = 0; i < each; i++)
			check(tensor_at(t, k * each + i) == atof(id + strspn(id, "abc")), "%s: image is another one's", id);
		printf("%s%s", k ? "," : "", id);
	}
	check(k == t->dim[0], "%" PRId64 " ids, %" PRId64 " images", k, t->dim[0]);
	printf(" %g:%g %" PRId64 ":%" PRId64 ":%" PRId64 "\n", groups[0], groups[1], samples("image"), samples("label"),
		samples("weight"));
}

/* Whether a value of the metas is the same, byte for byte, or in none of them. */
static bool same_meta(const char *key)
{
	struct pack_pair p = { 0 }, q = { 0 };
	const bool in_a = a.meta.len && pack_find(a.meta.buf, key, &p), in_b = b.meta.len && pack_find(b.meta.buf, key, &q);

	return in_a == in_b && p.end - p.value == q.end - q.value &&
		!memcmp(a.meta.buf + p.value, b.meta.buf + q.value, p.end - p.value);
}

/* What of the geometry of b is not that of a. */
static void same_place(const char *const *key)
{
	for (; *key; key++)
		check(same_meta(*key), "%s: %s", b.id, *key);
}

static void nothing_to_undo(struct record *r)
{
	char name[PM_NAME];
	double v[64];
	check(meta_pop_undo(&r->meta, name, sizeof name, v, 64) < 0, "%s: %s is still to be undone", r->id, name);
}

static void same_shape(const struct tensor *s, const struct tensor *t)
{
	check(s->rank == t->rank && !memcmp(s->dim, t->dim, (size_t)s->rank * sizeof *s->dim), "%s: shape", a.id);
}

static bool same_data(const struct tensor *s, const struct tensor *t)
{
	size_t bytes;
	same_shape(s, t);
	return s->dtype == t->dtype && !tensor_bytes(s, &bytes) && !memcmp(s->data, t->data, bytes);
}

static void same(void)
{
	static const char *const key[] = { "spacing", "affine", "nifti", "units", NULL };
	static const char *const name[] = { "image", "label" };

	check(a.epoch == b.epoch, "%s: epoch", a.id);
	same_place(key);
	nothing_to_undo(&b);
	for (size_t i = 0; i < PM_COUNT(name); i++)
		check(same_data(field(&a, name[i]), field(&b, name[i])), "%s: %s", a.id, name[i]);
}

static void grid(void)
{
	static const char *const key[] = { "affine", "spacing", "source", "units", NULL };
	const struct tensor *pred = field(&a, "pred"), *image = field(&b, "image");

	check(pred->rank == 3 && !memcmp(pred->dim, image->dim + 1, 3 * sizeof *pred->dim), "%s: shape", a.id);
	same_place(key);
	nothing_to_undo(&a);
}

static void prob(void)
{
	const struct tensor *p = field(&a, "prob"), *y = field(&a, "pred");
	const int64_t classes = p->dim[0], n = tensor_count(y);

	check(y->dtype == PM_U8 && tensor_count(p) == classes * n, "%s: pred", a.id);
	for (int64_t i = 0; i < n; i++) {
		double sum = 0;
		int64_t best = 0;
		for (int64_t c = 0; c < classes; c++) {
			sum += tensor_at(p, c * n + i);
			if (tensor_at(p, c * n + i) > tensor_at(p, best * n + i))
				best = c;
		}
		check(fabs(sum - 1) < 1e-5, "%s: probabilities sum to %g", a.id, sum);
		check((double)best == tensor_at(y, i), "%s: pred is not the maximum", a.id);
	}
}

static void near(double tolerance, bool mirrored)
{
	const struct tensor *p = field(&a, "prob"), *q = field(&b, "prob");
	const int64_t w = width(p);
	double most = 0;
	same_shape(p, q);
	for (int64_t i = 0; i < tensor_count(p); i++) {
		const double d = fabs(tensor_at(p, mirrored ? i - i % w + w - 1 - i % w : i) - tensor_at(q, i));
		check(!isnan(d), "%s: NaN", a.id);
		most = fmax(most, d);
	}
	check(most <= tolerance, "%s: prob differs by %g", a.id, most);
}

static void equal(void)
{
	if (word[0])
		near(atof(word[0]), false);
	else
		check(same_data(field(&a, "pred"), field(&b, "pred")), "%s: pred", a.id);
}

static void flipped(void)
{
	near(atof(word[0]), true);
}

/* Empties the component of mask that voxel i belongs to. */
static void wipe(uint8_t *mask, const struct tensor *t, int64_t i)
{
	int64_t stride = 1;

	mask[i] = 0;
	for (int axis = t->rank - 1; axis >= 0; stride *= t->dim[axis--]) {
		const int64_t at = i / stride % t->dim[axis];
		if (at > 0 && mask[i - stride])
			wipe(mask, t, i - stride);
		if (at + 1 < t->dim[axis] && mask[i + stride])
			wipe(mask, t, i + stride);
	}
}

/* of: one class, or 0 for their union. */
static void one_component(int of)
{
	const struct tensor *t = field(&a, "pred");
	const int64_t n = tensor_count(t);
	uint8_t *mask = xcalloc((size_t)n, 1);
	int count = 0;

	for (int64_t i = 0; i < n; i++)
		mask[i] = of ? (int)tensor_at(t, i) == of : tensor_at(t, i) > 0;
	for (int64_t i = 0; i < n; i++)
		if (mask[i]) {
			wipe(mask, t, i);
			count++;
		}
	free(mask);
	check(count <= 1, "%s: %d components", a.id, count);
}

static void one(void)
{
	const bool all = !strcmp(word[0], "all");

	for (int c = all ? 0 : 1; c < (all ? 1 : 256); c++)
		one_component(c);
}

static void names(void)
{
	char *copy = xstrdup(word[0]), *save = NULL;
	int n = 0;

	for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save), n++)
		check(stream_has(head, name) && record_peek(&a, name), "%s: no %s", a.id, name);
	check(head->n == n && a.n == n, "%s: %d fields, the head has %d", a.id, a.n, head->n);
	free(copy);
}

static const char *const kinds[] = { "dilate", "erode", "edge" };
static int64_t chosen, of_kind[PM_COUNT(kinds)];

static void noised(char **cell)
{
	int64_t before = 0, after = 0, changed = 0;
	double lo, hi;
	char kind[16], numbers[64];
	const struct tensor *x = field(&a, "label"), *y = field(&b, "label");

	check(!meta_text(&b.meta, "noise", kind, sizeof kind) && !strcmp(kind, cell[2]), "%s: is of another kind", b.id);
	const int ranged = sscanf(cell[3], "%lf-%lf", &lo, &hi);
	check(ranged >= 1 && lo >= 6 && lo <= 12 && (ranged == 1 || (hi >= 6 && hi <= 12)), "%s: radius %s", b.id, cell[3]);
	same_shape(x, y);
	for (int64_t i = 0; i < tensor_count(x); i++) {
		const double was = tensor_at(x, i), is = tensor_at(y, i);
		before += was > 0;
		after += is > 0;
		changed += was != is;
		check(strcmp(kind, "dilate") || is >= was, "%s: dilation took voxels away", b.id);
		check(strcmp(kind, "erode") || is <= was, "%s: erosion added voxels", b.id);
	}
	snprintf(numbers, sizeof numbers, "%" PRId64 " %" PRId64 " %" PRId64, before, after, changed);
	char *said = xprintf("%s %s %s", cell[4], cell[5], cell[6]);
	check(!strcmp(said, numbers), "%s: the table says %s, it is %s", b.id, said, numbers);
	free(said);
	for (size_t i = 0; i < PM_COUNT(kinds); i++)
		of_kind[i] += !strcmp(kinds[i], kind);
	chosen++;
}

enum { COLUMNS = 7 };
static FILE *told; /* the table of the noise */

/* A row of the table; false at its end. */
static bool row(char *line, char *cell[COLUMNS])
{
	if (!fgets(line, 512, told))
		return false;
	line[strcspn(line, "\n")] = 0;
	for (int i = 0; i < COLUMNS; i++)
		check((cell[i] = strsep(&line, "\t")), "%s: a row of %d cells", cell[0], i);
	check(!line, "%s: a row of more cells", cell[0]);
	return true;
}

static void log_begin(const char *path)
{
	static const char header[] = "id\tchosen\tkind\tradius\tbefore\tafter\tchanged\n";
	char line[512];

	told = fopen(path, "r");
	check(told && fgets(line, sizeof line, told) && !strcmp(line, header), "%s: header", path);
}

static void log_end(int64_t records)
{
	check(getc(told) == EOF, "rows behind the last record");
	fclose(told);
	printf("%" PRId64 " %" PRId64, records, chosen);
	for (size_t i = 0; i < PM_COUNT(kinds); i++)
		printf(" %" PRId64, of_kind[i]);
	putchar('\n');
}

static void noise(void)
{
	char line[512], *cell[COLUMNS];
	struct tensor *x = record_get(&a, "label");

	if (!told)
		log_begin(word[0]);
	check(row(line, cell) && !strcmp(cell[0], a.id) && !strcmp(a.id, b.id), "%s: no row, or another's", a.id);
	check(same_data(field(&a, "image"), field(&b, "image")), "%s: image", a.id);
	if (!strcmp(cell[1], "1")) {
		noised(cell);
		return;
	}
	check(!strcmp(cell[1], "0"), "%s: chosen: %s", a.id, cell[1]);
	for (int i = 2; i < COLUMNS; i++)
		check(!*cell[i], "%s: cell %d is not blank", a.id, i);
	check(!x || same_data(x, field(&b, "label")), "%s: label", a.id);
	check(meta_text(&b.meta, "noise", line, sizeof line), "%s: noise in its meta", b.id);
}

static const struct look {
	const char *name;
	int streams, words;  /* words: how many must follow the streams */
	bool first, empty;   /* only the first record counts; there may be no records */
	void (*look)(void);
} looks[] = {
	{ "seen", 1, 0, false, true, seen }, { "digest", 1, 0, false, true, digest }, { "fields", 1, 0, false, true, fields },
	{ "values", 1, 1, true, false, values }, { "at", 1, 2, true, false, at },
	{ "all", 1, 1, false, false, all }, { "where", 1, 1, false, false, where }, { "grey", 1, 0, true, false, grey },
	{ "batches", 1, 0, false, false, batch },
	{ "same", 2, 0, false, false, same }, { "grid", 2, 0, false, false, grid }, { "prob", 1, 0, false, false, prob },
	{ "equal", 2, 0, false, false, equal }, { "flipped", 2, 1, false, false, flipped },
	{ "one", 1, 1, false, false, one }, { "names", 1, 1, false, false, names }, { "noise", 2, 1, false, false, noise },
};

static const struct look *chosen_look(int argc, char **argv)
{
	for (size_t i = 0; i < PM_COUNT(looks); i++)
		if (argc > 1 && !strcmp(argv[1], looks[i].name) && argc >= 2 + looks[i].streams + looks[i].words)
			return &looks[i];
	die(PM_USAGE, "records WHAT FILE..., see the head of records.c");
}

int main(int argc, char **argv)
{
	int64_t n = 0;

	pm_tool = "records";
	const struct look *l = chosen_look(argc, argv);
	const bool paired = l->streams == 2;
	struct istream *in = opened(argv[2]), *other = paired ? opened(argv[3]) : NULL;
	head = istream_head(in);
	word = argv + 2 + l->streams;
	for (; !(l->first && n) && istream_read(in, &a); n++) {
		if (paired)
			check(istream_read(other, &b) && !strcmp(a.id, b.id), "%s: the other stream has another one", a.id);
		l->look();
	}
	check(n || l->empty, "no records");
	check(!paired || !istream_read(other, &b), "the other stream has more records");
	if (told)
		log_end(n);
	istream_close(in);
	if (other)
		istream_close(other);
	record_fini(&a);
	record_fini(&b);
	close_stdout();
	return 0;
}
