/* plan_cache.h: which of a library's algorithms was the fastest for what, kept in a file from run to run. */
#ifndef PM_PLAN_CACHE_H
#define PM_PLAN_CACHE_H

/*
 * Reads name.tsv in $XDG_CACHE_HOME/pymic, else $HOME/.cache/pymic; PYMIC_CUDNN_CACHE=FILE names another, an empty one none.
 * Lines are key, tab, value. A file that cannot be read is as good as none, one that cannot be written a detail().
 */
void plan_cache_open(const char *name);

/* The value, until the next call of plan_cache_put, or NULL. It comes from outside: look it up among what may be. */
const char *plan_cache_get(const char *key);

/* Keys and values are printable ASCII. */
void plan_cache_put(const char *key, const char *value);

#endif
