AGENT(sup)
AGENT(em)
AGENT(cps)
