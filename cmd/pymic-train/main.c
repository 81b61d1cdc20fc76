/* main.c: pymic-train: network x loss x agent x optimizer, one loop. */
#include "log.h"

#include "base/progress.h"
#include "cpu/threads.h"
#include "cuda/device.h"
#include "io/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const struct kind *const kinds[] = { &net_kind, &loss_kind, &agent_kind, &optimizer_kind, &schedule_kind, NULL };

static const struct tool tool = {
	"pymic-train", "train a segmentation network", "-o DIR --classes K < samples", train_opts, kinds,
	"Reads samples or batches on stdin, writes models into DIR and a table on stdout.\n"
	"SIGTERM and SIGUSR1 write a checkpoint and end with status 75; the same command resumes.",
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

bool stop_asked(void) { return stop; }

void catch_signals(void)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGINT };

	for (size_t i = 0; i < PM_COUNT(signals); i++) {
		/* A second one is not caught: it kills. */
		struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND };
		sigaction(signals[i], &a, NULL);
	}
}

static const struct plugin *choose(const struct kind *kind, const char *option, const char *spec, void **conf)
{
	struct err e;
	const struct plugin *p = spec_parse(kind, spec, conf, &e);

	if (!p)
		die(PM_USAGE, "--%s: %s", option, e.msg);
	return p;
}

/* Settings that the network refuses are known before anything is read or written. */
static void network_check(const struct trainer *t)
{
	struct params scratch = { .n = 0 };

	const int outputs = predict_declare(t->net, t->net_conf, t->conf->classes, 1, &scratch);
	const int branches = net_branches(t->net, t->net_conf);
	if (branches < t->agent->branches || outputs / branches < t->agent->scales)
		die(PM_USAGE, "--agent %s needs a network of %d decoders that predict at %d scales, or more; %s has %d, at %d (see --list)",
			t->agent->p.name, t->agent->branches + !t->agent->branches, t->agent->scales + !t->agent->scales, t->net->p.name, branches,
			outputs / branches);
	if (t->agent->alone && !t->net->features)
		die(PM_USAGE, "--agent %s needs a network with an encoder of its own, which %s has not (see --list)", t->agent->p.name, t->net->p.name);
	params_fini(&scratch);
}

/* The words behind --augment: of its value, and the operands, as which those of a file come. They become one setting. */
static void augment_init(struct trainer *t, struct conf *c, char **operand, int n)
{
	char *word[CHAIN_STEPS + 1], *rest;
	int words = 0;
	struct err e;

	if (n && !*c->augment)
		die(PM_USAGE, "no operands are expected: samples come on stdin");
	for (int i = 0; i < n; i++)
		c->augment = xprintf("%s %s", c->augment, operand[i]);
	for (char *w = strtok_r(xstrdup(c->augment), " \t\n", &rest); w && words <= CHAIN_STEPS; w = strtok_r(NULL, " \t\n", &rest))
		word[words++] = w;
	t->chain.seed = (uint64_t)c->seed;
	if (chain_parse(&t->chain, word, words, &e))
		die(PM_USAGE, "--augment: %s", e.msg);
}

/* Trained sets come first, teachers next, averages of trained ones last. */
static void sets_count(struct trainer *t)
{
	const int trained = t->agent->nets, teachers = t->agent->teachers;
	const bool average = !strcmp(t->conf->evaluate, "average");

	t->sets = trained + teachers + (t->conf->ema > 0 ? trained : 0);
	t->members = trained;
	if (average && t->conf->ema > 0) {
		t->first = trained + teachers;
	} else if (average && teachers) {
		t->first = trained;
		t->members = teachers;
	}
}

static void trainer_init(struct trainer *t, struct conf *c)
{
	struct err e;
	void *conf;

	t->net = (const struct net *)choose(&net_kind, "net", c->net, &t->net_conf);
	t->agent = (const struct agent *)choose(&agent_kind, "agent", c->agent, &conf);
	c->classes = (t->agent->error || t->agent->alone) && !c->classes ? 1 : c->classes;
	t->conf = c;
	t->run = (struct run){
		.net = t->net, .net_conf = t->net_conf, .classes = c->classes, .deep_mode = c->deep_mode,
		.deep_weights = &c->deep_weights, .conf = conf, .iters = c->iters, .seed = (uint64_t)c->seed,
	};
	t->run.loss.n = spec_sum_parse(&loss_kind, c->loss, t->run.loss.part, (int)PM_COUNT(t->run.loss.part), &e);
	if (t->run.loss.n < 1)
		die(PM_USAGE, "--loss: %s", e.msg);
	sets_count(t);
	for (int i = 0; i < t->agent->nets + t->agent->teachers; i++)
		t->run.ps[i] = &t->ps[i];
	for (int i = 0; i < t->agent->nets; i++) {
		t->optim[i].kind = choose(&optimizer_kind, "optimizer", c->optimizer, &t->optim[i].conf);
	}
	const struct plugin *schedule = choose(&schedule_kind, "schedule", c->schedule, &conf);
	schedule_init(&t->schedule, schedule, conf, c->lr, c->iters, c->valid_every);
	t->type = !strcmp(c->precision, "bf16") ? F_BF16 : F_REAL;
	t->fold = t->net->dims(t->net_conf) == 2;
}

