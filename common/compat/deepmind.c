/* deepmind.c: DeepMind's surface-distance: all surfaces by area. An empty mask is infinitely far. */
#include "compat/library.h"

static double hausdorff(struct pair *p, double percent)
{
	struct surface *s = pair_surfaces(p, PATCHES);
	return fmax(surface_percentile(&s[TO_TRUTH], percent), surface_percentile(&s[TO_PRED], percent));
}

static double mean_of(const struct surface *s)
{
	return surface_sum(s) / surface_area(s, INFINITY); /* of an empty mask: NaN */
}

AS(hd, DISTANCE, MASKS, "the larger of the two directed maxima; inf where one is empty or both", hausdorff(p, 100))
AS(hd95, DISTANCE, MASKS, "the larger of the two distances within which 95 % of a surface lies, by area; inf where one is empty or both",
	hausdorff(p, 95))
AS(asd, DISTANCE, MASKS, "mean distance from the surface of P to that of T, by area; T empty: inf",
	mean_of(&pair_surfaces(p, PATCHES)[TO_TRUTH]))
AS(asd_back, DISTANCE, MASKS, "mean distance from the surface of T to that of P, by area; P empty: inf",
	mean_of(&pair_surfaces(p, PATCHES)[TO_PRED]))
AS(masd, DISTANCE, MASKS, "mean of the two directed means", (asd_eval(NULL, p) + asd_back_eval(NULL, p)) / 2)

static const struct plugin *const list[] = {
	&metric_dice.p, &hd.p, &hd95.p, &asd.p, &asd_back.p, &masd.p, &metric_nsd.p, NULL,
};

const struct library library_deepmind = {
	.p = { "deepmind", "DeepMind's surface-distance 0.1: surfaces by area",
		"https://github.com/google-deepmind/surface-distance", NULL, 0 },
	.metrics = { "deepmind-metric", list },
	.usual = "dice,hd95",
	.spacing = OF_TRUTH,
};
