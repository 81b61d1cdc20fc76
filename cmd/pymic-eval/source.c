/* source.c: where the cases come from: a stream, a list of pairs, or two folders. */
#include "eval.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cases.h"

/* What is known of a case from lists and folders. */
struct entry {
	char id[PM_ID];
	char *truth, *pred; /* NULL: none */
	bool seen;          /* its prediction came by */
};

struct source {
	struct entry *entry;
	int64_t n, cap, at;
	struct istream *in; /* predictions come from here, or NULL */
	bool listed;        /* what is not among the entries is not asked for */
	int64_t extra;      /* predictions that nobody asked for */
};

static struct entry *add(struct source *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->entry = xresize(s->entry, (size_t)s->cap, sizeof *s->entry);
	}
	struct entry *e = &s->entry[s->n++];
	memset(e, 0, sizeof *e);
	return e;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->id, ((const struct entry *)b)->id);
}

static struct entry *find(const struct source *s, const char *id)
{
	struct entry key;
	snprintf(key.id, sizeof key.id, "%s", id);
	return s->n ? bsearch(&key, s->entry, (size_t)s->n, sizeof key, by_id) : NULL;
}

static void sort_entries(struct source *s, const char *where)
{
	if (s->n)
		qsort(s->entry, (size_t)s->n, sizeof *s->entry, by_id);
	for (int64_t i = 1; i < s->n; i++)
		if (!strcmp(s->entry[i - 1].id, s->entry[i].id))
			die(PM_FAIL, "%s: two cases are named '%s'", where, s->entry[i].id);
}

static void open_list(const char *path, struct csv *c)
{
	struct err e;
	if (csv_read(path, c, &e))
		die(PM_FAIL, "%s", e.msg);
	if (!c->rows)
		die(PM_FAIL, "%s: the list is empty: a header, but no case", path);
}

/* The labels of a list of cases, to be found by id. */
static void read_truth(struct source *s, const char *path, const char *label)
{
	struct csv c;
	struct case_columns k;
	struct err e;
	open_list(path, &c);
	if (case_columns(&c, label, &k, &e))
		die(PM_FAIL, "%s", e.msg);
	if (k.label < 0)
		die(PM_FAIL, "%s: has no column 'label': name it with --label", path);
	for (int row = 0; row < c.rows; row++) {
		struct entry *it = add(s);
		if (case_id(&c, &k, row, it->id, &e))
			die(PM_FAIL, "%s", e.msg);
		const char *cell = csv_cell(&c, row, k.label);
		it->truth = *cell ? csv_path(&c, cell) : NULL;
	}
	csv_free(&c);
	sort_entries(s, path);
}

/* Columns truth and pred; the order of the list is kept. */
static void read_pairs(struct source *s, const char *path)
{
	struct csv c;
	struct err e;
	open_list(path, &c);
	int truth = csv_column(&c, "truth"), pred = csv_column(&c, "pred");
	if (truth < 0 || pred < 0)
		die(PM_FAIL, "%s: has no column '%s': a list of pairs has the columns truth and pred", path,
			truth < 0 ? "truth" : "pred");
	for (int row = 0; row < c.rows; row++) {
		const char *t = csv_cell(&c, row, truth), *p = csv_cell(&c, row, pred);
		struct entry *it = add(s);
		if (!*t)
			die(PM_FAIL, "%s:%d: the cell 'truth' is blank", path, c.line[row]);
		if (case_id_of_path(*p ? p : t, it->id, &e))
			die(PM_FAIL, "%s:%d: %s", path, c.line[row], e.msg);
		it->truth = csv_path(&c, t);
		it->pred = *p ? csv_path(&c, p) : NULL;
		if (it->pred && access(it->pred, F_OK)) {
			free(it->pred);
			it->pred = NULL;
		}
	}
	csv_free(&c);
}

