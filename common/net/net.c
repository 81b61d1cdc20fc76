/* net.c: the table of networks. */
#include "net/net.h"

#define NET(name) extern const struct net net_##name;
#include "net/list.h"
#undef NET

#define NET(name) &net_##name,
const struct net *const nets[] = {
#include "net/list.h"
	NULL
};
#undef NET

#define NET(name) &net_##name.p,
static const struct plugin *const plugins[] = {
#include "net/list.h"
	NULL
};

const struct kind net_kind = { "net", plugins };

int archs_parse(const char *text, struct arch *out, int max, struct err *e)
{
	struct spec part[PM_OUTPUTS];
	const int n = spec_sum_parse(&net_kind, text, part, max < PM_OUTPUTS ? max : PM_OUTPUTS, e);

	for (int i = 0; i < n; i++) {
		out[i] = (struct arch){ (const struct net *)part[i].plugin, part[i].conf };
		if (part[i].weight != 1)
			return err_set(e, "%s has no setting weight: networks are not summed", part[i].plugin->name);
		if (arch_dims(&out[i]) != arch_dims(out))
			return err_set(e, "%s: one network is 2-D, another 3-D: they do not see the same images", text);
		if (arch_whole(&out[i]) != arch_whole(out))
			return err_set(e, "%s: one network classifies images, another segments them", text);
	}
	return n;
}

void archs_multiple(const struct arch *a, int n, int64_t size[3])
{
	for (int i = 0; i < n; i++) {
		int64_t own[3];
		a[i].net->multiple(a[i].conf, own);
		for (int axis = 0; axis < 3; axis++) {
			const int64_t step = i ? size[axis] : own[axis];
			for (size[axis] = step; size[axis] % own[axis];)
				size[axis] += step;
		}
	}
	if (arch_dims(a) == 2)
		size[0] = 1;
}
