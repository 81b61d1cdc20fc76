/* words.c: @FILE on the command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt_impl.h"

struct kept {
	struct kept *next;
	void *p;
};
static struct kept *kept;

void *keep(void *p)
{
	struct kept *k = xmalloc(sizeof *k);
	k->p = p;
	do
		k->next = __atomic_load_n(&kept, __ATOMIC_SEQ_CST);
	while (!__atomic_compare_exchange_n(&kept, &k->next, k, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return p;
}

struct list {
	char **word;
	int n, cap;
	int files; /* read so far: a file that names itself must end */
};

static void add(struct list *l, char *word)
{
	if (l->n + 1 >= l->cap) {
		l->cap = l->cap ? 2 * l->cap : 32;
		l->word = xresize(l->word, l->cap, sizeof *l->word);
	}
	l->word[l->n++] = word;
	l->word[l->n] = NULL;
}

/* A whole small file as text; NULL with e filled. */
static char *slurp(const char *path, struct err *e)
{
	enum { MAX = 1 << 20 };
	FILE *fp = fopen(path, "re");
	if (!fp)
		return err_set(e, "@%s: %s", path, strerror(errno)), NULL;
	char *text = xmalloc(MAX + 1);
	size_t n = fread(text, 1, MAX + 1, fp);
	bool bad = ferror(fp);
	fclose(fp);
	if (bad)
		err_set(e, "@%s: cannot be read", path);
	else if (n > MAX)
		err_set(e, "@%s: more than %d bytes, which is no list of arguments", path, MAX);
	else if (memchr(text, '\0', n))
		err_set(e, "@%s: holds zero bytes, so it is no list of arguments", path);
	else {
		text[n] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/* Takes one word from *at, unquoted in place as sh does it. 1: a word, 0: none left, -1: a quote is not closed. */
static int next_word(char **at, char **word)
{
	char *s = *at, *out;
	for (;;) {
		s += strspn(s, " \t\r\n");
		if (*s == '#')
			s += strcspn(s, "\n");
		else if (s[0] == '\\' && s[1] == '\n') /* a line that goes on */
			s += 2;
		else
			break;
	}
	if (!*s)
		return 0;
	*word = out = s;
	char quote = '\0';
	for (; *s && (quote || !strchr(" \t\r\n", *s)); s++) {
		if (*s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else if (*s == '\\' && s[1] && (!quote || (quote == '"' && strchr("\"\\$`\n", s[1])))) {
			if (*++s != '\n')
				*out++ = *s;
		} else
			*out++ = *s;
	}
	bool more = *s;
	*out = '\0';
	*at = more ? s + 1 : s;
	return quote ? -1 : 1;
}

static int expand(struct list *l, char *word, struct err *e)
{
	if (word[0] != '@' || !word[1]) {
		add(l, word);
		return 0;
	}
	if (l->files++ == 100)
		return err_set(e, "%s: more than 100 argument files: does one name itself?", word);
	char *text = slurp(word + 1, e), *at = text, *w;
	int got = 0;
	if (!text)
		return -1;
	keep(text);
	while ((got = next_word(&at, &w)) > 0)
		if (expand(l, w, e))
			return -1;
	return got < 0 ? err_set(e, "%s: a quote is not closed", word) : 0;
}

char **words_expand(int argc, char **argv, int *n, struct err *e)
{
	struct list l = {0};
	bool literal = false;
	for (int i = 0; i < argc; i++) {
		literal |= i > 0 && !strcmp(argv[i], "--");
		if (i == 0 || literal)
			add(&l, argv[i]);
		else if (expand(&l, argv[i], e))
			return NULL;
	}
	if (!l.n)
		add(&l, keep(xstrdup(pm_tool)));
	keep(l.word);
	*n = l.n;
	return l.word;
}