/* All images below a folder as entries with this path in `pred` or `truth`. */
static void read_folder(struct source *s, const char *folder, bool pred)
{
	struct err e;
	char *paths[] = { xstrdup(folder), NULL };
	FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	if (!walk)
		die(PM_FAIL, "%s: %s", folder, strerror(errno));
	for (FTSENT *f; (f = fts_read(walk));) {
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_DNR || f->fts_info == FTS_NS)
			die(PM_FAIL, "%s: %s", f->fts_path, strerror(f->fts_errno));
		if (f->fts_level == 0 && f->fts_info != FTS_D && f->fts_info != FTS_DP)
			die(PM_FAIL, "%s: is not a folder; --truth and --pred are two folders of images", folder);
		bool half = volume_ending(f->fts_path, "img"); /* its .hdr is read */
		if (f->fts_info != FTS_F || half || !format_of(f->fts_path))
			continue;
		struct entry *it = add(s);
		if (case_id_of_path(f->fts_path + strlen(folder), it->id, &e))
			die(PM_FAIL, "%s", e.msg);
		*(pred ? &it->pred : &it->truth) = xstrdup(f->fts_path);
	}
	fts_close(walk);
	free(paths[0]);
	if (!s->n)
		die(PM_FAIL, "%s: holds no images", folder);
	sort_entries(s, folder);
}

/* Images of the same name in two folders. */
static void read_folders(struct source *s, const char *truth, const char *pred)
{
	struct source other = { 0 };
	read_folder(s, truth, false);
	read_folder(&other, pred, true);
	for (int64_t i = 0; i < other.n; i++) {
		struct entry *it = find(s, other.entry[i].id);
		if (it) {
			it->pred = other.entry[i].pred;
			continue;
		}
		warning("%s: there is no truth of that name in %s", other.entry[i].pred, truth);
		free(other.entry[i].pred);
		s->extra++;
	}
	free(other.entry);
}

struct source *source_open(const struct options *o)
{
	struct source *s = xcalloc(1, sizeof *s);
	if (*o->pairs) {
		if (*o->truth || *o->pred)
			die(PM_USAGE, "--pairs names truth and predictions itself: leave out --truth and --pred");
		read_pairs(s, o->pairs);
	} else if (*o->pred) {
		if (!*o->truth)
			die(PM_USAGE, "--pred names the folder of predictions: say --truth FOLDER too");
		read_folders(s, o->truth, o->pred);
	} else {
		if (*o->truth)
			read_truth(s, o->truth, o->label);
		s->listed = *o->truth;
		s->in = istream_stdin("prediction|sample");
		if (!stream_has(istream_head(s->in), "pred"))
			die(PM_INPUT, "the stream has no field pred: predictions come from pymic-infer");
		if (!s->listed && !stream_has(istream_head(s->in), "label"))
			die(PM_INPUT, "the stream has no labels: say --truth LIST.csv");
	}
	return s;
}

int64_t source_total(const struct source *s)
{
	return s->in && !s->listed ? -1 : s->n;
}

static bool next_record(struct source *s, struct job *j)
{
	while (istream_read(s->in, &j->rec)) {
		struct entry *it = s->listed ? find(s, j->rec.id) : NULL;
		if (s->listed && (!it || !it->truth)) {
			warning("%s: predicted, but %s", j->rec.id,
				it ? "its truth is blank in the list" : "not in the list of truths");
			s->extra++;
			continue;
		}
		if (it && it->seen) {
			warning("%s: predicted again; the first time counts", it->id);
			continue;
		}
		if (it)
			it->seen = true;
		memcpy(j->id, j->rec.id, sizeof j->id);
		j->truth = it ? it->truth : NULL;
		j->pred = NULL;
		return true;
	}
	return false;
}

bool source_next(struct source *s, struct job *j)
{
	if (s->in)
		return next_record(s, j);
	while (s->at < s->n) {
		struct entry *it = &s->entry[s->at++];
		if (!it->pred)
			continue;
		it->seen = true;
		memcpy(j->id, it->id, sizeof j->id);
		j->truth = it->truth;
		j->pred = it->pred;
		return true;
	}
	return false;
}

void source_missing(const struct source *s, int64_t *missing, int64_t *extra)
{
	*missing = 0;
	*extra = s->extra;
	for (int64_t i = 0; i < s->n; i++)
		if (s->entry[i].truth && !s->entry[i].seen) {
			warning("%s: no prediction", s->entry[i].id);
			++*missing;
		}
}

void source_close(struct source *s)
{
	if (s->in)
		istream_close(s->in);
	for (int64_t i = 0; i < s->n; i++) {
		free(s->entry[i].truth);
		free(s->entry[i].pred);
	}
	free(s->entry);
	free(s);
}
