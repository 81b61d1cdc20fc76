/*
 * pool.c: one thread fetches and finishes jobs, the others work. A ring of slots keeps the order; what is done at its head
 * is finished before the next job is awaited, so a slow producer holds nothing back for longer than one job.
 */
#include "io/pool.h"

#include "base/progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct job j;
	bool done;
};

struct ring {
	const struct pool *p;
	int slots, workers;
	struct slot *slot;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	int64_t fetched, taken; /* jobs that were fetched; that a worker has taken */
	bool end;
};

static void *worker(void *arg)
{
	struct ring *g = arg;

	pthread_mutex_lock(&g->lock);
	int number = g->workers++;

	for (;;) {
		while (g->taken == g->fetched && !g->end)
			pthread_cond_wait(&g->work, &g->lock);
		if (g->taken == g->fetched)
			break;
		struct slot *s = &g->slot[g->taken++ % g->slots];

		pthread_mutex_unlock(&g->lock);
		s->j.worker = number;
		s->j.failed = s->j.ready ? 0 : g->p->work(&s->j, g->p->arg);
		pthread_mutex_lock(&g->lock);
		s->done = true;
		pthread_cond_signal(&g->done);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
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

static void circulate(struct ring *g)
{
	int64_t fetched = 0, finished = 0;
	bool end = false;

	while (!end || finished < fetched) {
		if (!end) {
			struct slot *s = &g->slot[fetched % g->slots];

			s->done = s->j.ready = false;
			end = !g->p->fetch(&s->j, g->p->arg);
			pthread_mutex_lock(&g->lock);
			g->end = end;
			fetched += !end;
			g->fetched = fetched;
			pthread_cond_broadcast(&g->work);
			pthread_mutex_unlock(&g->lock);
		}
		for (; finished < fetched; finished++) {
			struct slot *s = &g->slot[finished % g->slots];

			if (!is_done(g, s, end || fetched - finished == g->slots))
				break;
			g->p->finish(&s->j, g->p->arg);
		}
	}
}

void pool_run(const struct pool *p)
{
	struct ring g = { .p = p, .slots = 2 * p->threads };
	pthread_t *thread = xcalloc((size_t)p->threads, sizeof(*thread));

	g.slot = xcalloc((size_t)g.slots, sizeof(*g.slot));
	pthread_mutex_init(&g.lock, NULL);
	pthread_cond_init(&g.work, NULL);
	pthread_cond_init(&g.done, NULL);
	for (int i = 0; i < p->threads; i++)
		if (pthread_create(&thread[i], NULL, worker, &g))
			die(PM_FAIL, "cannot start thread %d of %d: give a smaller -j", i + 1, p->threads);
	circulate(&g);
	for (int i = 0; i < p->threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < g.slots; i++)
		record_fini(&g.slot[i].j.r);
	pthread_cond_destroy(&g.work);
	pthread_cond_destroy(&g.done);
	pthread_mutex_destroy(&g.lock);
	free(g.slot);
	free(thread);
}

struct streams {
	const struct filter *f;
	struct istream *in;
	struct ostream *out;
	int64_t written;
};

static bool filter_fetch(struct job *j, void *arg)
{
	struct streams *s = arg;
	return istream_read(s->in, &j->r);
}

static int filter_work(struct job *j, void *arg)
{
	const struct streams *s = arg;
	return s->f->work(&j->r, s->f->arg, &j->e);
}

static void filter_finish(struct job *j, void *arg)
{
	struct streams *s = arg;

	if (j->failed)
		die(PM_FAIL, "%s: %s", j->r.id, j->e.msg);
	if (s->f->done)
		s->f->done(&j->r, s->f->arg);
	ostream_put(s->out, &j->r);
	progress_to(++s->written, "%s", "");
}

int64_t filter_run(const struct filter *f, struct istream *in, struct ostream *out)
{
	struct streams s = { f, in, out, 0 };

	progress_start("records", -1);
	pool_run(&(struct pool){ f->threads, &s, filter_fetch, filter_work, filter_finish });
	progress_end();
	return s.written;
}
