/* collate.h: N samples become one batch, as pymic-batch and pymic-train do it. */
#ifndef PM_COLLATE_H
#define PM_COLLATE_H

#include "tensor/record.h"

/*
 * Stacks image (all samples, in this order) and label and weight (the first `labeled` samples, which must have a label).
 * Samples must agree in shape; image is converted to f32, label to u8. meta of the batch: ids (text, one per line), groups
 * [labeled, n - labeled]. 0, or -1 with e naming the case.
 */
int collate(struct record *batch, const struct record *const *sample, int n, int labeled, struct err *e);

#endif
