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

static double hd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return hausdorff(p, 100);
}

static double hd95_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return hausdorff(p, 95);
}

static double asd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return mean_of(&pair_surfaces(p, PATCHES)[TO_TRUTH]);
}

static double asd_back_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return mean_of(&pair_surfaces(p, PATCHES)[TO_PRED]);
}

static double masd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return (asd_eval(NULL, p) + asd_back_eval(NULL, p)) / 2;
}

static const struct metric hd = {
	.p = { "hd", "the larger of the two directed maxima; inf where one is empty or both", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = hd_eval,
};

static const struct metric hd95 = {
	.p = { "hd95", "the larger of the two distances within which 95 % of a surface lies, by area; inf where one is empty or both",
		NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = hd95_eval,
};

static const struct metric asd = {
	.p = { "asd", "mean distance from the surface of P to that of T, by area; T empty: inf", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = asd_eval,
};

static const struct metric asd_back = {
	.p = { "asd_back", "mean distance from the surface of T to that of P, by area; P empty: inf", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = asd_back_eval,
};

static const struct metric masd = {
	.p = { "masd", "mean of the two directed means", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = masd_eval,
};

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
