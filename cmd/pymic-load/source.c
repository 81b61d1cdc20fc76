/* source.c: saved streams as lists of cases. One pass finds where each record begins (and that the file is whole). */
#include "load.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct source {
	pthread_mutex_t lock;
	struct istream *in;
	struct source *next; /* of the dataset */
};

const struct stream_head *source_head(const struct source *s)
{
	return istream_head(s->in);
}

static int index_records(struct dataset *d, struct source *s, struct err *e)
{
	struct record r = { 0 };
	int got;
	for (;;) {
		int64_t at = istream_tell(s->in);
		if ((got = istream_next(s->in, &r, e)) <= 0)
			break;
		struct item *it = dataset_new(d);
		it->source = s;
		it->offset = at;
		it->id = xstrdup(r.id);
		d->labels |= record_peek(&r, "label") != NULL;
	}
	record_fini(&r);
	return got;
}

int source_index(struct dataset *d, const char *path, struct err *e)
{
	struct source *s = xcalloc(1, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	s->in = istream_open(path, e);
	if (!s->in) {
		free(s);
		return -1;
	}
	if (d->first) {
		s->next = d->first->next;
		d->first->next = s;
	} else
		d->first = s;
	if (istream_tell(s->in) < 0)
		return err_set(e, "%s: a pipe is read once: save the stream to a file first", path);
	return dataset_kind(d, source_head(s)->kind, path, e) || index_records(d, s, e) ? -1 : 0;
}

void sources_close(struct source *s)
{
	while (s) {
		struct source *next = s->next;
		istream_close(s->in);
		pthread_mutex_destroy(&s->lock);
		free(s);
		s = next;
	}
}

int source_read(struct source *s, int64_t offset, struct record *r, struct err *e)
{
	pthread_mutex_lock(&s->lock);
	int got = istream_seek(s->in, offset, e) ? -1 : istream_next(s->in, r, e);
	pthread_mutex_unlock(&s->lock);
	if (got == 0)
		return err_set(e, "the stream was changed while it was read");
	return got < 0 ? -1 : 0;
}

void source_pass(const char *path, const struct options *o)
{
	struct err e;
	struct istream *in = strcmp(path, "-") ? istream_open(path, &e) : istream_stdin("sample|batch|prediction");
	if (!in)
		die(PM_INPUT, "%s", e.msg);
	const struct stream_head *h = istream_head(in);
	struct ostream *out = ostream_open(o->output, h->kind, h->field, h->n, h);
	struct record r = { 0 };
	int64_t n = 0;
	while (istream_read(in, &r)) {
		if (case_check_labels(record_peek(&r, "label"), o, NULL, &e) != 0)
			die(PM_FAIL, "%s: %s", r.id, e.msg);
		if (n++ >= o->skip)
			ostream_put(out, &r);
	}
	ostream_end(out);
	record_fini(&r);
	istream_close(in);
}
