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
 * image [C,D,H,W] -> logits [classes,D,H,W] (both host memory, the caller's). Axes that the network cannot take are padded
 * on both sides with their mirror image (the edge not repeated) and cut back. Windows overlap and are weighted by a
 * Gaussian, sigma = window / 8. Memory: one arena for the largest batch of windows so far, whatever the image's size.
 */
void predictor_run(struct predictor *p, const float *image, int64_t channels, const int64_t size[3], float *logits);
void predictor_close(struct predictor *p);

/* Declares the parameters of a network for images of so many channels: then params_freeze, then model_read. */
void predict_declare(const struct net *net, const void *net_conf, int classes, int64_t channels, struct params *ps);

/* In place, over the first axis of [k,v]. */
void predict_softmax(float *logits, int64_t k, int64_t v);
/* The first maximum over the first axis of [k,v]; k <= 256. */
void predict_argmax(uint8_t *label, const float *score, int64_t k, int64_t v);

#endif
