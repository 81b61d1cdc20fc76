AGENT(sup)
