/* overlay.h: results as people look at them: grey slices with the structures in colour. */
#ifndef PM_OVERLAY_H
#define PM_OVERLAY_H

#include "io/volume.h"

/*
 * Draws image [C,D,H,W] (its first channel) with fill (tinted) and outline, both [D,H,W] and either NULL, into v: RGB u8
 * [3,1,H,W]. Of a volume at most `slices` slices, evenly over those that hold a structure, side by side. Grey runs from the
 * 1st to the 99th percentile. Known places are shown as radiologists do: the patient's right on the left, front at the top.
 */
void overlay_draw(const struct tensor *image, const struct tensor *fill, const struct tensor *outline,
	const struct geometry *g, int slices, struct volume *v);

#endif
