/* model_test.c: model files: to and fro, and every way in which a file may not be the one that is wanted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/stream.h"
#include "nn/model.h"

static char path[64], cut_path[64];

/* Parameters a [n,2], b [3] and running statistics r [n]; without: one of them is left out. */
static void declare(struct params *ps, int64_t n, const char *without, uint64_t seed)
{
	struct graph dry = { .grad = true };

	memset(ps, 0, sizeof *ps);
	graph_init(&dry, &backend_null, 0);
	if (strcmp(without, "a"))
		param(&dry, ps, "layer.a", INIT_FAN_IN, 4, 2, (int64_t[]){ n, 2 });
	if (strcmp(without, "b"))
		param(&dry, ps, "layer.b", INIT_FAN_IN, 4, 1, (int64_t[]){ 3 });
	if (strcmp(without, "r"))
		running(&dry, ps, "layer.r", INIT_ONE, n);
	graph_fini(&dry);
	params_freeze(ps, &backend_cpu, seed);
}

static struct optim adam_for(struct params *ps)
{
	struct optim o;
	struct err e;
	void *conf;
	const struct plugin *p = spec_parse(&optimizer_kind, "adam", &conf, &e);

	optim_init(&o, p, conf, ps);
	return o;
}

static void train_a_little(struct params *ps, struct optim *o, int steps)
{
	for (int t = 0; t < steps; t++) {
		for (int64_t i = 0; i < ps->trainable; i++)
			ps->grad[i] = (real)sin((double)(i + t));
		optim_step(o, ps, 0.1, 0);
	}
	for (int64_t i = ps->trainable; i < ps->total; i++)
		ps->value[i] = (real)(0.1 * (double)i);
}

struct fixture {
	struct params ps[2];
	struct optim o[2];
};

static void write_two(struct fixture *f, bool checkpoint)
{
	const struct params *sets[2] = { &f->ps[0], &f->ps[1] };
	const struct optim *o[2] = { &f->o[0], &f->o[1] };
	struct meta m = { .buf = NULL };

	meta_set_text(&m, "net", "unet:chns=1,2");
	meta_set_number(&m, "best", 0.1);
	model_write(path, &m, sets, checkpoint ? o : NULL, 2);
	meta_fini(&m);
}

static int setup(void **state)
{
	static struct fixture f;

	for (int i = 0; i < 2; i++) {
		declare(&f.ps[i], 5, "", (uint64_t)i + 1);
		f.o[i] = adam_for(&f.ps[i]);
		train_a_little(&f.ps[i], &f.o[i], 3 + i);
	}
	write_two(&f, true);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		optim_fini(&f->o[i]);
		params_fini(&f->ps[i]);
	}
	unlink(path);
	unlink(cut_path);
	return 0;
}

static void same(const real *a, const real *b, int64_t n) { assert_memory_equal(a, b, (size_t)n * sizeof *a); }

static void what_is_written_is_read(void **state)
{
	struct fixture *f = *state, g;
	struct params *sets[2] = { &g.ps[0], &g.ps[1] };
	struct optim *o[2] = { &g.o[0], &g.o[1] };
	struct meta m = { .buf = NULL };
	struct err e;
	char net[64];

	for (int i = 0; i < 2; i++) {
		declare(&g.ps[i], 5, "", 77);
		g.o[i] = adam_for(&g.ps[i]);
	}
	const uint64_t version = g.ps[0].version;
	assert_int_equal(model_read(path, sets, o, 2, &e), 0);
	for (int i = 0; i < 2; i++) {
		same(g.ps[i].value, f->ps[i].value, f->ps[i].total);
		same(g.o[i].state[0], f->o[i].state[0], f->ps[i].trainable);
		same(g.o[i].state[1], f->o[i].state[1], f->ps[i].trainable);
		assert_int_equal(g.o[i].step, 3 + i);
	}
	assert_true(g.ps[0].version > version);
	assert_int_equal(model_about(path, &m, &e), 0);
	assert_int_equal(meta_text(&m, "net", net, sizeof net), 0);
	assert_string_equal(net, "unet:chns=1,2");
	assert_true(meta_number(&m, "best", 0) == 0.1);
	meta_fini(&m);

	/* The first network alone, without its optimizer. */
	params_fini(&g.ps[0]);
	declare(&g.ps[0], 5, "", 78);
	assert_int_equal(model_read(path, sets, NULL, 1, &e), 0);
	same(g.ps[0].value, f->ps[0].value, f->ps[0].total);
	for (int i = 0; i < 2; i++) {
		optim_fini(&g.o[i]);
		params_fini(&g.ps[i]);
	}
}

