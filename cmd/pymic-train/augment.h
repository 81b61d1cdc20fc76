/* augment.h: --augment on a device: samples are drawn for where they are read, and changed in the device's memory. */
#ifndef AUGMENT_H
#define AUGMENT_H

#include "nn/backend.h"
#include "transform/chain.h"

/* A sample as it was read, image f32, label u8, weight f32, and what is still to be done to it. */
struct drawn {
	struct record r;
	struct actions to_do;
	bool counts; /* its weights were integers: they are not interpolated */
};

struct batch;
struct augmenter;

struct augmenter *augmenter_open(const struct backend *be);
size_t augmenter_more(const struct augmenter *a, const struct batch *b); /* bytes that a run takes beyond those that it holds */
/* Makes the samples of the batch what they shall be, and the batch's pointers those of the device's memory, valid until the next. */
void augmenter_run(struct augmenter *a, struct batch *b);

#endif
