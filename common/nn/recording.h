/*
 * recording.h: steps that start the same work each time. The first one runs, which makes all that is kept from step to step;
 * the second is recorded, where the backend can, and from then on the recording is replayed.
 */
#ifndef PM_RECORDING_H
#define PM_RECORDING_H

#include "nn/graph.h"

struct recording {
	struct graph *g;
	struct record *held; /* NULL: there is none yet */
	bool warm, never;    /* a step of this kind has run; it cannot be recorded */
};

/*
 * A step. step(arg) resets g, makes its nodes, the inputs first, and starts what else there is; all that differs from the
 * last step lies in the backend's memory: there by optim_put, here by graph_feed. host: of the inputs, in the order of their
 * making. Where a recording is replayed, nodes are those of the recorded step, in the same places.
 */
void recording_run(struct recording *r, void (*step)(void *arg), void *arg, const void *const *host);
void recording_drop(struct recording *r); /* the next step is another: of another shape, or in another arena */

/* Host data for the inputs of the last step, and the key of its dropout masks. */
void graph_feed(struct graph *g, const void *const *host);

#endif
