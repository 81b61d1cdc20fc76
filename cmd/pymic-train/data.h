/* data.h: what a run learns from and is judged by: batches of stdin, the validation set. */
#ifndef DATA_H
#define DATA_H

#include "augment.h"
#include "net/predict.h"
#include "tensor/record.h"

enum { MAX_CLASSES = 255, NO_CLASS = 255 }; /* NO_CLASS: of a pixel that teaches nothing, in labels u8 */

struct labels {
	int classes, ignore; /* ignore: the label of pixels that are not annotated; 0: there are none */
	bool whole;          /* they are of one voxel: the class of the whole image */
};

bool stop_asked(void); /* main.c: has a signal come? */
void catch_signals(void);

/* How far a run has come in its input. Samples: what `pymic-load --skip` counts; records: what this tool reads. */
struct position {
	int64_t records, samples;
	char first_id[PM_ID], last_id[PM_ID];
	int64_t first_epoch, last_epoch;
	bool in_order; /* the samples are the first ones of one input: pymic-batch has none waiting and joined no two */
};

/* --- data.c: batches from stdin, read one ahead by a thread of their own --- */
struct batch {
	struct record r;        /* image f32 [n,C,D,H,W]; label u8 and weight f32 of the first `labeled` samples */
	const float *image, *weight, *target; /* into r; NULL: none */
	const uint8_t *label;
	int64_t n, labeled, clean, channels, size[3]; /* clean: labeled ones of pymic-batch's first group; all, where there is one */
	int64_t grid[3];        /* of label and weight */
	bool whole;             /* which is one voxel, wherever the image is moved */
	struct drawn **drawn;   /* [n]: the samples that augmenter_run makes the batch of; NULL: it is made */
	struct position after;  /* once this batch is used */
};

struct feed_conf {
	int batch;
	struct labels labels;
	int64_t multiple[3];    /* of the network */
	bool flat;              /* images have one slice */
	struct position from;   /* records > 0: resume there */
	bool originals, from_images;  /* target is wanted, and no label; or the image alone */
	bool skipped;           /* the input already starts there */
	const struct chain *chain; /* --augment: nothing where n is 0 */
	bool draw;              /* what of it can be drawn is left to augmenter_run */
};

enum feed_got { FEED_BATCH, FEED_END, FEED_STOPPED, FEED_BAD_DATA, FEED_BAD_INPUT };
struct feed;
struct feed *feed_open(const struct feed_conf *c); /* reads the head of stdin; dies when it is no stream */
int feed_first(struct feed *f, struct batch *b, struct err *e); /* only the shape of the first batch, from one record */
void feed_start(struct feed *f);
/* *b lives until the next call. Stops waiting when stop_asked. e for the last two. */
enum feed_got feed_next(struct feed *f, struct batch **b, struct err *e);
void batch_ids(const struct batch *b, char *out, size_t size); /* "a, b, c" */

/* The labels as u8, into `to`, which may be t's own where it is u8. 0, or -1 with e naming a value that is no class. */
int labels_take(uint8_t *to, const struct tensor *t, const struct labels *l, struct err *e);
void labels_grid(const struct labels *l, struct batch *b); /* sets grid and whole, for that size */
int labels_fit(const struct labels *l, const struct tensor *label, const int64_t image[3], struct err *e); /* 0, or -1 with e; its last axes */

/* --- validate.c --- */
struct valid;
struct valid *valid_read(const char *path, const struct labels *l, bool originals);
int valid_channels(const struct valid *v, struct err *e, int64_t channels); /* 0, or -1: a case has another number */
/* Begun, some windows at each call of more until it says false; the network stays what it is until the end, which computes the rest. */
void valid_begin(struct valid *v, struct predictor *p, const struct backend *be);
bool valid_more(struct valid *v, struct predictor *p);
int64_t valid_pieces(const struct valid *v); /* how often more computed something since it was begun */
/* dice: [classes] means over cases. Returns the foreground mean; where labels are classes of whole images, the share of those right. */
double valid_end(struct valid *v, struct predictor *p, const struct backend *be, double *dice);
struct agent;
double valid_error(const struct valid *v, struct predictor *p, const struct agent *a, const void *conf); /* the mean over originals */

#endif
