/*
 * ahead.c: threads read cases ahead, the main thread writes them in the order of the plan: the bytes are the same for any
 * number of threads. Cases stay in memory while the cache has room; which ones does not matter, as every epoch needs each.
 */
#include "load.h"
#include "base/progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct ahead {
	const struct options *o;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct item **queue; /* a ring: cases to read, in order */
	int head, queued, window;
	bool stop;
	struct record **spare; /* records whose buffers wait for the next case */
	int spares;
	int64_t room;          /* left in the cache, bytes */
	int64_t out;           /* records written */
	int dims;              /* of the first one */
	char first[PM_ID];
};

static void *worker(void *arg)
{
	struct ahead *p = arg;
	struct scratch scratch = { 0 };
	struct err e, warn;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->queued && !p->stop)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->stop)
			break;
		struct item *it = p->queue[p->head];
		p->head = (p->head + 1) % p->window;
		p->queued--;
		struct record *r = p->spares ? p->spare[--p->spares] : NULL;
		pthread_mutex_unlock(&p->lock);
		if (!r)
			r = xcalloc(1, sizeof(*r));
		int failed = case_read(it, p->o, &scratch, r, &warn, &e);
		pthread_mutex_lock(&p->lock);
		it->rec = r;
		if (failed || warn.msg[0]) {
			it->err = xmalloc(sizeof(*it->err));
			*it->err = failed ? e : warn;
		}
		it->state = failed ? FAILED : READY;
		pthread_cond_broadcast(&p->done);
	}
	pthread_mutex_unlock(&p->lock);
	scratch_fini(&scratch);
	return NULL;
}

static int64_t record_size(const struct record *r)
{
	int64_t n = (int64_t)sizeof(*r) + (int64_t)r->meta.cap;
	for (int i = 0; i < PM_MAX_FIELDS; i++)
		n += (int64_t)r->f[i].cap;
	return n;
}

/* Called with the lock. */
static void enqueue(struct ahead *p, struct item *it)
{
	it->users++;
	if (it->state != IDLE)
		return;
	it->state = QUEUED;
	p->queue[(p->head + p->queued++) % p->window] = it;
	pthread_cond_signal(&p->work);
}

/* The case was written: it stays in the cache, or its buffers go to the next one. Called with the lock. */
static void release(struct ahead *p, struct item *it)
{
	it->users--;
	if (it->kept)
		return;
	int64_t size = record_size(it->rec);
	if (size <= p->room) {
		p->room -= size;
		it->kept = true;
	} else if (it->users == 0) {
		p->spare[p->spares++] = it->rec;
		it->rec = NULL;
		it->state = IDLE;
	}
}

static void wait_for(struct ahead *p, struct item *it)
{
	pthread_mutex_lock(&p->lock);
	while (it->state != READY && it->state != FAILED)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
	if (it->state == FAILED)
		die(it->source ? PM_INPUT : PM_FAIL, "%s: %s", it->id, it->err->msg);
	if (it->err && !it->warned) {
		it->warned = true;
		warning("%s: %s", it->id, it->err->msg);
	}
	if (it->err)
		free(it->err);
	it->err = NULL;
}

static void check_dims(struct ahead *p, const struct record *r)
{
	int dims = meta_number(&r->meta, "dims", 3) == 2 ? 2 : 3;
	if (p->out == 0) {
		p->dims = dims;
		snprintf(p->first, sizeof(p->first), "%s", r->id);
	} else if (dims != p->dims)
		die(PM_FAIL, "%s: is %d-D, but %s is %d-D: one list holds one kind; --dims 2 or --dims 3 reads all as one", r->id,
			dims, p->first, p->dims);
}

static void write_all(struct ahead *p, struct plan *plan, struct ostream *out)
{
	struct step *ring = xcalloc((size_t)p->window, sizeof(*ring)), s;
	int head = 0, ahead = 0;
	bool more = true;
	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (more && ahead < p->window && (more = plan_next(plan, &s))) {
			ring[(head + ahead++) % p->window] = s;
			enqueue(p, s.item);
		}
		pthread_mutex_unlock(&p->lock);
		if (!ahead)
			break;
		s = ring[head];
		head = (head + 1) % p->window;
		ahead--;
		wait_for(p, s.item);
		struct record *r = s.item->rec;
		r->epoch = s.epoch;
		check_dims(p, r);
		ostream_put(out, r);
		progress_to(++p->out, "%s", "");
		pthread_mutex_lock(&p->lock);
		release(p, s.item);
		pthread_mutex_unlock(&p->lock);
	}
	free(ring);
}

void ahead_run(struct plan *plan, const struct options *o, int64_t cache, struct ostream *out)
{
	struct ahead p = { .o = o, .room = cache, .window = 2 * o->threads };
	pthread_t *thread = xcalloc((size_t)o->threads, sizeof(*thread));
	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.work, NULL);
	pthread_cond_init(&p.done, NULL);
	p.queue = xcalloc((size_t)p.window, sizeof(*p.queue));
	p.spare = xcalloc((size_t)p.window + 1, sizeof(*p.spare));
	for (int i = 0; i < o->threads; i++)
		if (pthread_create(&thread[i], NULL, worker, &p) != 0)
			die(PM_FAIL, "cannot start %d threads: choose a smaller --threads", o->threads);
	write_all(&p, plan, out);
	pthread_mutex_lock(&p.lock);
	p.stop = true;
	pthread_cond_broadcast(&p.work);
	pthread_mutex_unlock(&p.lock);
	for (int i = 0; i < o->threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < p.spares; i++) {
		record_fini(p.spare[i]);
		free(p.spare[i]);
	}
	pthread_cond_destroy(&p.done);
	pthread_cond_destroy(&p.work);
	pthread_mutex_destroy(&p.lock);
	free(p.spare);
	free(p.queue);
	free(thread);
}
