/* table.c: the backend that this shared object is. */
#include "cuda/kernels.h"
#include "cuda/runtime.h"
#include "cuda/table.h"

static const struct recorder recorder = {
	.begin = device_record_begin, .end = device_record_end, .replay = device_replay, .free = device_record_free,
};

static const struct augmentation augmentation = { .warp = cuda_warp, .change = cuda_change, .rows = cuda_rows };

/* Nothing is deferred where `own` and `acts` are false. */
const struct backend pymic_table = {
	.name = "cuda", .runs = true, .channels_last = true, .alloc = device_alloc, .free = device_free, .put = device_put, .get = device_get,
	.zero = device_zero, .available = device_available, .overhead = device_overhead,
	.conv_open = cuda_conv_open, .conv_close = cuda_conv_close, .conv_fwd = cuda_conv_fwd,
	.conv_bwd_data = cuda_conv_bwd_data, .conv_bwd_weights = cuda_conv_bwd_weights, .norm_stats = cuda_norm_stats,
	.norm_batch = cuda_norm_batch, .norm_fixed = cuda_norm_fixed, .norm_act = cuda_norm_act, .norm_act_bwd = cuda_norm_act_bwd,
	.tile_cut = cuda_tile_cut, .tile_add = cuda_tile_add, .all_finite = cuda_all_finite,
	.relayout = cuda_relayout, .space = cuda_space, .resample = cuda_resample, .unary = cuda_unary, .binary = cuda_binary, .sum = cuda_sum,
	.spread = cuda_spread, .max = cuda_max,
	.softmax = cuda_softmax, .softmax_bwd = cuda_softmax_bwd, .onehot = cuda_onehot, .ce = cuda_ce,
	.ce_bwd = cuda_ce_bwd, .overlap = cuda_overlap, .overlap_bwd = cuda_overlap_bwd, .argmax = cuda_argmax, .count = cuda_count,
	.score = cuda_score,
	.smallest = cuda_smallest, .sum_squares = cuda_sum_squares, .clip = cuda_clip, .adam = cuda_adam, .sgd = cuda_sgd, .ema = cuda_ema,
	.draws = &cuda_draws, .views = &cuda_views, .regions = &cuda_regions, .points = &cuda_points,
	.recorder = &recorder, .augmentation = &augmentation,
};

const struct backend *pymic_backend(int index, bool fast, bool tf32, char *what, size_t size)
{
	return device_open(index, fast, tf32, what, size) ? NULL : &pymic_table;
}
