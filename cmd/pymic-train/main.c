/* main.c: pymic-train: network x loss x agent x optimizer, one loop. */
#include "checkpoint.h"
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
static void network_check(const struct trainer *t, const struct arch *a)
{
	struct params scratch = { .n = 0 };

	const int outputs = predict_declare(a, t->conf->classes, 1, &scratch), branches = arch_branches(a);
	if (branches < t->agent->branches || outputs / branches < t->agent->scales)
		die(PM_USAGE, "--agent %s needs a network of %d decoders that predict at %d scales, or more; %s has %d, at %d (see --list)",
			t->agent->p.name, t->agent->branches + !t->agent->branches, t->agent->scales + !t->agent->scales, a->net->p.name, branches,
			outputs / branches);
	if (t->agent->maps && arch_whole(a))
		die(PM_USAGE, "--agent %s learns from maps, but --net %s says one class of the whole image", t->agent->p.name, a->net->p.name);
	if (t->agent->from_images && !a->net->features)
		die(PM_USAGE, "--agent %s needs a network with an encoder of its own, which %s has not (see --list)", t->agent->p.name, a->net->p.name);
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

/* Trained networks come first, then critics, teachers, averages of trained networks. */
static void sets_count(struct trainer *t)
{
	const int own = t->agent->nets, teachers = agent_teachers(t->agent, t->run.conf);
	const bool average = !strcmp(t->conf->evaluate, "average"), kept = t->conf->ema > 0 || t->conf->swa_start > 0;

	t->trained = own + t->agent->critics;
	t->sets = t->trained + teachers + (kept ? own : 0);
	t->members = own;
	if (average && kept) {
		t->first = t->trained + teachers;
	} else if (average && teachers) {
		t->first = t->trained;
		t->members = teachers;
	}
}

/* One for all that are trained, or one for each. */
static void networks_init(struct trainer *t)
{
	struct arch *a = t->run.arch;
	struct err e;
	const int n = archs_parse(t->conf->net, a, PM_NETS, &e);

	if (n < 0)
		die(PM_USAGE, "--net: %s", e.msg);
	if (n > 1 && n != t->agent->nets)
		die(PM_USAGE, "--net: %d networks, but --agent %s trains %d", n, t->agent->p.name, t->agent->nets);
	for (int i = n; i < t->agent->nets; i++)
		a[i] = a[0];
	t->fold = arch_dims(a) == 2;
}

/* What the agent is lent: trained networks, teachers, those of model files, critics. */
static void lend(struct trainer *t)
{
	const int own = t->agent->nets, both = own + agent_teachers(t->agent, t->run.conf);
	struct run *r = &t->run;

	for (int i = 0; i < both; i++) {
		r->arch[i] = r->arch[i < own ? i : i - own];
		r->ps[i] = &t->ps[i < own ? i : t->trained + i - own];
	}
	given_open(&t->given, t->agent, r, both);
	t->networks = both + t->given.nets;
	for (int i = 0; i < t->agent->critics; i++)
		r->ps[t->networks + i] = &t->ps[own + i];
}

static void trainer_init(struct trainer *t, struct conf *c)
{
	struct err e;
	void *conf;

	t->agent = (const struct agent *)choose(&agent_kind, "agent", c->agent, &conf);
	c->classes = (t->agent->error || t->agent->from_images) && !c->classes ? 1 : c->classes;
	t->conf = c;
	t->run = (struct run){
		.classes = c->classes, .deep_mode = c->deep_mode, .apart = c->norm_apart,
		.deep_weights = &c->deep_weights, .conf = conf, .iters = c->iters, .seed = (uint64_t)c->seed,
	};
	t->remembers = t->agent->remembers ? t->agent->remembers(conf) : 0;
	t->run.loss.n = spec_sum_parse(&loss_kind, c->loss, t->run.loss.part, (int)PM_COUNT(t->run.loss.part), &e);
	if (t->run.loss.n < 1)
		die(PM_USAGE, "--loss: %s", e.msg);
	networks_init(t);
	sets_count(t);
	for (int i = 0; i < t->trained; i++) {
		const char *spec = i < t->agent->nets ? c->optimizer : t->agent->stepping(t->run.conf).optimizer;
		t->optim[i].kind = choose(&optimizer_kind, "optimizer", spec, &t->optim[i].conf);
	}
	const struct plugin *schedule = choose(&schedule_kind, "schedule", c->schedule, &conf);
	schedule_init(&t->schedule, schedule, conf, c->lr, c->iters, c->valid_every);
	t->type = !strcmp(c->precision, "bf16") ? F_BF16 : F_REAL;
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
	for (int i = 0; i < t->trained; i++) {
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
		.classes = t->conf->classes, .members = t->members, .backend = t->be, .type = t->type,
	};
	struct err e;

	for (int i = 0; i < p.members; i++) {
		p.arch[i] = t->run.arch[i];
		p.member[i] = trainer_judged(t, i);
	}
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
	for (int i = 0; i < t.agent->nets; i++)
		network_check(&t, &t.run.arch[i]);
	lend(&t);
	const bool tf32 = !strcmp(c.precision, "tf32");
	t.be = device_choose(c.device, c.fast, tf32);
	if (tf32 && t.be == &backend_cpu)
		note("--precision tf32 is for GPUs; the processor computes in f32");
	/* What a validation decides waits for it, and the processor has nothing to do beside it. */
	t.ahead = c.valid && t.be->available && !t.agent->error && !c.early_stop && strcmp(t.schedule.kind->name, "plateau");
	struct pace pace = pace_parse(c.checkpoint_every);
	struct predictor *predictor = open_predictor(&t);
	threads_use(c.threads);
	if (c.dry_run) {
		dry_run(&t);
		quit(PM_OK);
	}
	settings_init(&t);
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
