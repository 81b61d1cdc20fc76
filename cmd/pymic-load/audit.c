/*
 * audit.c: what should be known of a set before a training: is every file whole, do those of a case lie in one place, which
 * values do they hold, does an image come twice, in one list or in two of them (training and test: leakage).
 */
#include "load.h"
#include "io/check.h"
#include "transform/grid.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* An image that was seen: two of the same voxels are one. */
struct seen {
	uint64_t hash;
	char *path;
	const char *list;
};

/* What was found in a list. */
struct sums {
	int64_t files, bad, odd, twice, leaked, nan, labels;
	double lo, hi, spacing[2][3]; /* the least and the greatest */
	char units[sizeof(((struct geometry *)0)->units)];
	int64_t shape[2][3];
	struct label_values values; /* in all labels */
};

struct audit {
	const struct options *o;
	struct volume image, other; /* the first of a case, and the one looked at */
	const char *list;           /* the one that is read, or NULL */
	void *seen;                 /* a tree */
	struct sums sums;
	int64_t repeated;
};

struct audit *audit_new(const struct options *o)
{
	struct audit *a = xcalloc(1, sizeof(*a));
	a->o = o;
	return a;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = ((const struct seen *)a)->hash, y = ((const struct seen *)b)->hash;
	return (x > y) - (x < y);
}

/* FNV-1a of type, shape and voxels, eight bytes at a time. */
static uint64_t hash_of(const struct tensor *t)
{
	uint64_t h = 0xcbf29ce484222325 ^ t->dtype, word = 0;
	size_t bytes = 0;
	tensor_bytes(t, &bytes);
	for (int i = 0; i < 4; i++)
		h = (h ^ (uint64_t)t->dim[i]) * 0x100000001b3;
	for (size_t at = 0; at < bytes; at += sizeof(word)) {
		memcpy(&word, (const char *)t->data + at, bytes - at < sizeof(word) ? bytes - at : sizeof(word));
		h = (h ^ word) * 0x100000001b3;
		h ^= h >> 29;
	}
	return h;
}

/* -1 with e: these voxels were there before. */
static int check_seen(struct audit *a, const char *path, const struct tensor *t, struct err *e)
{
	struct seen *s = xcalloc(1, sizeof(*s));
	s->hash = hash_of(t);
	struct seen **there = tsearch(s, &a->seen, by_hash);
	if (!there)
		die(PM_FAIL, "out of memory");
	if (*there == s) {
		s->path = xstrdup(path);
		s->list = a->list;
		return 0;
	}
	free(s);
	bool leaked = a->list && (*there)->list && strcmp(a->list, (*there)->list);
	a->sums.twice += !leaked;
	a->sums.leaked += leaked;
	a->repeated++;
	return err_set(e, "the same voxels as %s%s%s%s", (*there)->path, leaked ? " of " : "", leaked ? (*there)->list : "",
		leaked ? ": leakage" : "");
}

/* Least and greatest of the numbers that are finite; returns how many are not. */
static int64_t range_of(const struct tensor *t, double *lo, double *hi)
{
	double part[4096];
	int64_t n = tensor_count(t), bad = 0;
	*lo = INFINITY;
	*hi = -INFINITY;
	for (int64_t at = 0; at < n; at += (int64_t)PM_COUNT(part)) {
		int64_t m = n - at < (int64_t)PM_COUNT(part) ? n - at : (int64_t)PM_COUNT(part);
		convert(part, PM_F64, (const char *)t->data + (size_t)at * dtype_size(t->dtype), t->dtype, m);
		for (int64_t i = 0; i < m; i++) {
			bad += !isfinite(part[i]);
			*lo = part[i] < *lo && isfinite(part[i]) ? part[i] : *lo;
			*hi = part[i] > *hi && isfinite(part[i]) ? part[i] : *hi;
		}
	}
	return bad;
}

static void add_values(struct label_values *sum, const struct label_values *s)
{
	for (int i = 0; i < s->n; i++) {
		int k = 0;
		while (k < sum->n && sum->v[k] != s->v[i])
			k++;
		if (k == LABEL_VALUES)
			continue;
		if (k == sum->n) {
			sum->v[sum->n++] = s->v[i];
			sum->count[k] = 0;
		}
		sum->count[k] += s->count[i];
	}
}

