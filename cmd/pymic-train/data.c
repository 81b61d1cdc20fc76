/* data.c: batches from stdin. A thread reads and groups one batch ahead, so that the stages of a pipeline overlap. */
#include "train.h"

#include "base/progress.h"
#include "io/stream.h"
#include "tensor/collate.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2, MAX_BATCH = 4096 };

struct feed {
	struct feed_conf conf;
	struct istream *in;
	bool grouped;            /* the input's records are batches */
	struct drawn *sample;    /* [SLOTS][conf.batch], where they are samples */
	struct position now;     /* of the reader */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch slot[SLOTS];
	int64_t made, taken;     /* batches so far; slot i % SLOTS */
	enum feed_got end;       /* FEED_BATCH: not yet */
	struct err e;
	bool held;               /* the caller still uses batch taken - 1 */
};

struct feed *feed_open(const struct feed_conf *c)
{
	struct feed *f = xcalloc(1, sizeof *f);

	f->conf = *c;
	f->in = istream_stdin("sample|batch");
	f->grouped = !strcmp(istream_head(f->in)->kind, "batch");
	if (f->grouped && c->chain->n)
		die(PM_USAGE, "--augment is done to samples, but batches come: leave pymic-batch away, or transform with pymic-augment before it");
	f->sample = xcalloc((size_t)c->batch * SLOTS, sizeof *f->sample);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	return f;
}

int labels_take(uint8_t *to, const struct tensor *t, const struct labels *l, struct err *e)
{
	enum { CHUNK = 4096 };
	const int64_t n = tensor_count(t);
	int64_t wide[CHUNK];

	if (!dtype_is_integer(t->dtype))
		return err_set(e, "the label is of type %s; labels are integers", dtype_name(t->dtype));
	for (int64_t at = 0; at < n; at += CHUNK) {
		const int64_t m = n - at < CHUNK ? n - at : CHUNK;

		convert(wide, PM_I64, (const char *)t->data + (size_t)at * dtype_size(t->dtype), t->dtype, m);
		for (int64_t i = 0; i < m; i++) {
			const bool none = l->ignore && wide[i] == l->ignore;
			if (!none && (wide[i] < 0 || wide[i] >= l->classes))
				return err_set(e, "label %lld but --classes is %d: convert the labels (pymic-augment), raise --classes, or "
					"--ignore-label it", (long long)wide[i], l->classes);
			to[at + i] = none ? NO_CLASS : (uint8_t)wide[i];
		}
	}
	return 0;
}

void labels_grid(const struct labels *l, struct batch *b)
{
	b->whole = l->whole;
	for (int a = 0; a < 3; a++)
		b->grid[a] = l->whole ? 1 : b->size[a];
}

int labels_fit(const struct labels *l, const struct tensor *label, const int64_t image[3], struct err *e)
{
	static const int64_t one[3] = { 1, 1, 1 };
	const int64_t *own = label->dim + label->rank - 3;

	if (!memcmp(own, l->whole ? one : image, sizeof one))
		return 0;
	if (l->whole)
		return err_set(e, "the label is of %lldx%lldx%lld voxels, but the network says one class of the whole image: give the list a column "
			"'class', or segment with --net unet", (long long)own[0], (long long)own[1], (long long)own[2]);
	if (!memcmp(own, one, sizeof one))
		return err_set(e, "the label is the class of the whole image, but the network segments: take --net encoder");
	return err_set(e, "image and label differ in shape");
}

/* The label of a sample as u8. */
static int take_label(struct record *r, const struct labels *l, struct err *e)
{
	struct tensor *t = record_get(r, "label");

	if (!t || t->dtype == PM_U8)
		return t ? labels_take(t->data, t, l, e) : 0;
	uint8_t *taken = xmalloc((size_t)tensor_count(t));
	const int bad = labels_take(taken, t, l, e);
	if (!bad) {
		t = record_put(r, "label", PM_U8, t->rank, t->dim);
		memcpy(t->data, taken, (size_t)tensor_count(t));
	}
	free(taken);
	return bad;
}

