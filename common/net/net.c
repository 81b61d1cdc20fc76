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
