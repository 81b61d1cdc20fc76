/* fmap.h: the arrays of the engine and how they lie in a backend's memory. Read by C and by CUDA. */
#ifndef PM_FMAP_H
#define PM_FMAP_H

#include "base/base.h"

#ifdef PM_REAL_DOUBLE
typedef double real; /* the build that checks gradients */
#else
typedef float real;
#endif

enum { PM_LANES = 16 };
enum ftype { F_REAL, F_BF16, F_U8 };

/*
 * y = act(scale x + shift), act the leaky ReLU (slope 1: none), for each channel, the padding ones included (there both
 * are 0). What a normalisation leaves to those who read its result, so that the result need not be stored.
 */
struct act {
	const real *scale, *shift; /* scale may be NULL: 1 */
	double slope;              /* 0 to 1 */
};

/*
 * An array [n,c,d,h,w] in the backend's memory. lanes = PM_LANES: channels in blocks of 16, the last lanes of a part-filled
 * block are zero; as [n][block][d][h][w][lanes] (nChw16c, the CPU's) or [n][d][h][w][block][lanes] (channels last, the
 * GPU's). lanes = 1: plain row-major, as logits, losses and labels are. Two halves of a concatenation each start a block of
 * their own: split is the number of channels of the first half, 0 for a whole one.
 */
struct fmap {
	void *data;
	enum ftype type;
	int lanes;
	int64_t n, c, d, h, w;
	int64_t split;
	struct norm_act *behind; /* of a gradient to be written: NULL, or whose gradient it is, wholly; see norm_act */
	const struct act *act; /* not NULL: what is stored has still to go through it; convolutions read such maps */
	/* Elements from one image, block and pixel to the next: more than its own size where it is half of a concatenation. */
	int64_t stride, block, pitch;
};

static inline int64_t fmap_blocks(const struct fmap *f)
{
	int64_t first = f->split ? (f->split + f->lanes - 1) / f->lanes : 0;
	return first + (f->c - f->split + f->lanes - 1) / f->lanes;
}

static inline int64_t fmap_space(const struct fmap *f) { return f->d * f->h * f->w; }
/* Elements of one image, the padding lanes included. */
static inline int64_t fmap_image(const struct fmap *f) { return fmap_blocks(f) * fmap_space(f) * f->lanes; }
/* Where the block after the last would begin, in elements from data: the other half of a concatenation. */
static inline int64_t fmap_beside(const struct fmap *f) { return fmap_blocks(f) * f->block; }

/* The strides of a map with no room between its images and pixels. */
static inline void fmap_pack(struct fmap *f, bool channels_last)
{
	channels_last &= f->lanes > 1;
	f->stride = fmap_image(f);
	f->block = channels_last ? f->lanes : fmap_space(f) * f->lanes;
	f->pitch = channels_last ? fmap_blocks(f) * f->lanes : f->lanes;
}

/* Which images share statistics: sets of so many, one behind the other, of which the last has all that are left. */
struct sharing {
	int64_t images, sets;
};
PM_ANYWHERE int64_t sharing_set(struct sharing s, int64_t image) { return image / s.images < s.sets ? image / s.images : s.sets - 1; }
PM_ANYWHERE int64_t sharing_count(struct sharing s, int64_t n, int64_t set) { return set < s.sets - 1 ? s.images : n - set * s.images; }

static inline size_t ftype_size(enum ftype t) { return t == F_REAL ? sizeof(real) : t == F_BF16 ? 2 : 1; }

#endif