/* Line i of the batch's ids, or its own id. */
static void case_name(const struct record *r, int64_t i, char *out, size_t size)
{
	char ids[8192], *p = ids;

	snprintf(out, size, "%s", r->id);
	if (meta_text(&r->meta, "ids", ids, sizeof ids))
		return;
	for (; i > 0 && p; i--)
		if ((p = strchr(p, '\n')))
			p++;
	if (p && *p)
		snprintf(out, size, "%.*s", (int)strcspn(p, "\n"), p);
}

void batch_ids(const struct batch *b, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (int64_t i = 0; i < b->n && at < size; i++) {
		char name[PM_ID];
		case_name(&b->r, i, name, sizeof name);
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : "", name);
	}
}

static int multiple_check(const struct batch *b, const struct feed_conf *c, struct err *e)
{
	char pad[128], name[PM_ID];

	case_name(&b->r, 0, name, sizeof name);
	if (c->flat && b->size[0] > 1)
		return err_set(e, "%s: %lld slices have one class, but the network is 2-D: give --net encoder:dims=3", name, (long long)b->size[0]);
	for (int a = 0; a < 3; a++) {
		if (b->size[a] % c->multiple[a] == 0)
			continue;
		int at = snprintf(pad, sizeof pad, "pad:size=");
		for (int k = 0; k < 3; k++)
			at += snprintf(pad + at, sizeof pad - (size_t)at, "%s%lld", k ? "," : "",
				(long long)((b->size[k] + c->multiple[k] - 1) / c->multiple[k] * c->multiple[k]));
		return err_set(e, "%s: size %lldx%lldx%lld, but the network takes multiples of %lldx%lldx%lld: "
			"pymic-augment %s", name, (long long)b->size[0], (long long)b->size[1], (long long)b->size[2],
			(long long)c->multiple[0], (long long)c->multiple[1], (long long)c->multiple[2], pad);
	}
	return 0;
}

/* The shape of the batch, from its fields; every size is checked against the network. */
static int batch_shape(struct batch *b, const struct feed_conf *c, struct err *e)
{
	const struct tensor *image = record_peek(&b->r, "image"), *label = record_peek(&b->r, "label");
	const struct tensor *weight = record_peek(&b->r, "weight");
	double group[2];

	if (!image)
		return err_set(e, "%s: has no image", b->r.id);
	if (image->rank != 5)
		return err_set(e, "%s: the image of a batch has 5 axes (N,C,D,H,W), this one %d", b->r.id, image->rank);
	b->n = image->dim[0];
	b->channels = image->dim[1];
	for (int a = 0; a < 3; a++)
		b->size[a] = image->dim[2 + a];
	labels_grid(&c->labels, b);
	if (tensor_count(image) <= 0 || b->n > MAX_BATCH)
		return err_set(e, "%s: impossible shape of a batch", b->r.id);
	b->labeled = label ? (label->rank > 0 ? label->dim[0] : 0) : 0;
	b->clean = b->labeled;
	if (meta_numbers(&b->r.meta, "groups", group, 2) == 2) {
		/* Of two groups the second may have labels too. */
		if (!(group[0] == (double)b->labeled || (group[0] >= 0 && b->labeled == b->n)) || group[0] + group[1] != (double)b->n)
			return err_set(e, "%s: groups %g + %g, but %lld images and %lld labels", b->r.id, group[0], group[1], (long long)b->n,
				(long long)b->labeled);
		b->clean = (int64_t)group[0];
	}
	if (label && (label->rank != 4 || b->labeled > b->n))
		return err_set(e, "%s: image and label differ in shape", b->r.id);
	if (label && labels_fit(&c->labels, label, b->size, e))
		return err_prefix(e, "%s", b->r.id);
	if (weight && (weight->rank != 4 || weight->dim[0] != b->labeled || memcmp(weight->dim + 1, b->grid, sizeof b->grid)))
		return err_set(e, "%s: label and weight differ in shape", b->r.id);
	return multiple_check(b, c, e);
}

