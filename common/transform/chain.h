/* chain.h: transforms one after the other, as pymic-augment and pymic-train --augment do them. */
#ifndef PM_CHAIN_H
#define PM_CHAIN_H

#include "transform/action.h"
#include "transform/transform.h"

enum { CHAIN_STEPS = 64 };

struct chain {
	uint64_t seed; /* draws depend on it, the sample's id and epoch, and the step's number */
	int n;
	struct {
		const struct transform *t;
		void *conf;
	} step[CHAIN_STEPS];
};

/* From n words "name:k=v". -1 with e. */
int chain_parse(struct chain *c, char *const *word, int n, struct err *e);
/* How many steps must be done, from the first on, before the rest can be drawn without a look at the voxels. */
int chain_whole(const struct chain *c);
/* Does steps from..to-1. -1 with e. */
int chain_apply(const struct chain *c, int from, int to, struct record *r, struct err *e);
/* Draws what the steps behind chain_whole do; r's geometry moves as if it had been done, its fields stay. -1 with e. */
int chain_draw(const struct chain *c, struct record *r, struct actions *to, struct err *e);

#endif
