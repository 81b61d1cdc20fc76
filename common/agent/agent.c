/* agent.c: the table of learning methods. */
#include "agent/agent.h"

#define AGENT(name) extern const struct agent agent_##name;
#include "agent/list.h"
#undef AGENT

const struct agent *const agents[] = {
#define AGENT(name) &agent_##name,
#include "agent/list.h"
#undef AGENT
	NULL,
};

static const struct plugin *const plugins[] = {
#define AGENT(name) &agent_##name.p,
#include "agent/list.h"
#undef AGENT
	NULL,
};

const struct kind agent_kind = { "agent", plugins };