static void to_type(struct record *r, const char *name, enum dtype type)
{
	struct tensor *t = record_get(r, name);

	if (!t || t->dtype == type)
		return;
	const int64_t n = tensor_count(t);
	struct tensor old = *t;
	void *copy = xmalloc((size_t)n * dtype_size(old.dtype));
	memcpy(copy, old.data, (size_t)n * dtype_size(old.dtype));
	t = record_put(r, name, type, old.rank, old.dim);
	convert(t->data, type, copy, old.dtype, n);
	free(copy);
}

/* A batch that came as one: the types that training wants, every label checked. */
static int take_batch(struct batch *b, const struct feed_conf *c, struct err *e)
{
	const int64_t voxels = b->grid[0] * b->grid[1] * b->grid[2];
	const struct tensor *label = record_peek(&b->r, "label");
	uint8_t *taken = xmalloc((size_t)(b->labeled * voxels));

	for (int64_t i = 0; label && i < b->labeled; i++) {
		const size_t bytes = (size_t)voxels * dtype_size(label->dtype);
		struct tensor one = { .dtype = label->dtype, .rank = 3, .data = (char *)label->data + (size_t)i * bytes };
		char name[PM_ID];

		memcpy(one.dim, b->grid, sizeof b->grid);
		case_name(&b->r, i, name, sizeof name);
		if (labels_take(taken + i * voxels, &one, &c->labels, e)) {
			free(taken);
			return err_prefix(e, "%s", name);
		}
	}
	if (label)
		memcpy(record_put(&b->r, "label", PM_U8, 4, label->dim)->data, taken, (size_t)(b->labeled * voxels));
	free(taken);
	to_type(&b->r, "image", PM_F32);
	to_type(&b->r, "weight", PM_F32);
	to_type(&b->r, "target", PM_F32);
	return 0;
}

static int check_sample(struct record *r, const struct feed_conf *c, struct err *e)
{
	const struct tensor *image = record_peek(r, "image");

	if (!image || image->rank != 4)
		return err_set(e, "%s: %s", r->id, image ? "the image of a sample has 4 axes (C,D,H,W)" : "has no image");
	return take_label(r, &c->labels, e) ? err_prefix(e, "%s", r->id) : 0;
}

/* Where images are learned from, or their originals, labels are not even looked at. */
static int only_images(struct record *r, const struct feed_conf *c, struct err *e)
{
	if (!c->originals && !c->from_images)
		return 0;
	record_drop(r, "label");
	record_drop(r, "weight");
	meta_delete(&r->meta, "groups");
	if (c->from_images)
		record_drop(r, "target");
	if (c->from_images)
		return 0;
	const struct tensor *image = record_peek(r, "image"), *target = record_peek(r, "target");
	if (!image || !target || image->rank != target->rank || memcmp(image->dim, target->dim, (size_t)image->rank * sizeof *image->dim))
		return err_set(e, "%s: has no target of the image's shape: what is to be made again? (pymic-augment paint)", r->id);
	return 0;
}

/* One record of the input, with the position behind it. As istream_next. */
static int next_record(struct feed *f, struct record *r, struct err *e)
{
	int got = istream_next(f->in, r, e);
	const struct tensor *image;

	if (got <= 0)
		return got;
	if (!f->now.records) {
		snprintf(f->now.first_id, PM_ID, "%s", r->id);
		f->now.first_epoch = r->epoch;
	}
	snprintf(f->now.last_id, PM_ID, "%s", r->id);
	f->now.last_epoch = r->epoch;
	image = record_peek(r, "image");
	f->now.samples += f->grouped && image && image->rank > 0 ? image->dim[0] : 1;
	f->now.records++;
	f->now.in_order = !f->grouped || meta_number(&r->meta, "in_order", 1) != 0;
	return got;
}