static void refused(int64_t n, const char *without, int count, bool checkpoint, const char *reason)
{
	struct params ps[3], *sets[3];
	struct optim opt[3], *o[3];
	struct err e = { "" };

	for (int i = 0; i < count; i++) {
		declare(sets[i] = &ps[i], n, without, 5);
		opt[i] = adam_for(&ps[i]);
		o[i] = &opt[i];
	}
	assert_int_equal(model_read(path, sets, checkpoint ? o : NULL, count, &e), -1);
	if (!strstr(e.msg, reason) || !strstr(e.msg, path))
		fail_msg("\"%s\" does not say \"%s\" of %s", e.msg, reason, path);
	for (int i = 0; i < count; i++) {
		optim_fini(&opt[i]);
		params_fini(&ps[i]);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	struct fixture *f = *state;

	refused(6, "", 2, false, "5x2 but this network's is 6x2");
	refused(5, "r", 2, false, "has no parameter layer.r");
	refused(5, "", 3, false, "2/layer.a is missing");
	write_two(f, false);
	refused(5, "", 2, true, "not a checkpoint");
	real *first = f->ps[0].value, kept = *first;
	*first = NAN;
	write_two(f, true);
	refused(5, "", 2, false, "0/layer.a holds NaN");
	*first = kept;
	params_fini(&f->ps[1]);
	optim_fini(&f->o[1]);
	declare(&f->ps[1], 5, "b", 3);
	f->o[1] = adam_for(&f->ps[1]);
	write_two(f, true);
	refused(5, "", 2, false, "1/layer.b is missing");
}

/* Of the second network: what has its shape, and the name's beginning; all else keeps what was drawn. */
static void what_fits_is_taken(void **state)
{
	const struct fixture *f = *state;
	struct params ps, drawn;
	struct err e;
	bool taken[3];

	declare(&ps, 6, "", 5);
	declare(&drawn, 6, "", 5);
	const struct param *b = params_find(&ps, "layer.b"), *from = params_find((struct params *)&f->ps[1], "layer.b");
	const uint64_t version = ps.version;
	assert_int_equal(model_take(path, 1, "layer.", &ps, taken, &e), 0);
	assert_true(!taken[0] && taken[1] && !taken[2] && ps.version > version);
	same(ps.value + b->offset, f->ps[1].value + from->offset, 3);
	assert_memory_not_equal(ps.value + b->offset, drawn.value + b->offset, 3 * sizeof(real));
	same(ps.value, drawn.value, b->offset);
	same(ps.value + ps.trainable, drawn.value + drawn.trainable, 6);
	assert_int_equal(model_take(path, 0, "layer.a", &ps, taken, &e) || taken[0] || taken[1] || taken[2], 0);
	assert_int_equal(model_take(path, 2, "", &ps, taken, &e) || taken[0] || taken[1] || taken[2], 0);
	params_fini(&ps);
	params_fini(&drawn);
}

static void every_truncation_and_flip_is_seen(void **state)
{
	char bytes[16384];
	struct fixture *f = *state;
	struct params ps, *sets[1] = { &ps };
	struct err e;
	FILE *fp = fopen(path, "rb");
	size_t n = fread(bytes, 1, sizeof bytes, fp);

	fclose(fp);
	assert_true(n > 500 && n < sizeof bytes);
	declare(&ps, 5, "", 5);
	for (size_t k = 0; k < 2 * n; k += k < n ? 1 : 7) {
		fp = fopen(cut_path, "wb");
		if (k >= n)
			bytes[k - n] ^= 4;
		fwrite(bytes, 1, k < n ? k : n, fp);
		if (k >= n)
			bytes[k - n] ^= 4;
		fclose(fp);
		const int got = model_read(cut_path, sets, NULL, 1, &e);
		if (k < n)
			assert_true(got == -1 && model_take(cut_path, 0, "", &ps, (bool[3]){ false }, &e) == -1);
		else if (got == 0) /* a bit of the head, which no checksum covers */
			same(ps.value, f->ps[0].value, ps.total);
	}
	params_fini(&ps);
}

static void other_streams_are_no_models(void **state)
{
	const struct stream_field field = { "image", PM_F32, 4 };
	struct ostream *s = ostream_open(cut_path, "sample", &field, 1, NULL);
	struct meta m = { .buf = NULL };
	struct err e;

	(void)state;
	ostream_end(s);
	assert_int_equal(model_about(cut_path, &m, &e), -1);
	assert_non_null(strstr(e.msg, "not a model"));
	s = ostream_open(cut_path, "model", &field, 1, NULL);
	ostream_end(s);
	assert_int_equal(model_about(cut_path, &m, &e), -1);
	assert_int_equal(model_about("/nonexistent/model.pmm", &m, &e), -1);
	meta_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_fits_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(every_truncation_and_flip_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(other_streams_are_no_models, setup, teardown),
	};

	snprintf(path, sizeof path, "model_test.%ld.pmm", (long)getpid());
	snprintf(cut_path, sizeof cut_path, "model_test.%ld.cut", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
