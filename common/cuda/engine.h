/*
 * engine.h: the convolutions that a library computes: stride 1, zero padding that keeps the size, channels last.
 * engine.c has them from cuBLASLt and cuDNN; twin.c as plain loops. What is special (first layer, logits) is ours: conv.cu.
 */
#ifndef PM_ENGINE_H
#define PM_ENGINE_H

#include "nn/backend.h"

/*
 * x [n,d,h,w,ic], y [n,d,h,w,oc], weights [oc][taps][ic] with the taps of d, h, w in this order (2-D: d = 1, no taps along it).
 * ic and oc are multiples of 16. The pixels of x and y lie x_pitch and y_pitch >= channels elements apart, images one
 * behind the other. Maps and weights are of `type`, sums are f32.
 */
struct engine_shape {
	int64_t n, ic, oc, size[3];
	int dims, kernel, dilation;
	enum ftype type;
	int64_t x_pitch, y_pitch;
};

struct engine;

#ifdef __cplusplus
extern "C" {
#endif

/* Chooses among the libraries' algorithms by timing them, once per shape and device; the choice is remembered in a file. */
struct engine *engine_open(const struct engine_shape *s);
void engine_close(struct engine *e);

/* bias: [oc], and behind that [oc] in the type of the maps. Both are 16 bytes aligned, as all arrays are. */
void engine_fwd(struct engine *e, const void *x, const void *w, const float *bias, void *y);
void engine_bwd_data(struct engine *e, const void *dy, const void *w, void *dx);             /* writes dx */
void engine_bwd_weights(struct engine *e, const void *x, const void *dy, float *dw);         /* writes dw [oc][taps][ic] */

/* conv.cu's, where the library cannot: adds the bias to each pixel of y; f32 from bf16. */
void cuda_bias_add(void *y, const float *bias, const struct engine_shape *s);
void cuda_widen(float *to, const void *bf16, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