static enum feed_got bad_input(int got) { return got < 0 ? FEED_BAD_INPUT : FEED_END; }

/* The device will make the batch of samples that are not in it yet: its shape, which they must have in common. */
static int promise(struct batch *b, struct drawn **order, int n, int labeled, const struct feed_conf *c, struct err *e)
{
	char ids[MAX_BATCH * 2], *at = ids;

	record_clear(&b->r);
	snprintf(b->r.id, sizeof b->r.id, "%s", order[0]->r.id);
	b->drawn = order;
	b->n = n;
	b->labeled = b->clean = labeled;
	b->label = labeled ? record_peek(&order[0]->r, "label")->data : NULL;
	b->target = c->originals ? record_peek(&order[0]->r, "target")->data : NULL;
	b->weight = NULL;
	*at = '\0';
	for (int i = 0; i < n; i++) {
		const struct record *r = &order[i]->r;
		const struct tensor *image = record_peek(r, "image"), *label = record_peek(r, "label"), *weight = record_peek(r, "weight");
		int64_t size[3];

		if (actions_grid(&order[i]->to_do, r, size, e))
			return err_prefix(e, "%s", r->id);
		if (i < labeled && (labels_fit(&c->labels, label, image->dim + 1, e) || (weight && labels_fit(&c->labels, weight, image->dim + 1, e))))
			return err_prefix(e, "%s", r->id);
		if (i && (image->dim[0] != b->channels || memcmp(size, b->size, sizeof size)))
			return err_set(e, "%s: the image becomes %lldx%lldx%lldx%lld, but %s %lldx%lldx%lldx%lld: a batch needs one shape (crop, pad or "
				"resize)", r->id, (long long)image->dim[0], (long long)size[0], (long long)size[1], (long long)size[2], b->r.id,
				(long long)b->channels, (long long)b->size[0], (long long)b->size[1], (long long)b->size[2]);
		b->channels = image->dim[0];
		memcpy(b->size, size, sizeof size);
		b->weight = i < labeled && weight ? weight->data : b->weight;
		if ((size_t)(ids + sizeof ids - at) > strlen(r->id) + 2)
			at += sprintf(at, "%s%s", i ? "\n" : "", r->id);
	}
	labels_grid(&c->labels, b);
	meta_set_text(&b->r.meta, "ids", ids);
	return multiple_check(b, c, e);
}

/* Labeled samples first, each group in the order of its coming. */
static int group(struct feed *f, struct drawn *sample, int count, struct batch *b, struct err *e)
{
	const struct record *record[MAX_BATCH];
	int n = 0, labeled = 0;

	b->drawn = xresize(b->drawn, (size_t)count, sizeof *b->drawn);
	for (int want = 1; want >= 0; want--) {
		for (int i = 0; i < count; i++)
			if ((record_peek(&sample[i].r, "label") != NULL) == want) {
				record[n] = &sample[i].r;
				b->drawn[n++] = &sample[i];
			}
		if (want)
			labeled = n;
	}
	if (f->conf.draw)
		return promise(b, b->drawn, n, labeled, &f->conf, e);
	free(b->drawn);
	b->drawn = NULL;
	return collate(&b->r, record, n, labeled, e) || batch_shape(b, &f->conf, e) ? -1 : 0;
}

static bool all_finite(const struct tensor *image)
{
	const float *x = image->data;
	int64_t odd = 0;

	for (int64_t i = 0, n = tensor_count(image); i < n; i++)
		odd += !(fabsf(x[i]) <= FLT_MAX);
	return !odd;
}

