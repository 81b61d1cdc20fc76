/* sidecar.c: see sidecar.h. */
#include "io/sidecar.h"
#include "io/raster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sizes of voxels, z, y, x. */
static int set_spacing(const double *v, int n, struct geometry *g)
{
	double mm[3] = { 1, 1, 1 };
	if (n < 1 || n > 3)
		return -1;
	for (int i = 0; i < 3; i++)
		mm[i] = n == 1 ? v[0] : i < 3 - n ? 1 : v[i - (3 - n)];
	for (int i = 0; i < 3; i++)
		if (!(mm[i] > 1e-9 && mm[i] < 1e9))
			return -1;
	geometry_spacing(g, mm);
	return 0;
}

int spacing_parse(const char *text, struct geometry *g, struct err *e)
{
	double v[3];
	int n = numbers_of(text, "x,", v, 3);
	if (set_spacing(v, n, g) != 0)
		return err_set(e, "spacing '%s': expected mm as ZxYxX, YxX or one number, such as 5x0.7x0.7", text);
	return 0;
}

/* The text behind a key of the outermost object, or NULL. */
static const char *value_of(const char *s, const char *key)
{
	size_t n = strlen(key);
	int depth = 0;
	for (; *s; s++) {
		depth += (*s == '{' || *s == '[') - (*s == '}' || *s == ']');
		if (*s != '"')
			continue;
		const char *word = ++s;
		while (*s && *s != '"')
			s += *s == '\\' && s[1] ? 2 : 1;
		if (!*s)
			return NULL;
		const char *next = s + 1 + strspn(s + 1, " \t\r\n");
		if (depth == 1 && *next == ':' && (size_t)(s - word) == n && !memcmp(word, key, n))
			return next + 1 + strspn(next + 1, " \t\r\n");
	}
	return NULL;
}

static int parse(const char *text, struct geometry *g)
{
	const char *s = value_of(text, "spacing"), *end = s && *s == '[' ? strchr(s, ']') : NULL;
	double v[3];
	char list[128];
	if (!s)
		return 0; /* a file about something else */
	if (!end || end - s >= (long)sizeof(list))
		return -1;
	snprintf(list, sizeof(list), "%.*s", (int)(end - s - 1), s + 1);
	int n = numbers_of(list, ",\r\n", v, 3);
	return set_spacing(v, n, g);
}

int sidecar_read(const char *path, struct geometry *g, struct err *e)
{
	char *beside = xprintf("%.*s.json", (int)volume_stem(path), path);
	struct header *text = NULL;
	int failed = 0;
	if (access(beside, F_OK) == 0) {
		text = xmalloc(sizeof(*text));
		failed = header_read(text, beside, e);
		if (!failed && text->len < HEADER_MOST && parse(text->text, g) != 0) /* a longer one is about something else */
			failed = err_set(e, "%s: its \"spacing\" is not [z, y, x] in mm", beside);
	}
	free(text);
	free(beside);
	return failed ? -1 : 0;
}
