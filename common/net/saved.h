/* saved.h: the networks of a model file, as pymic-infer takes them and pymic-train takes teachers. */
#ifndef PM_SAVED_H
#define PM_SAVED_H

#include "net/predict.h"

/* What a model file says of itself. */
struct saved {
	char net[1024], precision[16];
	int classes, nets;
	int64_t channels;
	struct arch arch[PM_MEMBERS]; /* of each of the nets */
};

/* 0, or -1 with e: also where it does not segment. */
int saved_about(struct saved *s, const char *path, struct err *e);
/* Fills ps, one for each network and empty before, from the same file: weights on be, for inference. 0, or -1 with e. */
int saved_read(const struct saved *s, const char *path, const struct backend *be, struct params *const *ps, struct err *e);

#endif
