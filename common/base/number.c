/* number.c: text to numbers, whatever the locale; and the values of options. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_impl.h"

static locale_t c_locale(void)
{
	static locale_t c;
	if (!c)
		c = newlocale(LC_ALL_MASK, "C", NULL);
	return c;
}

/* Made before there are threads. */
__attribute__((constructor)) static void make_locale(void)
{
	c_locale();
}

int parse_number(const char *s, double *v)
{
	/* strtod would also take blanks, hexadecimal, "inf" and "nan". */
	if (!*s || s[strspn(s, "0123456789+-.eE")])
		return -1;
	char *end;
	double x = strtod_l(s, &end, c_locale());
	if (*end || end == s || !isfinite(x))
		return -1;
	*v = x;
	return 0;
}

int parse_size(const char *s, int64_t *bytes)
{
	static const char units[] = "KMGT";
	size_t n = strlen(s);
	char digits[40];
	double v, scale = 1;
	if (n > 1 && (s[n - 1] == 'B' || s[n - 1] == 'b'))
		n--;
	const char *u = n > 1 ? strchr(units, toupper((unsigned char)s[n - 1])) : NULL;
	if (u && *u) {
		scale = ldexp(1, 10 * (int)(u - units + 1));
		n--;
	}
	if (n >= sizeof digits)
		return -1;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (parse_number(digits, &v) || v < 0 || v * scale >= 0x1p62)
		return -1;
	*bytes = (int64_t)(v * scale);
	return 0;
}

static int bad_range(const struct opt *o, struct err *e)
{
	if (!isfinite(o->hi) || o->hi >= 1e18)
		return err_set(e, "must be at least %.15g", o->lo);
	if (!isfinite(o->lo) || o->lo <= -1e18)
		return err_set(e, "must be at most %.15g", o->hi);
	return err_set(e, "must be from %.15g to %.15g", o->lo, o->hi);
}

static bool in_range(const struct opt *o, double v)
{
	return (o->lo == 0 && o->hi == 0) || (v >= o->lo && v <= o->hi);
}

static int number_in_range(const struct opt *o, const char *s, double *v, struct err *e)
{
	if (parse_number(s, v))
		return err_set(e, "'%s' is not a number", s);
	if (!in_range(o, *v))
		return bad_range(o, e);
	return 0;
}

static int set_integer(const struct opt *o, void *at, const char *s, struct err *e)
{
	double v;
	int64_t i = 0;
	if (number_in_range(o, s, &v, e))
		return -1;
	if (v != floor(v))
		return err_set(e, "'%s' is not a whole number", s);
	errno = 0;
	if (!s[strspn(s, "0123456789+-")])
		i = strtoll(s, NULL, 10); /* all 64 bits, where a double has 53 */
	else if (v >= -0x1p63 && v < 0x1p63)
		i = (int64_t)v;
	else
		errno = ERANGE;
	if (errno || (o->type == OPT_INT && (i < INT32_MIN || i > INT32_MAX)))
		return err_set(e, "'%s' is too large", s);
	if (o->type == OPT_INT)
		*(int *)at = (int)i;
	else
		*(int64_t *)at = i;
	return 0;
}

static int set_numbers(const struct opt *o, struct numbers *out, const char *s, struct err *e)
{
	struct numbers list = {0};
	while (*s) {
		char one[64];
		size_t n = strcspn(s, ",x");
		if (n >= sizeof one)
			return err_set(e, "'%s' is not a list of numbers", s);
		memcpy(one, s, n);
		one[n] = '\0';
		if (list.n == (int)PM_COUNT(list.v))
			return err_set(e, "more than %zu numbers", PM_COUNT(list.v));
		if (number_in_range(o, one, &list.v[list.n++], e))
			return -1;
		s += n;
		if (*s && !*++s)
			return err_set(e, "a number is missing at the end of the list");
	}
	*out = list;
	return 0;
}

static int set_flag(bool *at, const char *s, struct err *e)
{
	static const char *const words[] = {"0", "1", "no", "yes", "off", "on", "false", "true"};
	for (size_t i = 0; i < PM_COUNT(words); i++)
		if (!strcmp(s, words[i])) {
			*at = i & 1;
			return 0;
		}
	return err_set(e, "'%s' is neither 0 nor 1", s);
}

static int check_choice(const struct opt *o, const char *s, struct err *e)
{
	size_t n = strlen(s);
	for (const char *w = o->choice; w; w = strchr(w, '|') ? strchr(w, '|') + 1 : NULL)
		if (n == strcspn(w, "|") && !strncmp(w, s, n))
			return 0;
	return err_set(e, "'%s' is none of %s", s, o->choice);
}

int opt_set(const struct opt *o, void *conf, const char *value, struct err *e)
{
	void *at = (char *)conf + o->off;
	double v;
	switch (o->type) {
	case OPT_FLAG:
		return set_flag(at, value, e);
	case OPT_INT:
	case OPT_I64:
		return set_integer(o, at, value, e);
	case OPT_FLOAT:
		if (number_in_range(o, value, &v, e))
			return -1;
		*(float *)at = (float)v;
		return isfinite(*(float *)at) ? 0 : err_set(e, "'%s' is too large", value);
	case OPT_DOUBLE:
		return number_in_range(o, value, at, e);
	case OPT_TEXT:
		if (o->choice && check_choice(o, value, e))
			return -1;
		*(const char **)at = value;
		return 0;
	case OPT_TEXTS: {
		struct texts *t = at;
		if (o->choice && check_choice(o, value, e))
			return -1;
		if (t->n == (int)PM_COUNT(t->v))
			return err_set(e, "given more than %zu times", PM_COUNT(t->v));
		t->v[t->n++] = value;
		return 0;
	}
	case OPT_NUMBERS:
		return set_numbers(o, at, value, e);
	}
	abort();
}

static void clear(void *at, enum opt_type type)
{
	static const size_t size[] = {
		[OPT_FLAG] = sizeof(bool), [OPT_INT] = sizeof(int), [OPT_I64] = sizeof(int64_t), [OPT_FLOAT] = sizeof(float),
		[OPT_DOUBLE] = sizeof(double), [OPT_TEXT] = sizeof(char *), [OPT_TEXTS] = sizeof(struct texts),
		[OPT_NUMBERS] = sizeof(struct numbers),
	};
	memset(at, 0, size[type]);
}

/* conf may be uninitialised: a field without default becomes 0, NULL or an empty list. */
void opt_defaults(const struct opt *opts, void *conf)
{
	struct err e;
	char name[PM_OPT_NAME];
	for (const struct opt *o = opts; o && o->name; o++)
		clear((char *)conf + o->off, o->type);
	for (const struct opt *o = opts; o && o->name; o++)
		if (o->dflt && !(o->type == OPT_TEXTS && !*o->dflt) && opt_set(o, conf, o->dflt, &e))
			die(PM_FAIL, "the default of %s is wrong: %s", opt_typed(o, name), e.msg);
}