/* "0:1200 1:34", ascending; as many as there is room for. */
static void print_values(const struct label_values *s, char *out, size_t size)
{
	size_t n = 0;
	int64_t last = 0;
	out[0] = '\0';
	for (int done = 0; done < s->n && n + 48 < size; done++) {
		int next = -1;
		for (int i = 0; i < s->n; i++)
			if ((done == 0 || s->v[i] > last) && (next < 0 || s->v[i] < s->v[next]))
				next = i;
		last = s->v[next];
		n += (size_t)snprintf(out + n, size - n, "%s%lld:%lld", done ? " " : "", (long long)last, (long long)s->count[next]);
		if (n + 48 >= size && done + 1 < s->n)
			snprintf(out + n, size - n, " ...");
	}
}

/* An image in other units than those before it. */
static void compare_spacing(const struct sums *s, const struct geometry *g, struct err *odd)
{
	const double *mm = g->spacing, (*seen)[3] = s->spacing;
	bool other = strcmp(g->units, s->units) != 0;
	for (int i = 0; i < 3; i++)
		other |= mm[i] > 10 * seen[1][i] || mm[i] < seen[0][i] / 10;
	if (other)
		err_set(odd, "spacing %.4gx%.4gx%.4g %s, but the images before have %.4gx%.4gx%.4g to %.4gx%.4gx%.4g %s: in other units?",
			mm[0], mm[1], mm[2], g->units, seen[0][0], seen[0][1], seen[0][2], seen[1][0], seen[1][1], seen[1][2], s->units);
}

/* Adds a file that is whole to the sums and says what is in it, as the cells of the table, and what is odd about it. */
static void look(struct audit *a, const struct volume *v, const char *what, char *facts, size_t size, struct err *odd)
{
	struct sums *s = &a->sums;
	const int64_t *d = v->t.dim;
	const double *mm = v->geo.spacing;
	char values[512] = "", range[80] = "";
	double lo, hi;
	struct err ignored;
	int64_t nan = range_of(&v->t, &lo, &hi);
	if (lo <= hi)
		snprintf(range, sizeof(range), "%.9g..%.9g", lo, hi);
	if (lo == hi && strcmp(what, "weight"))
		err_set(odd, "all voxels are %.9g", lo);
	if (!strcmp(what, "label")) {
		struct label_values *all = xcalloc(1, sizeof(*all));
		if (label_values(&v->t, all, &ignored) == 0) {
			print_values(all, values, sizeof(values));
			add_values(&s->values, all);
		}
		free(all);
		s->labels++;
	} else if (!strcmp(what, "image")) {
		bool first = s->spacing[0][0] == 0;
		if (first)
			strcpy(s->units, v->geo.units);
		else if (a->list)
			compare_spacing(s, &v->geo, odd);
		s->lo = first ? lo : fmin(s->lo, lo);
		s->hi = first ? hi : fmax(s->hi, hi);
		for (int i = 0; i < 3; i++) {
			s->spacing[0][i] = first ? mm[i] : fmin(s->spacing[0][i], mm[i]);
			s->spacing[1][i] = first ? mm[i] : fmax(s->spacing[1][i], mm[i]);
			s->shape[0][i] = first || d[i + 1] < s->shape[0][i] ? d[i + 1] : s->shape[0][i];
			s->shape[1][i] = first || d[i + 1] > s->shape[1][i] ? d[i + 1] : s->shape[1][i];
		}
	}
	s->nan += nan > 0;
	snprintf(facts, size, "%lldx%lldx%lldx%lld\t%.6gx%.6gx%.6g %s\t%s\t%lld\t%s", (long long)d[0], (long long)d[1], (long long)d[2],
		(long long)d[3], mm[0], mm[1], mm[2], v->geo.units, range, (long long)nan, values);
}

