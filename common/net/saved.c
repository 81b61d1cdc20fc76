/* saved.c: see saved.h. */
#include "net/saved.h"

#include "nn/model.h"

#include <string.h>

static int check(struct saved *s, const struct meta *m, struct err *e)
{
	const double classes = meta_number(m, "classes", 0), channels = meta_number(m, "channels", 0), several = meta_number(m, "nets", 1);

	if (!meta_text(m, "output", s->precision, sizeof s->precision))
		return err_set(e, "this network makes %s, not segmentations: it is there for pymic-train --init", s->precision);
	if (meta_text(m, "net", s->net, sizeof s->net))
		return err_set(e, "the model does not say which network it is");
	if (!(classes >= 2 && classes <= 256) || !(channels >= 1 && channels <= 4096))
		return err_set(e, "the model says %g classes and %g channels", classes, channels);
	if (!(several >= 1 && several <= PM_MEMBERS))
		return err_set(e, "the model says %g networks; at most %d make an ensemble", several, PM_MEMBERS);
	if (meta_text(m, "precision", s->precision, sizeof s->precision))
		strcpy(s->precision, "f32");
	s->classes = (int)classes;
	s->nets = (int)several;
	s->channels = (int64_t)channels;
	const int n = archs_parse(s->net, s->arch, PM_MEMBERS, e);
	if (n < 0)
		return -1;
	if (n > 1 && n != s->nets)
		return err_set(e, "the model says %d networks, and %s", s->nets, s->net);
	for (int i = n; i < s->nets; i++)
		s->arch[i] = s->arch[0];
	return 0;
}

int saved_about(struct saved *s, const char *path, struct err *e)
{
	struct meta m = { .buf = NULL };

	if (model_about(path, &m, e))
		return -1;
	const int failed = check(s, &m, e);
	meta_fini(&m);
	return failed ? err_prefix(e, "%s", path) : 0;
}

int saved_read(const struct saved *s, const char *path, const struct backend *be, struct params *const *ps, struct err *e)
{
	for (int i = 0; i < s->nets; i++) {
		predict_declare(&s->arch[i], s->classes, s->channels, ps[i]);
		params_hold(ps[i], be);
	}
	return model_read(path, ps, NULL, s->nets, e);
}
