"""evaluate: the plugins that are translated, one module a plugin, and what several of them share."""
