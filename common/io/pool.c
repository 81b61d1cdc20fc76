/*
 * pool.c: one thread reads and writes, the others work. A ring of slots keeps the order; what is done at its head is
 * written before the next record is awaited, so a slow producer holds nothing back for longer than one record.
 */
#include "io/pool.h"

#include "base/progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct record r;
	struct err e;
	bool done;
	int result;
};

struct ring {
	const struct pool *p;
	int slots;
	struct slot *slot;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	int64_t read, taken; /* records that were read; that a worker has taken */
	bool end;
};

static void *worker(void *arg)
{
	struct ring *g = arg;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		while (g->taken == g->read && !g->end)
			pthread_cond_wait(&g->work, &g->lock);
		if (g->taken == g->read)
			break;
		struct slot *s = &g->slot[g->taken++ % g->slots];

		pthread_mutex_unlock(&g->lock);
		s->result = g->p->work(&s->r, g->p->arg, &s->e);
		pthread_mutex_lock(&g->lock);
		s->done = true;
		pthread_cond_signal(&g->done);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static void finish(const struct pool *p, struct slot *s, struct ostream *out, int64_t number)
{
	if (s->result)
		die(PM_FAIL, "%s: %s", s->r.id, s->e.msg);
	if (p->done)
		p->done(&s->r, p->arg);
	ostream_put(out, &s->r);
	progress_to(number, "%s", "");
}

static int64_t run_alone(const struct pool *p, struct istream *in, struct ostream *out)
{
	struct slot s;
	int64_t n = 0;

	memset(&s, 0, sizeof(s));
	while (istream_read(in, &s.r)) {
		s.result = p->work(&s.r, p->arg, &s.e);
		finish(p, &s, out, ++n);
	}
	record_fini(&s.r);
	return n;
}

/* Waits for the slot; without wait, only looks. */
static bool is_done(struct ring *g, struct slot *s, bool wait)
{
	pthread_mutex_lock(&g->lock);
	while (wait && !s->done)
		pthread_cond_wait(&g->done, &g->lock);
	bool done = s->done;

	pthread_mutex_unlock(&g->lock);
	return done;
}

static int64_t circulate(struct ring *g, struct istream *in, struct ostream *out)
{
	int64_t read = 0, written = 0;
	bool end = false;

	while (!end || written < read) {
		struct slot *s = &g->slot[read % g->slots];

		if (!end) {
			s->done = false;
			end = !istream_read(in, &s->r);
			pthread_mutex_lock(&g->lock);
			g->end = end;
			read += !end;
			g->read = read;
			pthread_cond_broadcast(&g->work);
			pthread_mutex_unlock(&g->lock);
		}
		while (written < read && is_done(g, &g->slot[written % g->slots], end || read - written == g->slots)) {
			finish(g->p, &g->slot[written % g->slots], out, written + 1);
			written++;
		}
	}
	return written;
}

static int64_t run_threads(const struct pool *p, struct istream *in, struct ostream *out)
{
	struct ring g = { .p = p, .slots = 2 * p->threads };
	pthread_t *thread = xcalloc((size_t)p->threads, sizeof(*thread));
	int64_t n;

	g.slot = xcalloc((size_t)g.slots, sizeof(*g.slot));
	pthread_mutex_init(&g.lock, NULL);
	pthread_cond_init(&g.work, NULL);
	pthread_cond_init(&g.done, NULL);
	for (int i = 0; i < p->threads; i++)
		if (pthread_create(&thread[i], NULL, worker, &g))
			die(PM_FAIL, "cannot start thread %d of %d: give a smaller -j", i + 1, p->threads);
	n = circulate(&g, in, out);
	for (int i = 0; i < p->threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < g.slots; i++)
		record_fini(&g.slot[i].r);
	pthread_cond_destroy(&g.work);
	pthread_cond_destroy(&g.done);
	pthread_mutex_destroy(&g.lock);
	free(g.slot);
	free(thread);
	return n;
}

int64_t pool_run(const struct pool *p, struct istream *in, struct ostream *out)
{
	progress_start("records", -1);
	int64_t n = p->threads > 1 ? run_threads(p, in, out) : run_alone(p, in, out);

	progress_end();
	return n;
}