/* The sample, drawn for; augmented here where its image has values that a transform may have to complain of. */
static int draw(const struct chain *chain, struct drawn *d, struct err *e)
{
	const struct tensor *weight = record_peek(&d->r, "weight");

	d->counts = weight && dtype_is_integer(weight->dtype);
	d->to_do.n = 0;
	d->to_do.known = false;
	to_type(&d->r, "image", PM_F32);
	const bool whole = !all_finite(record_peek(&d->r, "image"));
	if (whole && chain_apply(chain, chain_whole(chain), chain->n, &d->r, e))
		return -1;
	to_type(&d->r, "weight", PM_F32);
	to_type(&d->r, "target", PM_F32);
	return whole ? 0 : chain_draw(chain, &d->r, &d->to_do, e);
}

/* The next sample, augmented, or drawn for. Labels are checked before they are moved: wherever that is done, the same are found. */
static enum feed_got take_sample(struct feed *f, struct drawn *d, struct err *e)
{
	const struct chain *chain = f->conf.chain;
	const int whole = chain_whole(chain), got = next_record(f, &d->r, e);

	if (got <= 0)
		return bad_input(got); /* a last, incomplete batch is not used */
	if (chain_apply(chain, 0, whole, &d->r, e)) {
		err_prefix(e, "%s", d->r.id);
		return FEED_BAD_DATA;
	}
	if (only_images(&d->r, &f->conf, e) || check_sample(&d->r, &f->conf, e))
		return FEED_BAD_DATA;
	if (!(f->conf.draw ? draw(chain, d, e) : chain_apply(chain, whole, chain->n, &d->r, e)))
		return FEED_BATCH;
	err_prefix(e, "%s", d->r.id);
	return FEED_BAD_DATA;
}

/* count: of samples, where samples come. */
static enum feed_got make(struct feed *f, int count, struct batch *b, struct err *e)
{
	int got;

	if (f->grouped) {
		if ((got = next_record(f, &b->r, e)) <= 0)
			return bad_input(got);
		if (only_images(&b->r, &f->conf, e) || batch_shape(b, &f->conf, e) || take_batch(b, &f->conf, e))
			return FEED_BAD_DATA;
	} else {
		struct drawn *sample = f->sample + f->made % SLOTS * f->conf.batch;
		for (int i = 0; i < count; i++) {
			const enum feed_got end = take_sample(f, &sample[i], e);
			if (end != FEED_BATCH)
				return end;
		}
		if (group(f, sample, count, b, e))
			return FEED_BAD_DATA;
	}
	b->after = f->now;
	if (b->drawn)
		return FEED_BATCH;
	b->image = record_peek(&b->r, "image")->data;
	b->label = b->labeled ? record_peek(&b->r, "label")->data : NULL;
	b->target = f->conf.originals ? record_peek(&b->r, "target")->data : NULL;
	b->weight = b->labeled && record_peek(&b->r, "weight") ? record_peek(&b->r, "weight")->data : NULL;
	return FEED_BATCH;
}

/* Brings a resumed run to its place in the data, and makes sure that it is the same data. */
static enum feed_got skip(struct feed *f, struct err *e)
{
	const struct position *from = &f->conf.from;
	struct record r = { .n = 0 };
	int got = 1;

