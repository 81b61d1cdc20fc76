/*
 * model.h: a model file (.pmm) is a stream of kind "model": a first record "model" whose meta says what it is (net: the
 * spec as typed, nets, classes, channels, precision, iteration, metric, and for a checkpoint the state of the run), then
 * one record per parameter and network: id = "0/encoder.in_conv...", field value, and in a checkpoint moment0, moment1.
 */
#ifndef PM_MODEL_H
#define PM_MODEL_H

#include "nn/optim.h"
#include "tensor/record.h"

/*
 * Writes beside, syncs, renames. optim may be NULL (weights alone), and so may one of them (a set that is not trained). Dies
 * on failure; the old file is then untouched.
 */
void model_write(const char *path, const struct meta *about, const struct params *const *nets, const struct optim *const *optim, int n);

/* The first record's meta only. 0, or -1 with e. */
int model_about(const char *path, struct meta *about, struct err *e);

/*
 * Fills frozen parameters (and optimizer states, where optim is not NULL) by name; every name and shape must be there.
 * net: which network of the file goes into nets[0], nets[1] ...: they are numbered from 0 in both. 0, or -1 with e.
 */
int model_read(const char *path, struct params *const *nets, struct optim *const *optim, int n, struct err *e);

/*
 * Of network number `net` of the file what fits into these frozen parameters: the tensors whose name begins with prefix and
 * is known here, with the same shape. taken [ps->n]: which they were. 0, or -1 with e.
 */
int model_take(const char *path, int net, const char *prefix, struct params *ps, bool *taken, struct err *e);

#endif
