/*
 * transform.h: what pymic-augment (and pymic-noise) can do to a record. A transform sees a record and never a stream.
 * One file here and one line in list.h per transform.
 */
#ifndef PM_TRANSFORM_H
#define PM_TRANSFORM_H

#include "base/opt.h"
#include "base/rng.h"
#include "tensor/record.h"

struct actions;

/* Has draw, which devices prefer, or apply. Stateless: all chance comes from rng. Errors: the caller puts the case's id in front. */
struct transform {
	struct plugin p;
	/* Says what is to be done, from the record's meta, its number of channels and actions_grid. 0, or -1 with e. */
	int (*draw)(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e);
	bool intensity;                  /* with draw: image becomes f32, whatever is drawn */
	bool (*looks)(const void *conf); /* must draw see the voxels? NULL: never */
	/*
	 * Changes image, label and weight (what the record has; label by nearest neighbour, image and weight linearly). A spatial
	 * one pushes what undo needs and corrects spacing and affine. 0, or -1 with e.
	 */
	int (*apply)(const void *conf, struct record *r, struct rng *rng, struct err *e);
	/* Whether the settings make sense together, beyond the range of each. 0, or -1 with e. NULL: always. */
	int (*check)(const void *conf, struct err *e);
	const char *makes; /* a field that a record has after it, whether it came with one or not; NULL: none */
};

extern const struct transform *const transforms[]; /* ends with NULL; those that corrupt labels stand last */
extern const struct kind transform_kind; /* offered by pymic-augment */
extern const struct kind noise_kind;     /* corrupt labels, offered by pymic-noise */

/* "name:k=v": the transform and its checked settings (process lifetime), or NULL with e. */
const struct transform *transform_parse(const struct kind *kind, const char *spec, void **conf, struct err *e);

/* By one or the other. The messages of both name the transform. */
int transform_apply(const struct transform *t, const void *conf, struct record *r, struct rng *rng, struct err *e);
/* Of one that draws: its actions join those that are to be done; r's geometry moves as if they had been done. */
int transform_draw(const struct transform *t, const void *conf, struct record *r, struct rng *rng, struct actions *to_do, struct err *e);

/* A range LO,HI of whole numbers, or one of them: whether it is (-1 with e, which calls it by the name), and a draw from it. */
int whole_range(const struct numbers *range, const char *name, struct err *e);
int64_t whole_draw(const struct numbers *range, struct rng *rng);

/* Whether all of the list are: -1 with e, which calls them by the name ("size"). */
int whole_numbers(const struct numbers *list, const char *name, struct err *e);

/* Whether undoing would interpolate: then class scores must be walked back, and the class be chosen afterwards. */
bool undo_blends(const struct meta *m);
/* Undoes all that meta's undo stack holds: on pred by nearest neighbours, on prob linearly, and on all else. */
int transform_undo(struct record *r, struct err *e);

#endif
