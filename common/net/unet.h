/* unet.h: the encoder and the decoder of U-Nets, for networks that have several decoders. See unet.c. */
#ifndef PM_UNET_H
#define PM_UNET_H

#include "net/net.h"

enum { UNET_LEVELS = 8, UNET_NAME = 96 };

/* The first member of each one's settings, and their options. */
struct unet {
	int dims;
	struct numbers chns, dropout;
	const char *up, *norm;
};

#define UNET_OPTS(chns_dflt, dropout_dflt) \
	OPT_NUMBER(struct unet, dims, 0, "2|3", "2", 2, 3, "2: slices of a volume go into the batch; 3: volumes"), \
	OPT_NUMBER(struct unet, chns, 0, "LIST", chns_dflt, 1, 65536, "channels of each level, full size first; 2 to 8 levels"), \
	OPT_NUMBER(struct unet, dropout, 0, "LIST", dropout_dflt, 0, 0.99, "dropout of each level (one number: of all)"), \
	OPT_CHOICE(struct unet, norm, 0, "batch|instance", "batch", "normalisation over the batch, or of each sample by itself")
#define UNET_UP \
	OPT_CHOICE(struct unet, up, 0, "conv|nearest|linear", "linear", "upsampling: transposed convolution, or 1x1 convolution and interpolation")

int unet_features(struct graph *g, const void *conf, struct params *ps, struct node *x, struct node *level[PM_OUTPUTS]);
int unet_dims(const void *conf);
void unet_multiple(const void *conf, int64_t size[3]);

/* skip[level], full size first. deferred: convolutions alone will read the deepest. */
void unet_encode(struct graph *g, const struct unet *u, struct params *ps, struct node *x, bool deferred, struct node *skip[UNET_LEVELS]);

struct decoder {
	const char *prefix;  /* of its tensors' names */
	const char *up;      /* as in struct unet */
	bool first;          /* of those that read these skips: it has the room beside them */
	bool scales;         /* outputs at 1/2, 1/4, ... of the size too, where gradients follow */
	bool by_level;       /* tensors are numbered from the full size, 1, down; else up-sampling from the deepest, outputs from 0 */
	int dilation;        /* of 3x3 convolutions above the deepest; 0: 1 */
	enum init init;
};
/* Returns the number of outputs, plain logits, full size first. */
int unet_decode(struct graph *g, const struct unet *u, struct params *ps, const struct decoder *d, struct node *const *skip, int classes,
	struct node **out);

#endif
