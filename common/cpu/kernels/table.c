/* table.c: the kernels of one instruction set. */
#include "cpu/kernels/family.h"

#define PM_WORD2(isa) #isa
#define PM_WORD(isa) PM_WORD2(isa)

const struct kernels NAME(kernels) = {
	.isa = PM_WORD(PM_ISA),
	.wino_pack = NAME(wino_pack),
	.wino_conv = NAME(wino_conv),
	.wino_grad = NAME(wino_grad),
	.point_pack = NAME(point_pack),
	.point_conv = NAME(point_conv),
	.point_grad = NAME(point_grad),
	.first_pack = NAME(first_pack),
	.first_conv = NAME(first_conv),
	.first_grad = NAME(first_grad),
	.norm_stats = NAME(norm_stats),
	.norm_act = NAME(norm_act),
	.norm_act_bwd = NAME(norm_act_bwd),
	.relayout = NAME(relayout),
	.space = NAME(space),
	.resample = NAME(resample),
	.unary = NAME(unary),
	.binary = NAME(binary),
	.sum = NAME(sum),
	.spread = NAME(spread),
	.softmax = NAME(softmax),
	.softmax_bwd = NAME(softmax_bwd),
	.ce = NAME(ce),
	.ce_bwd = NAME(ce_bwd),
	.overlap = NAME(overlap),
	.overlap_bwd = NAME(overlap_bwd),
	.argmax = NAME(argmax),
	.regions = &NAME(regions),
	.points = &NAME(points),
	.sum_squares = NAME(sum_squares),
	.adam = NAME(adam),
	.sgd = NAME(sgd),
	.ema = NAME(ema),
};
