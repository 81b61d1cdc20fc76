/*
 * predict.h: a network applied to one image of any size: padded to what the network can take, window by window where a
 * window is set, flipped copies and several sets of weights averaged, 2-D networks slice by slice. pymic-infer predicts
 * with it, pymic-train validates with it.
 */
#ifndef PM_PREDICT_H
#define PM_PREDICT_H

#include "net/net.h"

enum { PM_MEMBERS = 16 };

struct predict_conf {
	const struct net *net;
	const void *net_conf;
	int classes;
	struct params *member[PM_MEMBERS]; /* borrowed, frozen on backend; several are an ensemble: the mean of their logits */
	int members;
	const struct backend *backend;
	enum ftype type;    /* of feature maps: F_REAL or F_BF16 */
	int64_t window[3];  /* D,H,W; 0: the whole axis. A 2-D network ignores D */
	int64_t stride[3];  /* 0: half of the window */
	int64_t batch;      /* windows (2-D: slices of windows) computed at once; 0: 8 for a 2-D network, else 1 */
	bool flip;          /* the mean over the image, and it flipped along W, along H, along both */
};

struct predictor;

/* NULL with e when a window or stride is impossible. *conf is copied; what it points to must outlive the predictor. */
struct predictor *predictor_open(const struct predict_conf *conf, struct err *e);

/*
 * image [C,D,H,W] -> logits, both host memory: emit is called with one slab of planes after another, from the first to the
 * last, as soon as no further window touches them: logits [planes,classes,H,W] of planes first.., which it may change.
 * Axes that the network cannot take are padded on both sides with their mirror image (the edge not repeated) and cut
 * back. Windows overlap and are weighted by a Gaussian, sigma = window / 8.
 */
void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3],
	void (*emit)(void *arg, int64_t first, int64_t planes, real *logits), void *arg);

/*
 * Bytes of tiles and of planes that wait for more windows, most so far. Where windows are set (2-D: always) neither these
 * nor the arena grow with D.
 */
size_t predictor_held(const struct predictor *p);
void predictor_close(struct predictor *p);

/* Whether no value is infinite or NaN. */
bool predict_finite(const real *x, int64_t n);

/* Declares the parameters of a network for images of so many channels: then params_freeze, then model_read. */
void predict_declare(const struct net *net, const void *net_conf, int classes, int64_t channels, struct params *ps);

#endif
