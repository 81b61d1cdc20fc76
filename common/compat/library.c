/* library.c: the table of libraries. */
#include "compat/library.h"

static const struct plugin *const plugins[] = {
#define LIBRARY(name) &library_##name.p,
#include "compat/list.h"
#undef LIBRARY
	NULL,
};

const struct kind library_kind = { "compat", plugins };
