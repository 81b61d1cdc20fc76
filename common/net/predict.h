/*
 * predict.h: a network applied to one image of any size: padded to what the network can take, window by window where a
 * window is set, flipped copies and several networks averaged, 2-D ones slice by slice. pymic-infer predicts with it,
 * pymic-train validates with it.
 */
#ifndef PM_PREDICT_H
#define PM_PREDICT_H

#include "net/net.h"

enum { PM_MEMBERS = 16 };

struct predict_conf {
	struct arch arch[PM_MEMBERS];      /* the network of each member; all 2-D or all 3-D; all segment or none */
	struct params *member[PM_MEMBERS]; /* borrowed, frozen on backend; several are an ensemble: the mean of their logits */
	int members, classes;
	const struct backend *backend;
	enum ftype type;    /* of feature maps: F_REAL or F_BF16 */
	int64_t window[3];  /* D,H,W; 0: the whole axis. A 2-D network ignores D */
	int64_t stride[3];  /* 0: half of the window */
	int64_t batch;      /* windows (2-D: slices of windows) computed at once; 0: 8 for a 2-D network, else 1 */
	size_t memory;      /* bytes that a GPU's context, weights, feature maps and planes may take, else batches are smaller; 0: what is free */
	bool flip;          /* the mean over the image, and it flipped along W, along H, along both */
};

struct predictor;

/* NULL with e when a window or stride is impossible. *conf is copied; what it points to must outlive the predictor. */
struct predictor *predictor_open(const struct predict_conf *conf, struct err *e);

/* Finished planes first.. of an image, logits [planes,classes,plane], in the backend's memory. */
struct slab {
	const struct backend *backend;
	int64_t first, planes, depth, classes, plane; /* depth: planes of the image; plane: H*W */
	real *logits;
	uint8_t *room; /* the backend's too, for slab_classes */
};

typedef void emit_slab(void *arg, const struct slab *s);

/* What can be done with one: logits may be changed in place; what leaves goes to its place in a host array of the image. */
bool slab_finite(const struct slab *s); /* Is no value infinite or NaN? */
void slab_softmax(const struct slab *s);
void slab_classes(const struct slab *s, uint8_t *label); /* of the highest value: [D,H,W] */
void slab_values(const struct slab *s, float *values);   /* [classes,D,H,W] */

/*
 * image [C,D,H,W], host memory: emit is called with one slab of planes after another, from the first to the last, as soon as
 * no further window touches them. Axes that the network cannot take are padded on both sides with their mirror image (the
 * edge not repeated) and cut back. Windows overlap and are weighted by a Gaussian, sigma = window / 8.
 * A network that classifies gives one slab of one pixel: the mean over all windows.
 */
void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3], emit_slab *emit, void *arg);

/* The same in pieces: each call runs some windows; false: there are no more. The image must stay as long. */
void predictor_begin(struct predictor *p, const float *image, int64_t channels, const int64_t size[3]);
bool predictor_more(struct predictor *p, emit_slab *emit, void *arg);

/*
 * Bytes of planes of images and of their sums that are held at a time. Where windows are set (2-D: always) neither
 * these nor the arena grow with D.
 */
size_t predictor_held(const struct predictor *p);
void predictor_close(struct predictor *p);

/* Declares the parameters of a network for images of so many channels: then params_freeze, then model_read. Returns its outputs. */
int predict_declare(const struct arch *a, int classes, int64_t channels, struct params *ps);

#endif
