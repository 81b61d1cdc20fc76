/* library.c: the table of libraries. */
#include "metric/library.h"

#define LIBRARY(name) extern const struct library library_##name;
#include "metric/libraries.h"
#undef LIBRARY

const struct library *const libraries[] = {
#define LIBRARY(name) &library_##name,
#include "metric/libraries.h"
#undef LIBRARY
	NULL,
};

static const struct plugin *const plugins[] = {
#define LIBRARY(name) &library_##name.p,
#include "metric/libraries.h"
#undef LIBRARY
	NULL,
};

const struct kind library_kind = { "compat", plugins };
