/*
 * ahead.c: threads read cases ahead, the main thread writes them in the order of the plan: the bytes are the same for any
 * number of threads. Cases stay in memory while the cache has room; which ones does not matter, as every epoch needs each.
 */
#include "load.h"
#include "base/progress.h"
#include "io/pool.h"

#include <stdlib.h>
#include <string.h>

struct ahead {
	const struct options *o;
	struct plan *plan;
	struct ostream *out;
	struct scratch *scratch; /* of each thread */
	int64_t room;            /* left in the cache, bytes */
	int64_t written;         /* records */
	int dims;                /* of the first one */
	char first[PM_ID];
};

static bool fetch(struct job *j, void *arg)
{
	struct ahead *p = arg;
	struct step s;
	if (!plan_next(p->plan, &s))
		return false;
	j->what = s.item;
	j->ready = s.item->cached != NULL;
	j->r.epoch = s.epoch;
	return true;
}

static int work(struct job *j, void *arg)
{
	struct ahead *p = arg;
	struct err warn;
	int64_t epoch = j->r.epoch;
	int failed = case_read(j->what, p->o, &p->scratch[j->worker], &j->r, &warn, &j->e);
	j->r.epoch = epoch;
	if (!failed)
		j->e = warn;
	return failed;
}

static int64_t record_size(const struct record *r)
{
	int64_t n = (int64_t)sizeof(*r) + (int64_t)r->meta.cap;
	for (int i = 0; i < PM_MAX_FIELDS; i++)
		n += (int64_t)r->f[i].cap;
	return n;
}

/* Moves the record that was read into the cache, where there is room. */
static void keep(struct ahead *p, struct item *it, struct record *r)
{
	int64_t size = record_size(r);
	if (size > p->room)
		return;
	p->room -= size;
	it->cached = xmalloc(sizeof(*it->cached));
	*it->cached = *r;
	memset(r, 0, sizeof(*r));
}

static void check_dims(struct ahead *p, const struct record *r)
{
	int dims = meta_number(&r->meta, "dims", 3) == 2 ? 2 : 3;
	if (p->written == 0) {
		p->dims = dims;
		snprintf(p->first, sizeof(p->first), "%s", r->id);
	} else if (dims != p->dims)
		die(PM_FAIL, "%s: is %d-D, but %s is %d-D: one list holds one kind; --dims 2 or --dims 3 reads all as one", r->id,
			dims, p->first, p->dims);
}

static void finish(struct job *j, void *arg)
{
	struct ahead *p = arg;
	struct item *it = j->what;
	int64_t epoch = j->r.epoch;
	if (j->failed)
		die(it->source ? PM_INPUT : PM_FAIL, "%s: %s", it->id, j->e.msg);
	if (!j->ready && j->e.msg[0] && !it->warned) {
		it->warned = true;
		warning("%s: %s", it->id, j->e.msg);
	}
	if (!it->cached)
		keep(p, it, &j->r);
	struct record *r = it->cached ? it->cached : &j->r;
	r->epoch = epoch;
	check_dims(p, r);
	ostream_put(p->out, r);
	progress_to(++p->written, "%s", "");
}

void ahead_run(struct plan *plan, const struct options *o, int64_t cache, struct ostream *out)
{
	struct ahead p = { .o = o, .plan = plan, .out = out, .room = cache };
	if ((o->epochs == 1 && plan->lanes == 1) || o->crop.n)
		p.room = 0; /* no case, or no box of it, comes again */
	p.scratch = xcalloc((size_t)o->threads, sizeof(*p.scratch));
	pool_run(&(struct pool){ o->threads, &p, fetch, work, finish });
	for (int i = 0; i < o->threads; i++)
		scratch_fini(&p.scratch[i]);
	free(p.scratch);
}
