/* kernels.h: the entries of the backend that are kernels of our own; what they compute is said in nn/backend.h and nn/work.h. */
#ifndef PM_CUDA_KERNELS_H
#define PM_CUDA_KERNELS_H

#include "nn/augmentation.h"
#include "nn/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

void cuda_norm_stats(const struct fmap *z, const struct sharing *share, double *mean, double *var);
void cuda_norm_batch(const double *mean, double *var, int64_t c, int64_t count, double eps, real *running_mean, real *running_var);
void cuda_norm_fixed(double *mean, double *rstd, int64_t c, double eps, const real *running_mean, const real *running_var);
void cuda_norm_act(const struct norm_act *p);
void cuda_norm_act_bwd(const struct norm_act *p, const struct fmap *dy, const struct fmap *dpool, bool fixed, real *dgamma, real *dbeta,
	struct fmap *dz);
void cuda_relayout(struct fmap *y, const struct fmap *x, bool add);
void cuda_space(struct fmap *y, const struct fmap *x, int dims, bool inverse);
void cuda_resample(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add);
void cuda_tile_cut(real *tile, const float *image, int64_t c, const struct tile *t);
void cuda_tile_add(real *planes, const real *tile, int64_t k, const struct tile *t, double scale);
bool cuda_all_finite(const real *x, int64_t n);
void cuda_unary(enum unary f, double a, real *y, const real *x, int64_t n, bool add);
void cuda_binary(enum binary f, real *y, const real *a, const real *b, int64_t n, bool add);
void cuda_sum(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
void cuda_spread(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner, bool add);
void cuda_max(real *y, const real *x, int64_t outer, int64_t mid, int64_t inner);
void cuda_softmax(real *y, const real *x, int64_t n, int64_t k, int64_t v);
void cuda_softmax_bwd(real *dx, const real *y, const real *dy, int64_t n, int64_t k, int64_t v);
void cuda_onehot(real *y, const uint8_t *label, int64_t n, int64_t k, int64_t v);
void cuda_ce(real sum[2], const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
void cuda_ce_bwd(real *dz, const real *dsum, const real *z, const struct target *t, const real *a, int64_t n, int64_t k, int64_t v);
void cuda_overlap(real *sum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
void cuda_overlap_bwd(real *dz, const real *dsum, const real *z, const struct target *t, int64_t n, int64_t k, int64_t v);
void cuda_argmax(uint8_t *y, const real *z, int64_t n, int64_t k, int64_t v);
void cuda_count(double *count, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v);
void cuda_score(double *sum, const real *loss, const real *z, const uint8_t *label, int64_t n, int64_t k, int64_t v);
void cuda_smallest(real *mask, const real *x, const real *among, int64_t n, double share);
double cuda_sum_squares(const real *x, int64_t n);
void cuda_clip(real *g, int64_t n, double most, double *norm);
void cuda_adam(real *w, const real *g, real *m, real *v, int64_t n, const struct adam *p);
void cuda_sgd(real *w, const real *g, real *v, int64_t n, const struct sgd *p);
extern const struct draws cuda_draws;
extern const struct views cuda_views;
extern const struct regions cuda_regions;
extern const struct points cuda_points;

void cuda_warp(void *dst, void *src, enum ftype type, int64_t channels, const struct action *a, int order);
void cuda_change(float *x, int64_t n, const struct action *a);
void cuda_rows(void *y, const void *x, enum ftype type, int64_t n, int64_t c, int64_t slices, int64_t plane);
void cuda_ema(real *y, const real *x, int64_t n, const double *keep);

struct conv *cuda_conv_open(const struct conv_shape *s);
void cuda_conv_close(struct conv *c);
void cuda_conv_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments);
void cuda_conv_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx);
void cuda_conv_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db);

#ifdef __cplusplus
}
#endif
#endif
