/* pymic-augment: samples in, transformed samples out; or, with --undo, back on the grid they came from. */
#include "base/opt.h"
#include "io/pool.h"
#include "transform/chain.h"

#include <stdlib.h>
#include <string.h>

struct conf {
	const char *output;
	int64_t seed;
	int threads;
	bool undo;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, output, 'o', "FILE", "-", "write the stream to FILE instead of stdout"),
	OPT_NUMBER(struct conf, seed, 's', "N", "0", 0, 9e15, "seed of all that is drawn"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "1", 1, 256, "threads; the result does not depend on it"),
	OPT_SWITCH(struct conf, undo, 'u', "walk back all that was done to the grid; no transform is named then"),
	OPT_END,
};

static const struct kind *const kinds[] = { &transform_kind, NULL };

static const struct tool tool = {
	.name = "pymic-augment",
	.summary = "transform samples",
	.synopsis = "TRANSFORM...",
	.opts = opts,
	.kinds = kinds,
	.more = "Transforms are done in the order given, each as name or name:setting=value:setting=value. Lists are written\n"
		"6x256x256, or 6,256,256 in the last setting. --list shows the transforms, --help=transform:NAME one of them.\n"
		"The same seed, epoch and case give the same result, whatever -j is and whatever else is in the stream.\n\n"
		"  pymic-load train.csv --epochs 0 --shuffle |\n"
		"      pymic-augment normalize pad:size=6,256,256 crop:size=4,192,192 flip gamma noise\n",
};

static int forward(struct record *r, void *arg, struct err *e)
{
	const struct chain *c = arg;

	return chain_apply(c, 0, c->n, r, e);
}

static int back(struct record *r, void *arg, struct err *e)
{
	(void)arg;
	return transform_undo(r, e);
}

/* What travels stays, but transforms may change its type, and make a field that was not there. */
static int fields(struct stream_field *f, const struct stream_head *head, const struct chain *chain)
{
	int n = head->n;

	memcpy(f, head->field, sizeof(head->field));
	for (int i = 0; i < n; i++)
		f[i].dtype = -1;
	for (int i = 0; i < chain->n; i++) {
		const char *made = chain->step[i].t->makes;
		bool there = !made || n == PM_MAX_FIELDS;

		for (int k = 0; k < n; k++)
			there |= made && !strcmp(f[k].name, made);
		if (there)
			continue;
		f[n] = (struct stream_field){ .dtype = -1 };
		snprintf(f[n++].name, sizeof(f->name), "%s", made);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct conf conf;
	struct chain chain = { .n = 0 };
	char **operand;
	struct err e;
	int n = opt_parse(&tool, &conf, argc, argv, &operand);

	if (conf.undo && n)
		die(PM_USAGE, "--undo takes no transforms, but %s was given", operand[0]);
	if (!conf.undo && !n)
		die(PM_USAGE, "no transform was named (--list shows them; --undo walks back)");
	if (chain_parse(&chain, operand, n, &e))
		die(PM_USAGE, "%s", e.msg);
	chain.seed = (uint64_t)conf.seed;

	struct istream *in = istream_stdin("sample|prediction");
	struct stream_field f[PM_MAX_FIELDS];
	int nf = fields(f, istream_head(in), &chain);

	ostream_seed(chain.seed);
	struct ostream *out = ostream_open(conf.output, istream_head(in)->kind, f, nf, istream_head(in));
	struct filter filter = { .threads = conf.threads, .arg = &chain, .work = conf.undo ? back : forward };

	filter_run(&filter, in, out);
	ostream_end(out);
	istream_close(in);
	return PM_OK;
}
