/* infer.h: the settings, and what happens to one case. */
#ifndef INFER_H
#define INFER_H

#include "base/opt.h"
#include "net/predict.h"
#include "tensor/record.h"

struct conf {
	struct texts model;
	const char *output, *tta, *largest, *precision, *device;
	struct numbers window, stride;
	int64_t window_batch, max_gpu_memory;
	int threads;
	bool prob, keep_image, no_undo, fast;
};

struct segmenter {
	const struct conf *conf;
	struct predictor *predictor;
	int64_t channels;
	int classes;
	bool whole;   /* one class of the whole image */
	float *image; /* of a case whose image is no f32; kept for the next */
	size_t image_cap;
};

/*
 * Gives the record its pred, and prob where it is asked for, on the image's own grid. Only prob, and a resampling that has to
 * be undone, take memory for all classes of all voxels.
 */
void segment(struct segmenter *s, struct record *r);

/* table.c: classes of whole images, as CSV. */
void table_open(const char *path, int classes);
void table_row(const struct record *r); /* its pred and prob */
void table_close(void);

#endif
