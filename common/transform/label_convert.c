/* label_convert.c: other numbers for the classes. */
#include "transform/grid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	const char *map;
	struct numbers others;
};

static const struct opt opts[] = {
	OPT_STRING(struct conf, map, 0, "A=B,...", "", "label A becomes B (A>B is the same); x separates too"),
	OPT_NUMBER(struct conf, others, 0, "N", "", -1e9, 1e9, "what labels become that are no A; none given: they stay"),
	OPT_END,
};

enum { PAIRS = 256, PIECE = 4096 };

struct pairs {
	int n;
	bool others_stay;
	int64_t others;
	int64_t from[PAIRS], to[PAIRS];
};

static int number(const char **s, int64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoll(*s, &end, 10);
	if (end == *s || errno || strchr(" \t\n+", **s))
		return -1;
	*s = end;
	return 0;
}

static int parse(const char *map, struct pairs *p, struct err *e)
{
	const char *s = map;

	for (p->n = 0; *s || p->n == 0; p->n++) {
		if (p->n == PAIRS)
			return err_set(e, "map has more than %d pairs", PAIRS);
		bool good = !number(&s, &p->from[p->n]) && (*s == '=' || *s == '>');

		s += good;
		if (!good || number(&s, &p->to[p->n]) || (*s && !strchr(",x", *s)) || (*s && !s[1]))
			return err_set(e, "map \"%s\": pairs like 205=1,420=2 are needed", map);
		s += *s != 0;
	}
	return 0;
}

static int pairs_of(const struct conf *c, struct pairs *p, struct err *e)
{
	if (c->others.n > 1)
		return err_set(e, "others has %d numbers: give one", c->others.n);
	p->others_stay = !c->others.n;
	p->others = c->others.n ? (int64_t)c->others.v[0] : 0;
	return parse(c->map, p, e) ? -1 : whole_numbers(&c->others, "others", e);
}

static int check(const void *conf, struct err *e)
{
	struct pairs p;

	return pairs_of(conf, &p, e);
}

/* Pairs are looked up with the original value: 1=2,2=1 exchanges. The last pair of a value counts. */
static int64_t look_up(const struct pairs *p, int64_t v)
{
	for (int i = p->n - 1; i >= 0; i--)
		if (p->from[i] == v)
			return p->to[i];
	return p->others_stay ? v : p->others;
}

static void replace(struct tensor *t, const struct pairs *p)
{
	int64_t piece[PIECE], n = tensor_count(t), last = 0, becomes = look_up(p, 0);

	for (int64_t at = 0; at < n; at += PIECE) {
		int64_t part = n - at < PIECE ? n - at : PIECE;
		void *data = (char *)t->data + (size_t)at * dtype_size(t->dtype);

		convert(piece, PM_I64, data, t->dtype, part);
		for (int64_t i = 0; i < part; i++) {
			if (piece[i] != last) {
				last = piece[i];
				becomes = look_up(p, last);
			}
			piece[i] = becomes;
		}
		convert(data, t->dtype, piece, PM_I64, part);
	}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	struct tensor *t = record_get(r, "label");
	struct pairs p;

	(void)rng;
	if (pairs_of(conf, &p, e))
		return -1;
	if (!t)
		return 0;
	for (int i = 0; i <= p.n; i++) {
		const int64_t becomes = i < p.n ? p.to[i] : p.others;
		uint64_t stored;
		int64_t back;

		convert(&stored, t->dtype, &becomes, PM_I64, 1);
		convert(&back, PM_I64, &stored, t->dtype, 1);
		if (back != becomes)
			return err_set(e, "label is of type %s and cannot hold %" PRId64, dtype_name(t->dtype), becomes);
	}
	replace(t, &p);
	return 0;
}

const struct transform transform_label_convert = {
	{ "label_convert", "give classes other numbers", NULL, opts, sizeof(struct conf) },
	.apply = apply, .check = check,
};