static void print_bytes(const char *name, double bytes) { printf("%s\t%.1f MiB\n", name, bytes / (1 << 20)); }

static void dry_run(struct trainer *t)
{
	const struct feed_conf fc = trainer_feed(t);
	struct batch b;
	struct err e;
	double parameters = 0, trainable = 0;

	if (feed_first(feed_open(&fc), &b, &e))
		die(PM_FAIL, "%s", e.msg);
	trainer_declare(t, b.channels);
	const size_t maps = trainer_measure(t, &b);
	for (int i = 0; i < t->agent->nets; i++) {
		parameters += (double)(t->ps[i].trainable + t->ps[i].total);
		trainable += (double)t->ps[i].trainable;
	}
	printf("batch\t%lldx%lldx%lldx%lldx%lld\n", (long long)b.n, (long long)b.channels, (long long)b.size[0],
		(long long)b.size[1], (long long)b.size[2]);
	printf("parameters\t%.0f\ntrainable\t%.0f\n", parameters, trainable);
	print_bytes("weights, gradients, moments", (double)trainer_weights(t));
	print_bytes("feature maps", (double)maps);
	close_stdout();
}

static struct predictor *open_predictor(struct trainer *t)
{
	const struct numbers *w = &t->conf->window;
	struct predict_conf p = {
		.net = t->net, .net_conf = t->net_conf, .classes = t->conf->classes, .members = t->members,
		.backend = t->be, .type = t->type,
	};
	struct err e;

	for (int i = 0; i < p.members; i++)
		p.member[i] = &t->ps[t->first + i];
	for (int i = 0; i < w->n; i++)
		p.window[3 - w->n + i] = (int64_t)w->v[i];
	struct predictor *made = predictor_open(&p, &e);
	if (!made)
		die(PM_USAGE, "--window: %s", e.msg);
	return made;
}

/* A folder that we made and put nothing into goes when we fail. */
static void remove_empty(void *path, enum status status, const char *why)
{
	(void)status, (void)why;
	rmdir(path);
}

/* One run at a time in a folder; the lock ends with the process. */
static void lock_folder(const char *path)
{
	struct err e;

	if (access(path, F_OK))
		at_die(remove_empty, (void *)path);
	if (make_folder(path, &e))
		die(PM_FAIL, "%s", e.msg);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(PM_FAIL, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		die(PM_USAGE, "%s: another pymic-train is at work here: choose another -o", path);
}

int main(int argc, char **argv)
{
	static struct conf c;
	static struct trainer t;
	struct meta about = { .buf = NULL };

	char **operand;

	threads_settle(argv);
	const int operands = opt_parse(&tool, &c, argc, argv, &operand);
	if (c.position) {
		checkpoint_position(c.position);
		close_stdout();
		quit(PM_OK);
	}
	augment_init(&t, &c, operand, operands);
	trainer_init(&t, &c);
	settings_check(&c, &t);
	network_check(&t);
	const bool tf32 = !strcmp(c.precision, "tf32");
	t.be = device_choose(c.device, c.fast, tf32);
	if (tf32 && t.be == &backend_cpu)
		note("--precision tf32 is for GPUs; the processor computes in f32");
	struct pace pace = pace_parse(c.checkpoint_every);
	struct predictor *predictor = open_predictor(&t);
	t.threads = threads_use(c.threads);
	if (c.dry_run) {
		dry_run(&t);
		quit(PM_OK);
	}
	settings_init(&c);
	lock_folder(c.output);
	t.resumed = checkpoint_resume(&c, &about);
	if (t.resumed)
		checkpoint_read(&t, &about);
	if (trainer_finished(&t))
		note("%s: this run is finished after %lld iterations", c.output, (long long)t.state.iter);
	else
		train(&t, predictor, pace);
	log_close();
	quit(PM_OK); /* the thread that reads the input may still wait for it */
}