	if (!from->records)
		return FEED_BATCH;
	if (f->conf.skipped) {
		f->now = *from;
		return FEED_BATCH;
	}
	while (f->now.records < from->records && !stop_asked()) {
		if ((got = next_record(f, &r, e)) <= 0)
			break;
		if (f->now.records == 1 && (strcmp(r.id, from->first_id) || r.epoch != from->first_epoch)) {
			err_set(e, "the input starts with %s (epoch %lld) but the run that is resumed started with %s (epoch %lld): "
				"give the same input, or --skipped if it starts where the run stopped", r.id, (long long)r.epoch, from->first_id,
				(long long)from->first_epoch);
			record_fini(&r);
			return FEED_BAD_DATA;
		}
	}
	record_fini(&r);
	if (got < 0)
		return FEED_BAD_INPUT;
	if (stop_asked())
		return FEED_STOPPED;
	if (got == 0) {
		err_set(e, "the input ends after %lld records but the run that is resumed has used %lld: give the same input",
			(long long)f->now.records, (long long)from->records);
		return FEED_BAD_DATA;
	}
	if (strcmp(f->now.last_id, from->last_id) || f->now.last_epoch != from->last_epoch) {
		err_set(e, "record %lld of the input is %s (epoch %lld) but was %s (epoch %lld) in the run that is resumed: give the "
			"same input (also the same --seed), or begin anew with --restart", (long long)from->records, f->now.last_id,
			(long long)f->now.last_epoch, from->last_id, (long long)from->last_epoch);
		return FEED_BAD_DATA;
	}
	return FEED_BATCH;
}

/* With --skipped, the first record must not be the run's very first. */
static enum feed_got check_skipped(const struct feed *f, const struct batch *b, struct err *e)
{
	const struct position *from = &f->conf.from;
	const struct record *first = f->grouped ? &b->r : &f->sample->r;

	if (!from->records || !f->conf.skipped || strcmp(first->id, from->first_id) || first->epoch != from->first_epoch)
		return FEED_BATCH;
	err_set(e, "with --skipped the input must start where the run stopped, but it starts at the beginning: leave "
		"--skipped away, or skip %lld samples (pymic-load --skip)", (long long)from->samples);
	return FEED_BAD_DATA;
}

static void *reader(void *arg)
{
	struct feed *f = arg;
	struct err e = { "" };
	enum feed_got got = skip(f, &e);

	for (bool first = true; got == FEED_BATCH; first = false) {
		struct batch *b = &f->slot[f->made % SLOTS];

		pthread_mutex_lock(&f->lock);
		while (f->made - f->taken + f->held >= SLOTS)
			pthread_cond_wait(&f->changed, &f->lock);
		pthread_mutex_unlock(&f->lock);
		got = make(f, f->conf.batch, b, &e);
		if (first && got == FEED_BATCH)
			got = check_skipped(f, b, &e);
		pthread_mutex_lock(&f->lock);
		if (got == FEED_BATCH)
			f->made++;
		pthread_cond_broadcast(&f->changed);
		pthread_mutex_unlock(&f->lock);
	}
	pthread_mutex_lock(&f->lock);
	f->end = got;
	f->e = e;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

int feed_first(struct feed *f, struct batch *b, struct err *e)
{
	enum feed_got got;

	memset(b, 0, sizeof *b);
	if ((got = make(f, 1, b, e)) != FEED_BATCH)
		return got == FEED_END ? err_set(e, "the input has no record") : -1;
	if (!f->grouped) {
		b->labeled = b->clean = f->conf.batch;
		b->n = f->conf.batch;
	}
	return 0;
}

void feed_start(struct feed *f)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, reader, f))
		die(PM_FAIL, "cannot start the thread that reads the input");
	pthread_detach(thread);
}

enum feed_got feed_next(struct feed *f, struct batch **b, struct err *e)
{
	enum feed_got got = FEED_BATCH;

	wait_begin(WAIT_IN);
	pthread_mutex_lock(&f->lock);
	f->held = false;
	pthread_cond_broadcast(&f->changed);
	while (f->made == f->taken && f->end == FEED_BATCH && !stop_asked()) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50 * 1000 * 1000; /* a signal handler cannot wake us */
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&f->changed, &f->lock, &until);
	}
	if (f->made > f->taken) {
		*b = &f->slot[f->taken++ % SLOTS];
		f->held = true;
	} else if (f->end != FEED_BATCH) {
		got = f->end;
		*e = f->e;
	} else {
		got = FEED_STOPPED;
	}
	pthread_mutex_unlock(&f->lock);
	wait_end(WAIT_IN);
	return got;
}