/* One file of a case, whose first image is `image` (NULL: this is it). 0, or -1: it is bad. */
static int one(struct audit *a, const struct item *it, const char *path, const char *what, struct volume *v, const struct volume *image)
{
	char facts[1024];
	struct err e, odd = { "" };
	const struct reading reading = { it, a->o, NULL, &odd };
	size_t bytes = 0;
	int whole = case_open(&reading, path, what, v, &e) == 0, failed = !whole;
	if (whole) {
		look(a, v, what, facts, sizeof(facts), &odd);
		tensor_bytes(&v->t, &bytes);
		failed = case_check_values(v, path, what, a->o, &e) ||
			(image && case_check_place(v, path, image, it->image[it->first], a->o, &odd, &e)) ||
			(!strcmp(what, "label") && case_check_labels(&v->t, a->o, path, &e)) ||
			(!strcmp(what, "image") && check_seen(a, path, &v->t, &e));
	}
	struct check line = { .path = path, .kind = format_of(path) ? format_of(path)->p.name : "", .records = whole ? 1 : -1,
		.bytes = whole ? (int64_t)bytes : -1, .facts = whole ? facts : NULL, .odd = !failed,
		.message = failed ? e.msg : odd.msg[0] ? odd.msg : NULL };
	check_line(stdout, &line);
	a->sums.files++;
	a->sums.bad += failed;
	a->sums.odd += !failed && odd.msg[0];
	return failed ? -1 : 0;
}

int audit_image(struct audit *a, const char *path)
{
	char *image = (char *)path;
	return one(a, &(struct item){ .images = 1, .image = &image }, path, "image", &a->image, NULL);
}

static int one_case(struct audit *a, const struct item *it)
{
	int failed = one(a, it, it->image[it->first], "image", &a->image, NULL);
	const struct volume *image = a->image.whole[0] ? &a->image : NULL;
	for (int k = it->first + 1; k < it->images; k++)
		if (it->image[k])
			failed |= one(a, it, it->image[k], "image", &a->other, image);
	if (it->label)
		failed |= one(a, it, it->label, "label", &a->other, image);
	if (it->weight)
		failed |= one(a, it, it->weight, "weight", &a->other, image);
	return failed;
}

static void summary(const struct audit *a, const struct dataset *d)
{
	const struct sums *s = &a->sums;
	char values[512];
	note("%s: %lld cases, %lld files, %lld bad; %lld images come twice, %lld are in a list before, %lld files hold NaN, %lld are odd",
		d->name, (long long)d->n, (long long)s->files, (long long)s->bad, (long long)s->twice, (long long)s->leaked,
		(long long)s->nan, (long long)s->odd);
	if (s->spacing[0][0] > 0)
		note("%s: shapes %lldx%lldx%lld to %lldx%lldx%lld, spacing %.4gx%.4gx%.4g to %.4gx%.4gx%.4g, values %.6g to %.6g", d->name,
			(long long)s->shape[0][0], (long long)s->shape[0][1], (long long)s->shape[0][2], (long long)s->shape[1][0],
			(long long)s->shape[1][1], (long long)s->shape[1][2], s->spacing[0][0], s->spacing[0][1], s->spacing[0][2],
			s->spacing[1][0], s->spacing[1][1], s->spacing[1][2], s->lo, s->hi);
	print_values(&s->values, values, sizeof(values));
	if (s->labels)
		note("%s: %lld labels, voxels of each value: %s", d->name, (long long)s->labels, values);
}

int audit_list(struct audit *a, const char *path)
{
	struct dataset d;
	struct err e;
	dataset_init(&d, path);
	memset(&a->sums, 0, sizeof(a->sums));
	a->list = path;
	int unread = dataset_add(&d, path, a->o, &e), failed = unread || dataset_check_ids(&d, &e);
	if (failed)
		check_line(stdout, &(struct check){ .path = path, .kind = "list", .records = -1, .bytes = -1, .message = e.msg });
	for (int64_t i = 0; i < d.n && !unread; i++)
		failed |= one_case(a, &d.item[i]);
	if (a->sums.files)
		summary(a, &d);
	dataset_fini(&d);
	a->list = NULL;
	return failed;
}

static void forget(void *p)
{
	struct seen *s = p;
	free(s->path);
	free(s);
}

int audit_end(struct audit *a)
{
	int repeated = a->repeated > 0;
	volume_fini(&a->image);
	volume_fini(&a->other);
	tdestroy(a->seen, forget);
	free(a);
	return repeated;
}
